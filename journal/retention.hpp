// Which segments and snapshots of a shard may go, and their going: archived or removed. Knows files
// and the manifest's `kept` line; not when it is time, not who still reads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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
    // Makes the manifest say what is kept; durable when it returns. Called before any file goes.
    std::function<Status(const Kept&)> declare;
};

// One attempt at one shard, by one thread; beside a running journaler, readers and followers. While
// it lives nobody else writes a snapshot of this shard.
class RetentionPass {
public:
    RetentionPass(Storage& storage, RetentionCall call);
    ~RetentionPass();
    RetentionPass(const RetentionPass&) = delete;
    RetentionPass& operator=(const RetentionPass&) = delete;

    // What goes rests on the snapshots that are kept: they are read whole first, about so many
    // bytes per call. True: that is done, or nothing can go. An error: the storage said no.
    Result<bool> check_some(std::uint64_t bytes_about);

    // After check_some() said true, once. Segments go that are wholly below the oldest snapshot
    // that is kept and wholly below lowest_needed: the slowest durable cursor, what a standby has;
    // all ones: none. An error: the storage said no; what was begun is harmless, and the next
    // attempt finishes it.
    Result<RetentionReport> finish(Position lowest_needed);

private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace pawl::journal
