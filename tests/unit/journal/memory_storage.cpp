// The disk that misbehaves.
#include "memory_storage.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "journal/layout.hpp"

namespace pawl::journal::testing {
namespace {

constexpr std::size_t sector_bytes = 512;

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

}  // namespace

class MemoryFile final : public File {
public:
    MemoryFile(MemoryStorage& storage, std::shared_ptr<MemoryStorage::Node> node, std::string path)
        : storage_(storage), node_(std::move(node)), path_(std::move(path)) {}

    StorageStatus read_at(std::uint64_t offset, std::span<std::byte> to,
                          std::size_t& got) override {
        got = 0;
        if (const auto status = storage_.call(); !status.ok()) return status;
        if (offset >= node_->live.size()) return {};
        got = std::min<std::uint64_t>(to.size(), node_->live.size() - offset);
        std::memcpy(to.data(), node_->live.data() + offset, got);
        return {};
    }
    StorageStatus write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        bool torn = false;
        const auto status = storage_.call(&torn);
        if (!status.ok() && !torn) return status;
        if (torn) bytes = bytes.first(bytes.size() / 2);
        const std::uint64_t end = offset + bytes.size();
        if (end > node_->live.size()) {
            if (storage_.used_bytes() + (end - node_->live.size()) > storage_.quota_bytes_)
                return {StorageFault::no_space, 0};
            node_->live.resize(end);
        }
        std::memcpy(node_->live.data() + offset, bytes.data(), bytes.size());
        return status;
    }
    StorageStatus sync() override {
        if (const auto status = storage_.call(); !status.ok()) return status;
        node_->durable = node_->live;
        return {};
    }
    StorageStatus write_durable(std::uint64_t offset, std::span<const std::byte> bytes) override {
        EXPECT_ALIGNED(offset, bytes);
        if (const auto status = write_at(offset, bytes); !status.ok()) return status;
        // Direct: these bytes and no others.
        if (node_->durable.size() < offset + bytes.size())
            node_->durable.resize(offset + bytes.size());
        std::memcpy(node_->durable.data() + offset, bytes.data(), bytes.size());
        return {};
    }
    StorageStatus size(std::uint64_t& bytes) override {
        if (const auto status = storage_.call(); !status.ok()) return status;
        bytes = node_->live.size();
        return {};
    }
    StorageStatus reserve(std::uint64_t bytes, bool& can) override {
        can = storage_.can_reserve_;
        const std::uint64_t before = node_->live.size();
        if (!can || bytes <= before) return {};
        const std::vector<std::byte> zeros(bytes - before);
        const auto status = write_at(before, zeros);
        if (status.ok()) storage_.reserved_bytes_ += zeros.size();
        return status;
    }
    const std::string& path() const noexcept override { return path_; }

private:
    static void EXPECT_ALIGNED(std::uint64_t offset, std::span<const std::byte> bytes) {
        PAWL_ASSERT(offset % 4096 == 0 && bytes.size() % 4096 == 0);
        PAWL_ASSERT(reinterpret_cast<std::uintptr_t>(bytes.data()) % 4096 == 0);
    }
    MemoryStorage& storage_;
    std::shared_ptr<MemoryStorage::Node> node_;
    std::string path_;
};

class MemoryLock final : public FileLock {
public:
    MemoryLock(MemoryStorage& storage, std::string path)
        : storage_(storage), path_(std::move(path)) {}
    ~MemoryLock() override { storage_.locks_.erase(path_); }
    MemoryLock(const MemoryLock&) = delete;
    MemoryLock& operator=(const MemoryLock&) = delete;

private:
    MemoryStorage& storage_;
    std::string path_;
};

MemoryStorage::~MemoryStorage() {
    lose_shared_memory();
}

StorageStatus MemoryStorage::call(bool* torn) {
    if (dead_) return {StorageFault::io, 0};
    ++calls_;
    if (die_at_ != 0 && calls_ >= die_at_) {
        dead_ = true;
        if (torn != nullptr) *torn = true;
        return {StorageFault::io, 0};
    }
    if (fail_at_ != 0 && calls_ == fail_at_) return {fail_fault_, 0};
    return {};
}

void MemoryStorage::fail_call(std::uint64_t n, StorageFault fault) {
    fail_at_ = calls_ + n;
    fail_fault_ = fault;
}
void MemoryStorage::die_at_call(std::uint64_t n) {
    die_at_ = calls_ + n;
}
void MemoryStorage::revive() {
    dead_ = false;
    die_at_ = fail_at_ = 0;
}

std::uint64_t MemoryStorage::used_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& [path, node] : names_)
        if (node != nullptr) bytes += node->live.size();
    return bytes;
}

void MemoryStorage::cut_power(Unsynced unsynced) {
    lose_shared_memory();
    names_ = durable_names_;
    for (auto& [path, node] : names_) {
        if (node == nullptr) continue;
        std::vector<std::byte> after = node->durable;
        if (unsynced != Unsynced::lost) {
            after.resize(std::max(after.size(), node->live.size()));
            for (std::size_t at = 0; at < node->live.size(); at += sector_bytes) {
                const bool kept = unsynced == Unsynced::kept || (at / sector_bytes) % 2 == 1;
                if (!kept) continue;
                const auto bytes = std::min(sector_bytes, node->live.size() - at);
                std::memcpy(after.data() + at, node->live.data() + at, bytes);
            }
        }
        node->live = after;
        node->durable = after;
    }
}

void MemoryStorage::lose_shared_memory() {
    for (const auto& [path, descriptor] : rings_) ::close(descriptor);
    rings_.clear();
}

void MemoryStorage::forget_sync(const std::string& path, std::uint64_t offset) {
    auto& durable = names_.at(path)->durable;
    std::fill(durable.begin() + static_cast<std::ptrdiff_t>(offset), durable.end(), std::byte{0});
}

std::vector<std::byte>& MemoryStorage::bytes_of(const std::string& path) {
    auto& node = names_.at(path);
    node->durable = node->live;
    return node->live;
}

std::vector<std::string> MemoryStorage::paths() const {
    std::vector<std::string> found;
    for (const auto& [path, node] : names_)
        if (node != nullptr) found.push_back(path);
    return found;
}

void MemoryStorage::copy_file(const std::string& from, const std::string& to) {
    names_[to] = std::make_shared<Node>(*names_.at(from));
    durable_names_[to] = names_[to];
}

void MemoryStorage::put_file(const std::string& path, std::vector<std::byte> bytes) {
    auto node = std::make_shared<Node>();
    node->live = node->durable = std::move(bytes);
    names_[path] = durable_names_[path] = std::move(node);
}

StorageStatus MemoryStorage::open(const std::string& path, OpenMode mode,
                                  std::unique_ptr<File>& file) {
    if (const auto status = call(); !status.ok()) return status;
    if (refused_.contains(path)) return {StorageFault::io, 0};
    const auto found = names_.find(path);
    if (mode == OpenMode::create) {
        if (found != names_.end()) return {StorageFault::exists, 0};
        if (!names_.contains(parent_of(path))) return {StorageFault::missing, 0};
        names_[path] = std::make_shared<Node>();
    } else if (found == names_.end() || found->second == nullptr) {
        return {StorageFault::missing, 0};
    }
    file = std::make_unique<MemoryFile>(*this, names_[path], path);
    return {};
}

StorageStatus MemoryStorage::list(const std::string& directory, std::vector<std::string>& names) {
    names.clear();
    if (const auto status = call(); !status.ok()) return status;
    if (!names_.contains(directory)) return {StorageFault::missing, 0};
    for (const auto& [path, node] : names_)
        if (parent_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
    std::sort(names.begin(), names.end());
    return {};
}

StorageStatus MemoryStorage::rename(const std::string& from, const std::string& to) {
    if (const auto status = call(); !status.ok()) return status;
    if (const auto ring = rings_.find(from); ring != rings_.end()) {
        const int descriptor = ring->second;
        rings_.erase(ring);
        if (const auto older = rings_.find(to); older != rings_.end()) ::close(older->second);
        rings_[to] = descriptor;
        return {};
    }
    const auto found = names_.find(from);
    if (found == names_.end()) return {StorageFault::missing, 0};
    names_[to] = found->second;
    names_.erase(from);
    return {};
}

StorageStatus MemoryStorage::remove(const std::string& path) {
    if (const auto status = call(); !status.ok()) return status;
    if (const auto ring = rings_.find(path); ring != rings_.end()) {
        ::close(ring->second);
        rings_.erase(ring);
        return {};
    }
    return names_.erase(path) != 0 ? StorageStatus{} : StorageStatus{StorageFault::missing, 0};
}

StorageStatus MemoryStorage::make_directory(const std::string& path) {
    if (const auto status = call(); !status.ok()) return status;
    names_.try_emplace(path, nullptr);
    return {};
}

StorageStatus MemoryStorage::sync_directory(const std::string& path) {
    if (const auto status = call(); !status.ok()) return status;
    std::erase_if(durable_names_,
                  [&](const auto& entry) { return parent_of(entry.first) == path; });
    for (const auto& [name, node] : names_)
        if (parent_of(name) == path) durable_names_[name] = node;
    durable_names_.try_emplace(path, nullptr);
    return {};
}

StorageStatus MemoryStorage::free_bytes(const std::string&, std::uint64_t& bytes) {
    if (const auto status = call(); !status.ok()) return status;
    const auto used = used_bytes();
    bytes = used < quota_bytes_ ? quota_bytes_ - used : 0;
    return {};
}

StorageStatus MemoryStorage::lock(const std::string& path, std::unique_ptr<FileLock>& lock,
                                  std::string& holder) {
    if (const auto status = call(); !status.ok()) return status;
    if (!locks_.insert(path).second) {
        holder = "pid 1 boot test";
        return {StorageFault::locked, 0};
    }
    lock = std::make_unique<MemoryLock>(*this, path);
    return {};
}

StorageStatus MemoryStorage::probe_lock(const std::string& path, std::string& holder) {
    if (const auto status = call(); !status.ok()) return status;
    if (!locks_.contains(path)) return {};
    holder = "pid 1 boot test";
    return {StorageFault::locked, 0};
}

StorageStatus MemoryStorage::map_ring(const std::string& path, std::uint64_t capacity_bytes,
                                      RingMode mode, std::unique_ptr<SharedRing>& ring) {
    if (const auto status = call(); !status.ok()) return status;
    auto found = rings_.find(path);
    if (mode == RingMode::create) {
        if (found != rings_.end()) {
            ::close(found->second);
            rings_.erase(found);
        }
        const int descriptor = ::memfd_create("head", MFD_CLOEXEC);
        PAWL_ASSERT(descriptor >= 0);
        PAWL_ASSERT(::ftruncate(descriptor, static_cast<off_t>(head_page_bytes + capacity_bytes)) ==
                    0);
        found = rings_.emplace(path, descriptor).first;
    } else if (found == rings_.end()) {
        return {StorageFault::missing, 0};
    }
    struct stat facts{};
    PAWL_ASSERT(::fstat(found->second, &facts) == 0);
    const auto there = static_cast<std::uint64_t>(facts.st_size) - head_page_bytes;
    if (capacity_bytes != 0 && capacity_bytes != there) return {StorageFault::wrong_size, 0};
    return map_ring_twice(found->second, there, mode != RingMode::look, ring);
}

}  // namespace pawl::journal::testing
