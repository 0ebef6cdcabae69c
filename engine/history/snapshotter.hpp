// Makes one shard's snapshots from the one before and the segments since, in slices; then lets go
// of what is no longer needed. An agent beside the shard, which never waits for it: knows journal
// and folds; not threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/history/body.hpp"
#include "engine/history/cursors.hpp"
#include "engine/history/fold.hpp"
#include "journal/directory.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

struct SnapshotterOptions {
    FoldOptions fold;
    std::uint64_t every_bytes = 0;  // of stream since the last attempt; 0: not by bytes
    std::int64_t every_ns = 0;      // since the last attempt; 0: not by time
    std::size_t slice_bytes = std::size_t{64} << 10;  // of stream or body, about, in one do_work()
    journal::RetentionOptions retention;
    Position last;  // of the snapshot that recovery used; 0: of none
    // What else retention must leave; empty: nothing. On the agent's thread.
    std::function<Position()> needed{};
};

// Read by any thread; written by the agent. Since it was opened.
struct HistoryCounters {
    std::atomic<std::uint64_t> snapshots{0};
    std::atomic<std::uint64_t> bytes{0};     // of the snapshots, together
    std::atomic<std::uint64_t> ns{0};        // from an attempt's begin to its end, together
    std::atomic<std::uint64_t> position{0};  // of the newest
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> segments_gone{0};  // archived or removed
};

// One thread calls do_work() and abandon(); the rest is for any.
class Snapshotter {
public:
    // Says one sentence to an operator; `failed`: a snapshot or retention did not succeed.
    using Say = std::function<void(bool failed, std::string sentence)>;

    // All of them outlive it.
    Snapshotter(journal::Storage& storage, journal::Directory& directory, Cursors& cursors,
                const SnapshotterOptions& options, Say say);

    // One slice. Returns how much it did; 0: nothing is due.
    std::size_t do_work(std::int64_t monotonic_ns);
    // An attempt is under way.
    bool busy() const noexcept { return step_ != Step::idle; }
    // Gives up the attempt under way; nothing of it is left.
    void abandon();
    // When do_work() should be called again though nothing happened; -1: no such time.
    std::int64_t due_ns() const noexcept;

    // Wants a snapshot of everything that is synced now. Returns a number for served().
    std::uint64_t ask() noexcept;
    // The attempt that answers ask()'s number has ended: `outcome` is how.
    bool served(std::uint64_t asked, Status& outcome) const;

    const HistoryCounters& counters() const noexcept { return counters_; }

private:
    enum class Step : std::uint8_t { idle, choose, check, load, fold, save, let_go };

    bool is_due() const noexcept;
    Status begin();
    Status choose();
    Status check();
    Status load();
    Status fold();
    Status save();
    Status begin_letting_go();
    Status let_go();
    void pass_over(const std::string& path, const std::string& why);
    void end(const Status& outcome);
    std::string where() const;

    journal::Storage& storage_;
    journal::Directory& directory_;
    Cursors& cursors_;
    const SnapshotterOptions options_;
    const Say say_;
    journal::Head& head_;

    Step step_ = Step::idle;
    std::int64_t now_ns_ = 0;
    std::int64_t begun_ns_ = 0;
    std::int64_t last_ns_ = 0;             // end of the last attempt; of the opening at first
    bool timed_ = false;                   // last_ns_ is set
    Position target_;                      // of the attempt under way
    Position last_;                        // of the newest snapshot, made or found
    Position tried_;                       // of the last attempt
    std::vector<std::string> candidates_;  // earlier snapshots, newest last
    std::string passed_over_;              // why they were not used; empty: nothing was wrong
    std::unique_ptr<Fold> fold_;
    std::unique_ptr<journal::SnapshotReader> reader_;
    std::unique_ptr<LoadBody> loading_;
    std::unique_ptr<journal::SnapshotWriter> writer_;
    std::unique_ptr<SaveBody> saving_;
    std::unique_ptr<journal::RetentionPass> retention_;
    HistoryCounters counters_;

    std::atomic<std::uint64_t> asked_{0};
    std::uint64_t serving_ = 0;
    mutable std::mutex mutex_;  // guards the two below: touched once per attempt
    std::uint64_t served_ = 0;
    Status outcome_{Done{}};
};

}  // namespace pawl::detail
