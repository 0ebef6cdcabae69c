// One shard's records in order, pulled run by run, from outside: segments first, then what only the
// head has. Knows that the directory may be open, killed, closed, opened again, and that retention
// moves segments meanwhile. Reads only; takes no lock.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "journal/block.hpp"
#include "journal/inspect.hpp"
#include "journal/recovery.hpp"
#include "journal/segment_walk.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// One thread. `storage` outlives it.
class ShardFeed {
public:
    ShardFeed(Storage& storage, std::string directory, std::uint32_t shard);

    // What a live directory commits after the next read_on() is left for later, so that there is an
    // end beside an engine that writes: until this is called again.
    void look_anew() noexcept { limit_.reset(); }

    // Gives a run of whole, good records to the sink. false: there is nothing more at present.
    Result<bool> read_on(RecordSink& sink);

    Position begin() const noexcept { return begin_; }  // of the first record that can be read
    Position next() const noexcept { return next_; }    // of the record to come
    // When read_on() said false: ok, or what is wrong there, as recovery would judge it.
    Status end_status();
    // What a reader should know and no record says; each once.
    std::vector<std::string> take_sentences();

private:
    class Handout;
    enum class Step : std::uint8_t { ended, look_again };

    Status look();
    Status begin_first();
    Result<Step> read_segments(Handout& handout);
    Step read_head(Handout& handout);
    Status go_to_kept(const Error& why);
    void go_to(const WalkFrom& kept);
    bool changed_meanwhile();
    void say(std::string sentence);
    std::string where() const;

    Storage& storage_;
    const std::string directory_;
    const std::uint32_t shard_;

    bool begun_ = false;
    Identity identity_;
    Looked looked_;
    ShardLook look_;                 // its `end` is the last walk's
    std::optional<WalkFrom> place_;  // where the segments are read on
    std::optional<Position> limit_;  // see look_anew()
    Position begin_;
    Position next_;
    RecordPoint point_;  // of the record before next_

    // Records that a head gave and that were not met in the segments yet: (position, checksum)
    // names one history.
    struct Given {
        Position position;
        std::uint32_t checksum = 0;
    };
    std::deque<Given> unsettled_;
    std::uint64_t head_epoch_ = 0;  // of the head that point_ comes from
    std::vector<std::string> sentences_;
    std::vector<std::string> said_;
};

// A run of records, kept for somebody who takes them one by one.
class RecordPile final : public RecordSink {
public:
    void on_record(const detail::RecordView& record, Position position) override;
    bool empty() const noexcept { return next_ == records_.size(); }
    // The oldest one; only when there is one. Lives until the next on_record().
    detail::RecordView front() const noexcept;
    Position position() const noexcept;
    void pop() noexcept { ++next_; }

private:
    struct One {
        Position position;
        std::size_t offset = 0;
    };
    std::vector<std::byte> bytes_;
    std::vector<One> records_;
    std::size_t next_ = 0;
};

}  // namespace pawl::journal
