// The calls of a storage, each with whatever is to happen to it.
#include "testing/disk.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::sim {

using journal::StorageFault;
using journal::StorageStatus;

namespace {

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

}  // namespace

class DiskLock final : public journal::FileLock {
public:
    DiskLock(Disk& disk, std::string path)
        : disk_(disk), life_(disk.life_), path_(std::move(path)) {}
    ~DiskLock() override {
        if (disk_.life_ == life_) disk_.locks_.erase(path_);
    }
    DiskLock(const DiskLock&) = delete;
    DiskLock& operator=(const DiskLock&) = delete;

private:
    Disk& disk_;
    const std::uint64_t life_;
    const std::string path_;
};

Disk::Disk(RingPool& pool, Clock* clock, Trace* trace) : pool_(pool), clock_(clock), trace_(trace) {
    auto root = std::make_shared<Node>();
    root->directory = true;
    durable_names_["/disk"] = names_["/disk"] = std::move(root);
}

Disk::~Disk() = default;

// ---- what happens to a call

Disk::Passage Disk::arrive(const char* what, const std::string& path, std::uint64_t a,
                           std::uint64_t b, std::uint64_t c) {
    constexpr StorageStatus broken{StorageFault::io, 5};
    if (onlookers_ != 0) return {};
    if (dead_) return {Course::die_before, broken};
    ++calls_;
    if (trace_ != nullptr) trace_->note(what, path, a, b, c);
    if (clock_ != nullptr && slowness_ns_ != 0)
        clock_->advance(static_cast<std::int64_t>(chance_.below(slowness_ns_ + 1)));
    if (die_at_ != 0 && calls_ == die_at_) {
        if (trace_ != nullptr) trace_->note("dies in this call", {}, static_cast<unsigned>(how_));
        if (how_ == Dying::not_done) kill();
        return {how_ == Dying::not_done    ? Course::die_before
                : how_ == Dying::half_done ? Course::die_amid
                                           : Course::die_after,
                broken};
    }
    if (tears_ && std::string_view(what) == write_durable_call) {
        tears_ = false;
        torn_ = true;
        return {Course::die_amid, broken};
    }
    if (fail_at_ != 0 && calls_ >= fail_at_ && calls_ < fail_until_) {
        ++failures_;
        if (trace_ != nullptr) trace_->note("fails", {}, static_cast<unsigned>(fault_));
        return {Course::fail, {fault_, fault_ == StorageFault::no_space ? 28 : 5}};
    }
    return {};
}

StorageStatus Disk::leave(const Passage& passage, StorageStatus status) {
    if (passage.course == Course::go) return status;
    if (passage.course == Course::die_amid || passage.course == Course::die_after) kill();
    return passage.status;
}

void Disk::die_at_call(std::uint64_t n, Dying how) {
    PAWL_ASSERT(n != 0);
    die_at_ = calls_ + n;
    how_ = how;
}
void Disk::fail_call(std::uint64_t n, StorageFault fault, std::uint64_t times) {
    PAWL_ASSERT(n != 0 && times != 0);
    fail_at_ = calls_ + n;
    fail_until_ = times > ~fail_at_ ? ~std::uint64_t{0} : fail_at_ + times;
    fault_ = fault;
}
void Disk::lie_at_write(std::uint64_t n, Lie lie) {
    PAWL_ASSERT(n != 0);
    lie_at_ = writes_ + n;
    lie_ = lie;
}
void Disk::misread_at(std::uint64_t n, Misread misread) {
    PAWL_ASSERT(n != 0);
    misread_at_ = reads_ + n;
    misread_ = misread;
}
void Disk::forget_faults() {
    tears_ = false;
    die_at_ = fail_at_ = fail_until_ = lie_at_ = misread_at_ = 0;
}

// ---- names

Disk::NodePointer Disk::find(const std::string& path) const {
    const auto found = names_.find(path);
    return found == names_.end() ? nullptr : found->second;
}

std::uint64_t Disk::change_names(Renaming change) {
    for (const auto& [path, node] : change.names) {
        if (node != nullptr)
            names_[path] = node;
        else
            names_.erase(path);
    }
    change.id = ++renamings_made_;
    renamings_.push_back(std::move(change));
    return renamings_made_;
}

void Disk::make_durable(std::size_t renaming) {
    const auto apply = [this](const Renaming& change) {
        for (const auto& [path, node] : change.names) {
            if (node != nullptr)
                durable_names_[path] = node;
            else
                durable_names_.erase(path);
        }
    };
    const std::uint64_t needs = renamings_[renaming].needs;
    if (needs != 0)
        for (const Renaming& other : renamings_)
            if (other.id == needs) apply(other);
    apply(renamings_[renaming]);
}

StorageStatus Disk::open(const std::string& path, journal::OpenMode mode,
                         std::unique_ptr<journal::File>& file) {
    const char* const what = mode == journal::OpenMode::create  ? "create"
                             : mode == journal::OpenMode::write ? "open to write"
                                                                : "open to read";
    const Passage passage = arrive(what, path);
    if (!passage.effect()) return leave(passage);
    NodePointer node = find(path);
    if (mode == journal::OpenMode::create) {
        if (node != nullptr) return leave(passage, {StorageFault::exists, 17});
        const NodePointer parent = find(parent_of(path));
        if (parent == nullptr || !parent->directory)
            return leave(passage, {StorageFault::missing, 2});
        node = std::make_shared<Node>();
        change_names({0, parent_of(path), {{path, node}}, 0});
    } else if (node == nullptr || node->directory) {
        return leave(passage, {StorageFault::missing, 2});
    }
    if (passage.course == Course::go) file = file_of(std::move(node), path);
    return leave(passage);
}

StorageStatus Disk::list(const std::string& directory, std::vector<std::string>& names) {
    names.clear();
    const Passage passage = arrive("list", directory);
    if (!passage.effect()) return leave(passage);
    const NodePointer folder = find(directory);
    if (folder == nullptr || !folder->directory) return leave(passage, {StorageFault::missing, 2});
    const std::string prefix = directory + "/";
    for (auto at = names_.lower_bound(prefix); at != names_.end(); ++at) {
        if (at->first.compare(0, prefix.size(), prefix) != 0) break;
        if (at->first.find('/', prefix.size()) == std::string::npos)
            names.push_back(at->first.substr(prefix.size()));
    }
    return leave(passage);
}

StorageStatus Disk::rename(const std::string& from, const std::string& to) {
    const Passage passage = arrive("rename", to);
    if (!passage.effect()) return leave(passage);
    if (const auto ring = rings_.find(from); ring != rings_.end()) {
        rings_[to] = ring->second;
        rings_.erase(ring);
        return leave(passage);
    }
    const NodePointer node = find(from);
    const NodePointer target = find(parent_of(to));
    if (node == nullptr || target == nullptr) return leave(passage, {StorageFault::missing, 2});
    PAWL_ASSERT(!node->directory && "folders are not renamed");
    if (parent_of(from) == parent_of(to)) {
        change_names({0, parent_of(to), {{from, nullptr}, {to, node}}, 0});
    } else {
        const auto added = change_names({0, parent_of(to), {{to, node}}, 0});
        change_names({0, parent_of(from), {{from, nullptr}}, added});
    }
    return leave(passage);
}

StorageStatus Disk::remove(const std::string& path) {
    const Passage passage = arrive("remove", path);
    if (!passage.effect()) return leave(passage);
    if (rings_.erase(path) != 0) return leave(passage);
    if (find(path) == nullptr) return leave(passage, {StorageFault::missing, 2});
    change_names({0, parent_of(path), {{path, nullptr}}, 0});
    return leave(passage);
}

StorageStatus Disk::make_directory(const std::string& path) {
    const Passage passage = arrive("make directory", path);
    if (!passage.effect()) return leave(passage);
    if (const NodePointer node = find(path))
        return leave(passage,
                     node->directory ? StorageStatus{} : StorageStatus{StorageFault::exists, 20});
    const NodePointer parent = find(parent_of(path));
    if (parent == nullptr || !parent->directory) return leave(passage, {StorageFault::missing, 2});
    auto node = std::make_shared<Node>();
    node->directory = true;
    change_names({0, parent_of(path), {{path, std::move(node)}}, 0});
    return leave(passage);
}

StorageStatus Disk::sync_directory(const std::string& path) {
    const Passage passage = arrive("sync directory", path);
    if (!passage.effect()) return leave(passage);
    if (find(path) == nullptr) return leave(passage, {StorageFault::missing, 2});
    // A process that dies before the answer proves nothing about what was synced.
    if (passage.course != Course::go) return leave(passage);
    for (std::size_t i = 0; i < renamings_.size(); ++i)
        if (renamings_[i].directory == path) make_durable(i);
    std::erase_if(renamings_, [&](const Renaming& change) { return change.directory == path; });
    return leave(passage);
}

StorageStatus Disk::free_bytes(const std::string& directory, std::uint64_t& bytes) {
    const Passage passage = arrive("free bytes", directory);
    if (!passage.effect()) return leave(passage);
    const std::uint64_t used = used_bytes();
    bytes = used < quota_bytes_ ? quota_bytes_ - used : 0;
    return leave(passage);
}

std::uint64_t Disk::used_bytes() const noexcept {
    std::uint64_t bytes = 0;
    for (const auto& [path, node] : names_) bytes += node->bytes;
    return bytes;
}

StorageStatus Disk::lock(const std::string& path, std::unique_ptr<journal::FileLock>& lock,
                         std::string& holder) {
    const Passage passage = arrive("lock", path);
    if (!passage.effect()) return leave(passage);
    if (find(path) == nullptr) {
        if (find(parent_of(path)) == nullptr) return leave(passage, {StorageFault::missing, 2});
        change_names({0, parent_of(path), {{path, std::make_shared<Node>()}}, 0});
    }
    if (passage.course != Course::go) return leave(passage);
    if (!locks_.insert(path).second) {
        holder = "pid " + std::to_string(life_) + " boot simulated";
        return {StorageFault::locked, 0};
    }
    lock = std::make_unique<DiskLock>(*this, path);
    return {};
}

StorageStatus Disk::probe_lock(const std::string& path, std::string& holder) {
    const Passage passage = arrive("probe lock", path);
    if (!passage.effect() || !locks_.contains(path)) return leave(passage);
    holder = "pid " + std::to_string(life_) + " boot simulated";
    return leave(passage, {StorageFault::locked, 0});
}

StorageStatus Disk::map_ring(const std::string& path, std::uint64_t capacity_bytes,
                             journal::RingMode mode, std::unique_ptr<journal::SharedRing>& ring) {
    const Passage passage = arrive("map", path, static_cast<unsigned>(mode));
    if (!passage.effect()) return leave(passage);
    const auto found = rings_.find(path);
    const bool held = found != rings_.end() && found->second->holders != 0;
    RingPointer memory;
    if (mode == journal::RingMode::create) {
        if (held) return leave(passage, {StorageFault::locked, 0});
        memory = rings_[path] = pool_.blank(capacity_bytes);
    } else {
        if (found == rings_.end()) return leave(passage, {StorageFault::missing, 2});
        memory = found->second;
        if (held && mode == journal::RingMode::recover)
            return leave(passage, {StorageFault::locked, 0});
        if (capacity_bytes != 0 && capacity_bytes != memory->capacity_bytes())
            return leave(passage, {StorageFault::wrong_size, 0});
    }
    if (passage.course == Course::go)
        ring = map(std::move(memory), mode != journal::RingMode::look);
    return leave(passage);
}

}  // namespace pawl::sim
