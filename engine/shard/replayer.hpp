// Rebuilds a shard's state and sessions from its records, before the shard runs. Knows records; not
// where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/shard/sessions.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::detail {

// One thread.
class Replayer {
public:
    Replayer(Machine& machine, Sessions& sessions) noexcept
        : machine_(machine), sessions_(sessions) {}
    // What was replayed of some records. The rest, when there is one and no fault, is for later.
    struct Replayed {
        std::size_t bytes = 0;
        std::uint64_t records = 0;
        std::uint64_t events = 0;
        Time last;           // of the last record
        bool fault = false;  // the next one is not of this domain, or does not follow: see why()
    };
    // Answers and facts from the front of whole records in a row, up to one that is neither; not
    // more than a batch.
    Replayed replay_answers(std::span<const std::byte> records, Position first);
    // One that is neither. False: as a fault above.
    bool replay_other(const RecordView& record);
    const char* why() const noexcept { return why_; }
    // Of the last schema record; 0: there was none.
    std::uint64_t schema_hash() const noexcept { return schema_hash_; }
    void set_schema_hash(std::uint64_t hash) noexcept { schema_hash_ = hash; }  // from a snapshot

private:
    bool settle(const RecordHeader& header, Position position);

    Machine& machine_;
    Sessions& sessions_;
    const char* why_ = "";
    std::uint64_t schema_hash_ = 0;
};

}  // namespace pawl::detail
