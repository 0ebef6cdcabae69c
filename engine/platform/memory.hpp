// A heap of its own for each shard. Knows the allocator, not what is allocated. memory.cpp is the
// only file that knows mimalloc; the host's malloc stays the host's.
#pragma once

#include <memory>
#include <memory_resource>

namespace pawl::detail {

// Used by one thread at a time. Destroyed after everything that was allocated from it.
class ShardHeap {
public:
    virtual ~ShardHeap() = default;
    virtual std::pmr::memory_resource* resource() noexcept = 0;
};

std::unique_ptr<ShardHeap> make_shard_heap();

}  // namespace pawl::detail
