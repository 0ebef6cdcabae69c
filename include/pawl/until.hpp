// A cut through a journal. Knows how one is named; not how it is found.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl {

// How far a replay goes. A command is never cut in two: its events are all in, or none of them.
class Until {
public:
    enum class Kind : std::uint8_t { beginning, end, sequence, time, mark };

    // Before the first record.
    static Until beginning() { return Until(Kind::beginning); }
    // Everything that is there: committed, or on disk when there is no head any more.
    static Until end() { return Until(Kind::end); }
    // Events of `shard` with at most this sequence. The other shards go as far as the journal time
    // of the last one that is in.
    static Until sequence(Sequence last, std::uint32_t shard = 0) {
        Until until(Kind::sequence);
        until.value_ = last.value;
        until.shard_ = shard;
        return until;
    }
    // What was decided at or before this journal time: exact in each shard; clocks of shards are
    // read one by one, so use a mark for a cut that holds across them.
    static Until time(Time last) {
        Until until(Kind::time);
        until.time_ = last;
        return until;
    }
    // Where Engine::mark(name) was called.
    static Until mark(std::string name) {
        Until until(Kind::mark);
        until.name_ = std::move(name);
        return until;
    }
    // "end", "beginning", "sequence:N", "sequence:N@SHARD", "time:NANOSECONDS", "mark:NAME".
    static Result<Until> parse(std::string_view text);
    std::string to_string() const;

    Kind kind() const noexcept { return kind_; }
    Sequence last_sequence() const noexcept { return Sequence{value_}; }
    std::uint32_t shard() const noexcept { return shard_; }
    Time last_time() const noexcept { return time_; }
    const std::string& name() const noexcept { return name_; }

private:
    explicit Until(Kind kind) : kind_(kind) {}
    Kind kind_;
    std::uint64_t value_ = 0;
    std::uint32_t shard_ = 0;
    Time time_;
    std::string name_;
};

}  // namespace pawl
