// A storage in memory that loses, tears, fails and fills up on request. Knows what a disk may do;
// no layout.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "journal/posix_storage.hpp"
#include "journal/storage.hpp"

namespace pawl::journal::testing {

// What a power cut leaves of writes that were not yet synced.
enum class Unsynced { lost, kept, every_other_sector };

class MemoryStorage final : public Storage {
public:
    MemoryStorage() = default;
    ~MemoryStorage() override;

    // ---- what a test may do to it
    std::uint64_t calls() const { return calls_; }  // of all kinds that may fail
    // The n-th call from now (1 = the next) fails with this fault; the ones after it work again.
    void fail_call(std::uint64_t n, StorageFault fault = StorageFault::io);
    // This file cannot be opened any more, and is there.
    void refuse_to_open(const std::string& path) { refused_.insert(path); }
    // From the n-th call on nothing works: the process is dead. A write that is that call is torn:
    // its first half gets through.
    void die_at_call(std::uint64_t n);
    void revive();
    std::uint64_t used() const { return used_bytes(); }
    void set_quota_bytes(std::uint64_t bytes) { quota_bytes_ = bytes; }
    // Files can be made long without being written: from now on.
    void let_reserve() { can_reserve_ = true; }
    std::uint64_t reserved_bytes() const { return reserved_bytes_; }  // so far, of all files
    // Files as after a loss of power; shared memory is gone.
    void cut_power(Unsynced unsynced);
    void lose_shared_memory();
    // The bytes from `offset` on can be read, but would not survive a loss of power: as in a page
    // cache.
    void forget_sync(const std::string& path, std::uint64_t offset);
    bool exists(const std::string& path) const { return names_.contains(path); }
    std::vector<std::byte>& bytes_of(const std::string& path);  // live and durable bytes become one
    std::vector<std::string> paths() const;
    void copy_file(const std::string& from, const std::string& to);
    void put_file(const std::string& path, std::vector<std::byte> bytes);  // durable at once

    // ---- Storage
    StorageStatus open(const std::string& path, OpenMode mode,
                       std::unique_ptr<File>& file) override;
    StorageStatus list(const std::string& directory, std::vector<std::string>& names) override;
    StorageStatus rename(const std::string& from, const std::string& to) override;
    StorageStatus remove(const std::string& path) override;
    StorageStatus make_directory(const std::string& path) override;
    StorageStatus sync_directory(const std::string& path) override;
    StorageStatus free_bytes(const std::string& directory, std::uint64_t& bytes) override;
    StorageStatus lock(const std::string& path, std::unique_ptr<FileLock>& lock,
                       std::string& holder) override;
    StorageStatus probe_lock(const std::string& path, std::string& holder) override;
    StorageStatus map_ring(const std::string& path, std::uint64_t capacity_bytes, RingMode mode,
                           std::unique_ptr<SharedRing>& ring) override;

private:
    friend class MemoryFile;
    friend class MemoryLock;
    struct Node {
        std::vector<std::byte> live;
        std::vector<std::byte> durable;
    };
    StorageStatus call(bool* torn = nullptr);
    std::uint64_t used_bytes() const;

    using Names = std::map<std::string, std::shared_ptr<Node>>;
    Names names_;          // null node: a directory
    Names durable_names_;  // after a power cut
    std::set<std::string> locks_;
    std::map<std::string, int> rings_;  // memory files
    std::uint64_t calls_ = 0;
    std::set<std::string> refused_;
    std::uint64_t fail_at_ = 0;
    StorageFault fail_fault_ = StorageFault::io;
    std::uint64_t die_at_ = 0;
    bool dead_ = false;
    std::uint64_t quota_bytes_ = ~std::uint64_t{0};
    bool can_reserve_ = false;
    std::uint64_t reserved_bytes_ = 0;
};

}  // namespace pawl::journal::testing
