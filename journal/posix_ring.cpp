// Shared memory whose ring is mapped twice in a row, so that nothing in it ever wraps. System calls
// only.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "journal/layout.hpp"
#include "journal/posix_fault.hpp"
#include "journal/posix_storage.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

// Of the second mapping only what a batch needs that begins at the ring's end is made present; the
// rest of it comes when it is used, which is rare.
constexpr std::uint64_t mirror_part = 16;
// What is present from the beginning, and then at a time: 1 and 0.1 ms here.
constexpr std::uint64_t present_at_first_bytes = std::uint64_t{4} << 20;
constexpr std::uint64_t present_next_bytes = std::uint64_t{256} << 10;

// False: this system does not know how.
bool populate(std::byte* from, std::uint64_t bytes) noexcept {
    // Linux 5.14; the number, because older headers do not have the name.
    constexpr int populate_write = 23;
    return ::madvise(from, bytes, populate_write) == 0;
}

class Mapping final : public SharedRing {
public:
    Mapping(std::byte* base, std::uint64_t capacity_bytes)
        : base_(base), capacity_bytes_(capacity_bytes) {}
    ~Mapping() override {
        ::munmap(base_, head_page_bytes + 2 * capacity_bytes_);
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    std::byte* page() noexcept override { return base_; }
    std::byte* ring() noexcept override { return base_ + head_page_bytes; }
    std::uint64_t capacity_bytes() const noexcept override { return capacity_bytes_; }
    void will_be_written_from(std::uint64_t offset) noexcept override {
        PAWL_ASSERT(offset < capacity_bytes_);
        first_offset_ = offset / head_page_bytes * head_page_bytes;
        present_bytes_ = 0;
        wanted_bytes_ = mirrored_end();
        if (!can_populate()) return touch();
        for (std::uint64_t made = 0; made < present_at_first_bytes && make_present();)
            made += present_next_bytes;
    }
    // Round from there: to the end of what a batch may use of the mirror, then what comes before.
    bool make_present() noexcept override {
        if (present_bytes_ == wanted_bytes_) return false;
        std::uint64_t offset = first_offset_ + present_bytes_;
        std::uint64_t end = mirrored_end();
        if (offset >= end) {
            offset -= end;
            end = first_offset_;
        }
        const std::uint64_t next = std::min(present_next_bytes, end - offset);
        // Refused, it comes when it is used.
        present_bytes_ = populate(ring() + offset, next) ? present_bytes_ + next : wanted_bytes_;
        return true;
    }
    // The descriptor carries the lock: it lives as long as the mapping.
    void keep(int descriptor) noexcept { descriptor_ = descriptor; }

private:
    std::uint64_t mirrored_end() const noexcept {
        return capacity_bytes_ + capacity_bytes_ / mirror_part;
    }
    bool can_populate() noexcept { return populate(base_, head_page_bytes); }
    void touch() noexcept {
        for (; present_bytes_ < wanted_bytes_; present_bytes_ += head_page_bytes)
            std::atomic_ref(reinterpret_cast<std::uint8_t&>(ring()[present_bytes_]))
                .fetch_add(0, std::memory_order_relaxed);
    }

    std::byte* base_;
    std::uint64_t capacity_bytes_;
    std::uint64_t first_offset_ = 0;
    std::uint64_t wanted_bytes_ = 0;
    std::uint64_t present_bytes_ = 0;
    int descriptor_ = -1;
};

StorageStatus make_file(const std::string& path, std::uint64_t capacity_bytes, int& descriptor) {
    // A head of an earlier life may still be mapped by a reader: a new file, never a truncated one.
    const int older = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (older >= 0) {
        const bool free = lock_descriptor(older);
        ::close(older);
        if (!free) return {StorageFault::locked, 0};
        if (::unlink(path.c_str()) != 0) return fault_of_errno();
    }
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return fault_of_errno();
    if (!lock_descriptor(descriptor)) {
        ::close(descriptor);
        return {StorageFault::locked, 0};
    }
    // Allocate now: a store into memory that is not there would be a SIGBUS on the hot thread.
    const int refused =
        ::posix_fallocate(descriptor, 0, static_cast<off_t>(head_page_bytes + capacity_bytes));
    if (refused != 0) {
        ::unlink(path.c_str());
        ::close(descriptor);
        errno = refused;
        return fault_of_errno();
    }
    return {};
}

}  // namespace

StorageStatus map_ring_twice(int descriptor, std::uint64_t capacity_bytes, bool writable,
                             std::unique_ptr<SharedRing>& ring) {
    PAWL_ASSERT(std::has_single_bit(capacity_bytes));
    PAWL_ASSERT(capacity_bytes % head_page_bytes == 0);
    const std::size_t whole = head_page_bytes + 2 * capacity_bytes;
    void* const reserved =
        ::mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) return fault_of_errno();
    auto* const base = static_cast<std::byte*>(reserved);
    const int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    constexpr int flags = MAP_SHARED | MAP_FIXED;
    const std::size_t first = head_page_bytes + capacity_bytes;
    if (::mmap(base, first, access, flags, descriptor, 0) == MAP_FAILED ||
        ::mmap(base + first, capacity_bytes, access, flags, descriptor,
               static_cast<off_t>(head_page_bytes)) == MAP_FAILED) {
        const auto status = fault_of_errno();
        ::munmap(reserved, whole);
        return status;
    }
    // Locked where the limits allow it; a swapped head is slow, not wrong.
    if (writable) static_cast<void>(::mlock2(base, whole, MLOCK_ONFAULT));
    ring = std::make_unique<Mapping>(base, capacity_bytes);
    return {};
}

StorageStatus PosixStorage::map_ring(const std::string& path, std::uint64_t capacity_bytes,
                                     RingMode mode, std::unique_ptr<SharedRing>& ring) {
    int descriptor = -1;
    if (mode == RingMode::create) {
        if (const auto status = make_file(path, capacity_bytes, descriptor); !status.ok())
            return status;
    } else {
        descriptor =
            ::open(path.c_str(), (mode == RingMode::recover ? O_RDWR : O_RDONLY) | O_CLOEXEC);
        if (descriptor < 0) return fault_of_errno();
        if (mode == RingMode::recover && !lock_descriptor(descriptor)) {
            ::close(descriptor);
            return {StorageFault::locked, 0};
        }
        struct stat facts{};
        if (::fstat(descriptor, &facts) != 0) {
            const auto status = fault_of_errno();
            ::close(descriptor);
            return status;
        }
        const auto size = static_cast<std::uint64_t>(facts.st_size);
        const std::uint64_t there = size > head_page_bytes ? size - head_page_bytes : 0;
        if (!S_ISREG(facts.st_mode) || !std::has_single_bit(there) || there < head_bytes_min ||
            (capacity_bytes != 0 && there != capacity_bytes)) {
            ::close(descriptor);
            return {StorageFault::wrong_size, 0};
        }
        capacity_bytes = there;
    }
    const auto status = map_ring_twice(descriptor, capacity_bytes, mode == RingMode::create, ring);
    if (!status.ok()) {
        ::close(descriptor);
        return status;
    }
    static_cast<Mapping&>(*ring).keep(descriptor);
    return {};
}

}  // namespace pawl::journal
