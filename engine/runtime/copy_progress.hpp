// How far a node's copy has come, for readers that must not stand in its way. Knows numbers; not
// who moves them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace pawl::detail {

// The node's agent writes, once per step; any thread reads.
struct CopyProgress {
    explicit CopyProgress(std::uint32_t shards) {
        for (std::uint32_t shard = 0; shard < shards; ++shard)
            shards_.push_back(std::make_unique<Shard>());
    }
    struct Shard {
        std::atomic<std::uint64_t> applied{0};
        std::atomic<std::uint64_t> on_disk{0};  // of what is applied
    };
    Shard& of(std::uint32_t shard) noexcept { return *shards_[shard]; }
    const Shard& of(std::uint32_t shard) const noexcept { return *shards_[shard]; }

    // Grows when the copy is cut or begins anew; 0: there is none yet.
    std::atomic<std::uint64_t> copy{0};
    std::atomic<bool> was_cut{false};  // the last time that it grew
    // By the node's clock: when the primary had nothing that is not applied. -1: not known.
    // release: who sees it sees positions at least as high.
    std::atomic<std::int64_t> fresh_ns{-1};
    // Nothing moves here any more: the node is promoted or closed.
    std::atomic<bool> over{false};

private:
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace pawl::detail
