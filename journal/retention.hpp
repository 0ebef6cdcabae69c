// Which segments and snapshots of a shard may go, and their going: archived or removed. Knows files
// and the manifest's `kept` line; not when it is time, not who still reads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "journal/manifest.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

enum class Retention : std::uint8_t {
    keep,     // every segment stays where it is
    archive,  // moved to DIR/archive/s<shard>/, where every reader finds them
    remove,   // gone: history below cannot be read or replayed any more
};

struct RetentionOptions {
    Retention segments = Retention::keep;
    std::uint32_t snapshots_kept = 2;  // at least 1; older ones are removed
};

struct RetentionReport {
    std::uint64_t segments_gone = 0;  // archived or removed by this call
    std::uint64_t bytes_gone = 0;
    std::uint64_t snapshots_removed = 0;
    Kept kept;                           // what is still in the shard's folder from now on
    std::vector<std::string> sentences;  // why nothing, or less than usual, was done
};

struct RetentionCall {
    std::string directory;
    std::uint32_t shard = 0;
    Identity identity;
    std::uint64_t segment_bytes = 0;
    std::uint64_t epoch = 0;
    Kept kept;  // as the manifest has it now
    RetentionOptions options;
    // Nothing at or above this goes: the slowest durable cursor, what a standby has. All ones:
    // none.
    Position lowest_needed{~std::uint64_t{0}};
    // Makes the manifest say what is kept; durable when it returns. Called before any file moves.
    std::function<Status(const Kept&)> declare;
};

// Segments go that are wholly below the oldest snapshot that is kept and wholly below
// lowest_needed. The snapshots that are kept are read whole first: what is gone rests on them. An
// error: the storage said no; what was begun is harmless, and the next call finishes it. One call
// per shard at a time; beside a running journaler, readers and followers.
Result<RetentionReport> retain_segments(Storage& storage, const RetentionCall& call);

}  // namespace pawl::journal
