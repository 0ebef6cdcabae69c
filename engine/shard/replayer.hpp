// Rebuilds a shard's state and sessions from its records, before the shard runs. Knows records; not
// where they lie.
#pragma once

#include <cstdint>

#include "engine/shard/sessions.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::detail {

// One thread.
class Replayer {
public:
    Replayer(Machine& machine, Sessions& sessions) noexcept
        : machine_(machine), sessions_(sessions) {}
    // False: the record does not belong to this domain or does not follow; see why().
    bool replay(const RecordView& record, Position position);
    const char* why() const noexcept { return why_; }
    // Of the last schema record; 0: there was none.
    std::uint64_t schema_hash() const noexcept { return schema_hash_; }
    void set_schema_hash(std::uint64_t hash) noexcept { schema_hash_ = hash; }  // from a snapshot

private:
    Machine& machine_;
    Sessions& sessions_;
    const char* why_ = "";
    std::uint64_t schema_hash_ = 0;
};

}  // namespace pawl::detail
