// Recovers one shard: walk, judge, cut or heal, write down what the head has. Knows one shard's
// files and head.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "journal/block_writer.hpp"
#include "journal/manifest.hpp"
#include "journal/recovery.hpp"
#include "journal/segment.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

struct RecoverShardOptions {
    std::string directory;
    std::uint32_t shard = 0;
    const Manifest* manifest = nullptr;    // as the life before left it
    std::uint64_t inflight_bytes_max = 0;  // of this life
    std::int64_t (*monotonic_ns)() noexcept = nullptr;
    std::function<void(std::uint64_t bytes_done, std::uint64_t bytes_total)> progress;
};

struct RecoveredShard {
    ShardReport report;
    ShardEnd end;
    std::unique_ptr<SegmentPreparer> preparer;
    std::unique_ptr<BlockWriter> writer;  // stands at the end, still under the old epoch
};

// The caller holds the directory's lock. When this fails nothing was cut and nothing was written,
// or what was cut is in the quarantine and opening again goes on from there.
Result<RecoveredShard> recover_shard(Storage& storage, const RecoverShardOptions& options,
                                     RecordSink& sink);

}  // namespace pawl::journal
