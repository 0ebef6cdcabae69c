// A follower's directory: opened, begun, adopted, cut, and grown from outside. Knows journal, folds
// and streams; not peers, not roles.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/replication/standby_streams.hpp"
#include "engine/runtime/environment.hpp"
#include "engine/runtime/opened_journal.hpp"
#include "journal/adopt.hpp"
#include "journal/cut.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/options.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// One thread, beside one more that calls write_some().
class StandbyCopy {
public:
    StandbyCopy(const EngineOptions& options, std::shared_ptr<const Domain> domain,
                const Environment& environment, std::uint64_t boot)
        : options_(options), domain_(std::move(domain)), environment_(environment), boot_(boot) {}
    ~StandbyCopy() { close_as_it_is(); }
    StandbyCopy(const StandbyCopy&) = delete;
    StandbyCopy& operator=(const StandbyCopy&) = delete;

    const EngineOptions& options() const noexcept { return options_; }
    const std::shared_ptr<const Domain>& domain() const noexcept { return domain_; }
    const Environment& environment() const noexcept { return environment_; }

    // There is a directory to open (or one that was about to become a copy).
    Result<bool> is_there() const;
    // Recovers it. Makes it when there is none: only for the first primary of all.
    Status open();
    // Goes on in memory with what an engine leaves, instead: nothing is read.
    Status go_on(OpenedJournal journal);
    // What the opening found, for operators: sentences.
    std::vector<std::string> take_remarks() { return std::exchange(remarks_, {}); }
    bool is_open() const noexcept { return streams_ != nullptr; }
    // Null when it is not open.
    replication::StandbyStreams* streams() noexcept { return streams_.get(); }
    const OpenedJournal& journal() const noexcept { return journal_; }
    OpenedJournal& journal() noexcept { return journal_; }

    // Closed in order; then each leaves it closed.
    Status close();
    Status adopt(const journal::Origin& origin, const std::vector<Position>& begins);
    Result<journal::CutReport> cut(const std::vector<journal::PartPoint>& parts, bool begins_anew);

    // The lives that its directory knew when it was opened.
    const std::vector<std::uint64_t>& earlier_lives() const noexcept { return earlier_lives_; }
    // Has write_some() note this life there, the one that shall go on with it in memory, and the
    // one that reigns if it was an earlier life of this node.
    void note_life_soon(std::optional<std::uint64_t> reigns);
    bool life_is_noted() const noexcept { return life_is_noted_.load(std::memory_order_acquire); }
    // The boot of the life that goes on with it in memory, which is noted; 0: none is. Any thread.
    std::uint64_t next_boot() const noexcept { return next_boot_.load(std::memory_order_acquire); }

    // Something that was acknowledged may be gone: found at an opening, kept over further ones
    // until it is forgiven.
    bool may_have_lost() const noexcept { return may_have_lost_; }
    // And if so: only what was in memory. Its disk has all that it ever had.
    bool lost_only_memory() const noexcept { return lost_only_memory_; }
    Status forgive_loss();

    // Applies some of what has come; true: all of it is.
    bool apply_all_soon();
    // Hands everything over: where each shard goes on as a primary's. Applied whole.
    OpenedJournal take();

    // Writes what has come to disk, and prepares segments. The other thread.
    std::size_t write_some();
    // A write or sync has failed for good; failure() is a sentence then. Asked in every step of the
    // agent that acknowledges: it waits for no disk.
    bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
    const std::string& failure() const noexcept { return failure_; }

private:
    void begin_streams();
    void wait_for_writers();
    void close_as_it_is();
    std::string mark_path() const { return options_.directory + "/may_have_lost"; }
    Status remember_loss(bool only_memory);
    Status read_mark();
    Status read_lives();
    Status note_life();
    void fail(const std::string& sentence);
    replication::StateWitness state_witness();
    void remark_differences();

    const EngineOptions options_;
    const std::shared_ptr<const Domain> domain_;
    const Environment environment_;
    const std::uint64_t boot_;    // of this life of the node
    mutable std::mutex writing_;  // held for a pass of write_some(), and while the parts change
    OpenedJournal journal_;
    std::unique_ptr<replication::StandbyStreams> streams_;
    std::vector<std::uint64_t> earlier_lives_;
    bool is_new_ = false;                  // its directory had no life before this one
    std::atomic<bool> notes_life_{false};  // release: what is to be noted is there
    std::vector<std::uint64_t> to_note_;
    std::atomic<bool> life_is_noted_{false};
    std::atomic<std::uint64_t> next_boot_{0};
    bool may_have_lost_ = false;
    std::vector<std::string> remarks_;
    bool lost_only_memory_ = false;
    std::string failure_;              // written once, by write_some()
    std::atomic<bool> failed_{false};  // release: the sentence is there
};

}  // namespace pawl::detail
