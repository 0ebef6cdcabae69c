// Memory files, mapped once and used again and again.
#include "testing/rings.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "journal/layout.hpp"
#include "journal/posix_storage.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::sim {
namespace {

class View final : public journal::SharedRing {
public:
    View(RingPointer memory, bool exclusive) : memory_(std::move(memory)), exclusive_(exclusive) {
        if (exclusive_) ++memory_->holders;
    }
    ~View() override {
        if (exclusive_) --memory_->holders;
    }
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    std::byte* page() noexcept override { return memory_->page(); }
    std::byte* ring() noexcept override { return memory_->ring(); }
    std::uint64_t capacity_bytes() const noexcept override { return memory_->capacity_bytes(); }

private:
    RingPointer memory_;
    const bool exclusive_;
};

}  // namespace

RingMemory::RingMemory(std::uint64_t capacity_bytes) {
    descriptor_ = ::memfd_create("pawl-simulated", MFD_CLOEXEC);
    PAWL_ASSERT(descriptor_ >= 0);
    const auto bytes = static_cast<off_t>(journal::head_page_bytes + capacity_bytes);
    PAWL_ASSERT(::ftruncate(descriptor_, bytes) == 0);
    const auto status = journal::map_ring_twice(descriptor_, capacity_bytes, true, mapped_);
    PAWL_ASSERT(status.ok());
}

RingMemory::~RingMemory() {
    ::close(descriptor_);
}

void RingMemory::copy(const RingMemory& other) noexcept {
    PAWL_ASSERT(capacity_bytes() == other.capacity_bytes());
    std::memcpy(page(), other.page(), journal::head_page_bytes);
    std::memcpy(ring(), other.ring(), capacity_bytes());
}

void RingMemory::zero() noexcept {
    std::memset(page(), 0, journal::head_page_bytes);
    std::memset(ring(), 0, capacity_bytes());
}

RingPointer RingPool::take(std::uint64_t capacity_bytes) {
    auto& free = free_[capacity_bytes];
    if (free.empty()) free.push_back(std::make_unique<RingMemory>(capacity_bytes));
    RingMemory* const memory = free.back().release();
    free.pop_back();
    return {memory, [&free](RingMemory* used) {
                PAWL_ASSERT(used->holders == 0);
                free.emplace_back(used);
            }};
}

RingPointer RingPool::blank(std::uint64_t capacity_bytes) {
    auto memory = take(capacity_bytes);
    memory->zero();
    return memory;
}

RingPointer RingPool::copy_of(const RingMemory& memory) {
    auto copied = take(memory.capacity_bytes());
    copied->copy(memory);
    return copied;
}

std::unique_ptr<journal::SharedRing> map(RingPointer memory, bool exclusive) {
    return std::make_unique<View>(std::move(memory), exclusive);
}

}  // namespace pawl::sim
