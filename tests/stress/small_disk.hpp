// A storage of segments without bytes. Knows which names exist, and says "no space" so many times.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "journal/segment.hpp"
#include "journal/storage.hpp"

namespace stress {

// Only the preparer's thread calls it.
class SmallDisk final : public pawl::journal::Storage {
    using Status = pawl::journal::StorageStatus;
    using Fault = pawl::journal::StorageFault;

public:
    // `headers`: of how many segments the header was written. No segment is made before the one in
    // front of it has its own.
    SmallDisk(int refusals, const std::atomic<std::uint64_t>& headers)
        : refusals_(refusals), headers_(headers) {}

    Status open(const std::string& path, pawl::journal::OpenMode mode,
                std::unique_ptr<pawl::journal::File>& file) override {
        if (mode == pawl::journal::OpenMode::write) {
            if (path != made_) return {Fault::missing, 0};
        } else {
            if (refusals_ > 0) {
                --refusals_;
                return {Fault::no_space, 0};
            }
            // Not looked at before it matters: the checker shows what was seen before no more.
            if (made_count_ != 0)
                RL_ASSERT(headers_.load(std::memory_order_relaxed) == made_count_);
        }
        file = std::make_unique<AFile>(path);
        return {};
    }
    Status rename(const std::string&, const std::string& to) override {
        made_ = to;
        ++made_count_;
        return {};
    }
    Status sync_directory(const std::string&) override { return {}; }

    Status list(const std::string&, std::vector<std::string>&) override { return unused(); }
    Status remove(const std::string&) override { return unused(); }
    Status make_directory(const std::string&) override { return unused(); }
    Status free_bytes(const std::string&, std::uint64_t&) override { return unused(); }
    Status lock(const std::string&, std::unique_ptr<pawl::journal::FileLock>&,
                std::string&) override {
        return unused();
    }
    Status probe_lock(const std::string&, std::string&) override { return unused(); }
    Status map_ring(const std::string&, std::uint64_t, pawl::journal::RingMode,
                    std::unique_ptr<pawl::journal::SharedRing>&) override {
        return unused();
    }

private:
    struct AFile final : pawl::journal::File {
        explicit AFile(std::string of) : path_(std::move(of)) {}
        Status read_at(std::uint64_t, std::span<std::byte>, std::size_t&) override {
            return unused();
        }
        Status write_at(std::uint64_t, std::span<const std::byte>) override { return {}; }
        Status sync() override { return {}; }
        Status write_durable(std::uint64_t, std::span<const std::byte>) override { return {}; }
        Status size(std::uint64_t&) override { return unused(); }
        const std::string& path() const noexcept override { return path_; }
        std::string path_;
    };
    static Status unused() { return {Fault::io, 0}; }

    int refusals_;
    const std::atomic<std::uint64_t>& headers_;
    std::string made_;
    std::uint64_t made_count_ = 0;
};

}  // namespace stress
