// A storage with one head in it, a few words large. Knows the page's layout; no files.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "journal/layout.hpp"
#include "journal/storage.hpp"
#include "tests/stress/ring_words.hpp"

namespace stress {

using pawl::journal::File;
using pawl::journal::FileLock;
using pawl::journal::OpenMode;
using pawl::journal::RingMode;
using pawl::journal::SharedRing;
using pawl::journal::Storage;
using pawl::journal::StorageFault;
using pawl::journal::StorageStatus;

// The memory: a page with its cells as atomics, and the ring twice in a row. Both halves hold the
// same atomics.
template <std::size_t Words>
struct RingMemory {
    static constexpr std::uint64_t capacity_bytes = Words * sizeof(std::uint64_t);
    using Word = std::atomic<std::uint64_t>;
    using Half = std::atomic<std::uint32_t>;

    RingMemory() {
        std::memset(page, 0, sizeof page);
        for (const std::size_t offset : word_offsets) new (page + offset) Word(0);
        new (page + checksum_offset) Half(0);
        for (std::size_t i = 0; i < Words; ++i) {
            new (ring + i * sizeof(Word)) Word(0);
            std::memcpy(ring + capacity_bytes + i * sizeof(Word), ring + i * sizeof(Word),
                        sizeof(Word));
        }
    }
    ~RingMemory() {
        for (const std::size_t offset : word_offsets)
            std::destroy_at(reinterpret_cast<Word*>(page + offset));
        std::destroy_at(reinterpret_cast<Half*>(page + checksum_offset));
        for (std::size_t i = 0; i < Words; ++i)
            std::destroy_at(reinterpret_cast<Word*>(ring + i * sizeof(Word)));
    }

    static constexpr std::size_t word_offsets[] = {pawl::journal::head_committed_offset,
                                                   pawl::journal::head_announced_offset,
                                                   pawl::journal::head_synced_offset};
    static constexpr std::size_t checksum_offset =
        pawl::journal::head_committed_offset + sizeof(std::uint64_t);
    alignas(64) std::byte page[4096];
    alignas(64) std::byte ring[2 * capacity_bytes];
};

// Every ring that is mapped is this one.
template <std::size_t Words>
class SmallRing final : public Storage {
public:
    StorageStatus map_ring(const std::string&, std::uint64_t, RingMode mode,
                           std::unique_ptr<SharedRing>& ring) override {
        if (mode == RingMode::recover) return {StorageFault::missing, 0};
        ring = std::make_unique<View>(memory_);
        return {};
    }
    StorageStatus rename(const std::string&, const std::string&) override { return {}; }

    StorageStatus open(const std::string&, OpenMode, std::unique_ptr<File>&) override {
        return unused();
    }
    StorageStatus list(const std::string&, std::vector<std::string>&) override { return unused(); }
    StorageStatus remove(const std::string&) override { return unused(); }
    StorageStatus make_directory(const std::string&) override { return unused(); }
    StorageStatus sync_directory(const std::string&) override { return unused(); }
    StorageStatus free_bytes(const std::string&, std::uint64_t&) override { return unused(); }
    StorageStatus lock(const std::string&, std::unique_ptr<FileLock>&, std::string&) override {
        return unused();
    }
    StorageStatus probe_lock(const std::string&, std::string&) override { return unused(); }

private:
    struct View final : SharedRing {
        explicit View(RingMemory<Words>& of) : memory(of) {}
        std::byte* page() noexcept override { return memory.page; }
        std::byte* ring() noexcept override { return memory.ring; }
        std::uint64_t capacity_bytes() const noexcept override { return memory.capacity_bytes; }
        RingMemory<Words>& memory;
    };
    static StorageStatus unused() { return {StorageFault::io, 0}; }

    RingMemory<Words> memory_;
};

}  // namespace stress
