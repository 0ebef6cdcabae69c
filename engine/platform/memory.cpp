// Shard heaps on mimalloc, and on the system for what is large.
#include "engine/platform/memory.hpp"

#include <mimalloc.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>

#include "pawl/detail/assert.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PAWL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PAWL_SANITIZED 1
#endif
#endif

namespace pawl::detail {

namespace {

#if defined(PAWL_SANITIZED)

// A sanitizer sees only what goes through the host's allocator.
class HostHeap final : public ShardHeap {
public:
    std::pmr::memory_resource* resource() noexcept override {
        return std::pmr::new_delete_resource();
    }
};
using Heap = HostHeap;

#else

// Tells threads apart for ever: the system gives a new thread the number of one that has ended.
std::uint64_t number_of_this_thread() noexcept {
    static std::atomic<std::uint64_t> threads{0};
    thread_local const std::uint64_t number = threads.fetch_add(1, std::memory_order_relaxed) + 1;
    return number;
}

// A mimalloc heap may be allocated from by the thread that made it, and by no other; it is gone
// when that thread has ended. A shard is filled by the thread that recovers it and used by the one
// that runs it, so each of them gets a heap at its first allocation. Freeing is allowed anywhere;
// what the first thread allocated outlives it.
class MimallocHeap final : public ShardHeap, private std::pmr::memory_resource {
public:
    ~MimallocHeap() override {
        // Another thread's goes with that thread.
        if (heap_ == nullptr || owner_ != number_of_this_thread()) return;
        mi_heap_collect(heap_, true);  // its empty pages would go on in the thread's own heap
        mi_heap_delete(heap_);
    }
    std::pmr::memory_resource* resource() noexcept override { return this; }

private:
    // A table that has grown leaves its old one behind. mimalloc gives that back when it has
    // something else to do there, in steady state never; the system takes it at once.
    static constexpr std::size_t large_bytes = std::size_t{1} << 20;
    static constexpr std::size_t system_alignment = 4096;
    static bool is_large(std::size_t bytes, std::size_t alignment) noexcept {
        return bytes >= large_bytes && alignment <= system_alignment;
    }
    static void* take_from_system(std::size_t bytes) {
        void* block =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) throw std::bad_alloc();
        return block;
    }

    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        if (is_large(bytes, alignment)) return take_from_system(bytes);
        if (owner_ != number_of_this_thread()) {
            heap_ = mi_heap_new();
            owner_ = number_of_this_thread();
        }
        // Its blocks of 16 bytes and more are aligned to 16 anyway; asked for it, it takes the next
        // larger kind of block: 80 KiB for 64.
        const bool aligned_anyway = alignment <= 8 || (alignment <= 16 && bytes >= 16);
        // 2.0.9 gives an address of 128 n to whoever asks for 256, 512 or 1,024 bytes that are
        // aligned to as much; of any other size it is right.
        const std::size_t odd = alignment > 128 ? 16 : 0;
        void* block = aligned_anyway ? mi_heap_malloc(heap_, bytes)
                                     : mi_heap_malloc_aligned(heap_, bytes + odd, alignment);
        if (block == nullptr) throw std::bad_alloc();
        return block;
    }
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
        if (is_large(bytes, alignment))
            ::munmap(block, bytes);
        else
            mi_free(block);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::uint64_t owner_ = 0;  // 0: nobody has allocated yet
    mi_heap_t* heap_ = nullptr;
};
using Heap = MimallocHeap;

#endif

}  // namespace

std::unique_ptr<ShardHeap> make_shard_heap() {
    return std::make_unique<Heap>();
}

}  // namespace pawl::detail
