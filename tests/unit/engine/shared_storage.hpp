// A storage in memory for several threads, whose writes to segments fail when a test says so. Knows
// no layout.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "tests/unit/journal/memory_storage.hpp"

namespace pawl::testing {

class SharedStorage final : public journal::Storage {
    using Status = journal::StorageStatus;

public:
    // The n-th write to a segment in use from now (1 = the next) fails, and every one after it.
    void fail_segment_write(std::uint64_t n) {
        const std::lock_guard lock(mutex_);
        failing_from_ = writes_ + n;
    }
    void repair() {
        const std::lock_guard lock(mutex_);
        failing_from_ = 0;
    }
    // Writes to files whose name ends so wait until let_go().
    void hold_writes_to(const std::string& name_end) {
        const std::lock_guard lock(mutex_);
        held_ = name_end;
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        held_.clear();
        changed_.notify_all();
    }
    bool somebody_is_held() {
        const std::lock_guard lock(mutex_);
        return waiting_ != 0;
    }
    void set_quota_bytes(std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        memory_.set_quota_bytes(bytes);
    }
    void cut_power(journal::testing::Unsynced unsynced) {
        const std::lock_guard lock(mutex_);
        memory_.cut_power(unsynced);
    }

    Status open(const std::string& path, journal::OpenMode mode,
                std::unique_ptr<journal::File>& file) override {
        const std::lock_guard lock(mutex_);
        std::unique_ptr<journal::File> inner;
        const Status status = memory_.open(path, mode, inner);
        if (status.ok())
            file = std::make_unique<SharedFile>(*this, std::move(inner),
                                                mode == journal::OpenMode::write);
        return status;
    }
    Status list(const std::string& directory, std::vector<std::string>& names) override {
        const std::lock_guard lock(mutex_);
        return memory_.list(directory, names);
    }
    Status rename(const std::string& from, const std::string& to) override {
        const std::lock_guard lock(mutex_);
        return memory_.rename(from, to);
    }
    Status remove(const std::string& path) override {
        const std::lock_guard lock(mutex_);
        return memory_.remove(path);
    }
    Status make_directory(const std::string& path) override {
        const std::lock_guard lock(mutex_);
        return memory_.make_directory(path);
    }
    Status sync_directory(const std::string& path) override {
        const std::lock_guard lock(mutex_);
        return memory_.sync_directory(path);
    }
    Status free_bytes(const std::string& directory, std::uint64_t& bytes) override {
        const std::lock_guard lock(mutex_);
        return memory_.free_bytes(directory, bytes);
    }
    Status lock(const std::string& path, std::unique_ptr<journal::FileLock>& held,
                std::string& holder) override {
        const std::lock_guard lock(mutex_);
        return memory_.lock(path, held, holder);
    }
    Status probe_lock(const std::string& path, std::string& holder) override {
        const std::lock_guard lock(mutex_);
        return memory_.probe_lock(path, holder);
    }
    Status map_ring(const std::string& path, std::uint64_t capacity_bytes, journal::RingMode mode,
                    std::unique_ptr<journal::SharedRing>& ring) override {
        const std::lock_guard lock(mutex_);
        return memory_.map_ring(path, capacity_bytes, mode, ring);
    }

private:
    class SharedFile final : public journal::File {
    public:
        SharedFile(SharedStorage& storage, std::unique_ptr<journal::File> file, bool in_use)
            : storage_(storage), file_(std::move(file)), in_use_(in_use) {}
        ~SharedFile() override {
            const std::lock_guard lock(storage_.mutex_);
            file_.reset();
        }
        Status read_at(std::uint64_t offset, std::span<std::byte> to, std::size_t& got) override {
            const std::lock_guard lock(storage_.mutex_);
            return file_->read_at(offset, to, got);
        }
        Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
            const std::lock_guard lock(storage_.mutex_);
            return file_->write_at(offset, bytes);
        }
        Status sync() override {
            const std::lock_guard lock(storage_.mutex_);
            return file_->sync();
        }
        Status write_durable(std::uint64_t offset, std::span<const std::byte> bytes) override {
            std::unique_lock lock(storage_.mutex_);
            storage_.wait_while_held(lock, path());
            if (in_use_ && ++storage_.writes_ >= storage_.failing_from_ &&
                storage_.failing_from_ != 0)
                return {journal::StorageFault::io, 5};
            return file_->write_durable(offset, bytes);
        }
        Status size(std::uint64_t& bytes) override {
            const std::lock_guard lock(storage_.mutex_);
            return file_->size(bytes);
        }
        const std::string& path() const noexcept override { return file_->path(); }

    private:
        SharedStorage& storage_;
        std::unique_ptr<journal::File> file_;
        const bool in_use_;
    };

    void wait_while_held(std::unique_lock<std::mutex>& lock, const std::string& path) {
        ++waiting_;
        changed_.wait(lock, [&] { return held_.empty() || !path.ends_with(held_); });
        --waiting_;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string held_;
    int waiting_ = 0;
    journal::testing::MemoryStorage memory_;
    std::uint64_t writes_ = 0;
    std::uint64_t failing_from_ = 0;
};

}  // namespace pawl::testing
