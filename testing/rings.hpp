// Shared memory of a simulated machine: what a killed process leaves, and a power cut does not.
// Knows mappings; no layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "journal/storage.hpp"

namespace pawl::sim {

// One piece of shared memory: a page and a ring that is mapped twice in a row.
class RingMemory {
public:
    explicit RingMemory(std::uint64_t capacity_bytes);
    ~RingMemory();
    RingMemory(const RingMemory&) = delete;
    RingMemory& operator=(const RingMemory&) = delete;

    std::byte* page() const noexcept { return mapped_->page(); }
    std::byte* ring() const noexcept { return mapped_->ring(); }
    std::uint64_t capacity_bytes() const noexcept { return mapped_->capacity_bytes(); }
    void copy(const RingMemory& other) noexcept;
    void zero() noexcept;

    std::uint32_t holders = 0;  // mappings that exclude others

private:
    std::unique_ptr<journal::SharedRing> mapped_;
    int descriptor_ = -1;
};

using RingPointer = std::shared_ptr<RingMemory>;

// Mapping memory twice costs more than a whole simulated life: what is no longer used is used
// again. Outlives all that it hands out. One thread.
class RingPool {
public:
    RingPool() = default;
    RingPool(const RingPool&) = delete;
    RingPool& operator=(const RingPool&) = delete;

    RingPointer blank(std::uint64_t capacity_bytes);
    RingPointer copy_of(const RingMemory& memory);

private:
    RingPointer take(std::uint64_t capacity_bytes);
    std::map<std::uint64_t, std::vector<std::unique_ptr<RingMemory>>> free_;
};

// A process's view of it. `exclusive`: holds it against others.
std::unique_ptr<journal::SharedRing> map(RingPointer memory, bool exclusive);

}  // namespace pawl::sim
