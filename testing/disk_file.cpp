// One open file, and the bytes behind it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "pawl/detail/assert.hpp"
#include "testing/disk.hpp"

namespace pawl::sim {

using journal::StorageFault;
using journal::StorageStatus;

namespace {

bool all_zero(const std::byte* at, std::size_t count) noexcept {
    constexpr std::size_t block = 64;
    static constexpr std::byte zeros[block]{};
    for (; count >= block; count -= block, at += block)
        if (std::memcmp(at, zeros, block) != 0) return false;
    return std::memcmp(at, zeros, count) == 0;
}

bool aligned(std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
    return offset % page_bytes == 0 && bytes.size() % page_bytes == 0 &&
           reinterpret_cast<std::uintptr_t>(bytes.data()) % page_bytes == 0;
}

}  // namespace

class DiskFile final : public journal::File {
public:
    DiskFile(Disk& disk, Disk::NodePointer node, std::string path)
        : disk_(disk), node_(std::move(node)), path_(std::move(path)), life_(disk.life_) {}

    StorageStatus read_at(std::uint64_t offset, std::span<std::byte> to,
                          std::size_t& got) override {
        got = 0;
        const auto passage = arrive("read", offset, to.size());
        if (!passage.effect()) return disk_.leave(passage);
        if (offset < node_->bytes) {
            got = std::min<std::uint64_t>(to.size(), node_->bytes - offset);
            disk_.get(*node_, offset, to.first(got));
            disk_.misread(*node_, path_, offset, to.first(got));
        }
        return disk_.leave(passage);
    }
    StorageStatus write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return write("write", offset, bytes, Disk::Keep::loose);
    }
    StorageStatus write_durable(std::uint64_t offset, std::span<const std::byte> bytes) override {
        PAWL_ASSERT(aligned(offset, bytes));
        return write(Disk::write_durable_call, offset, bytes, Disk::Keep::durable);
    }
    StorageStatus sync() override {
        const auto passage = arrive("sync", 0, 0);
        if (passage.course == Disk::Course::fail)
            for (auto& loose : node_->loose) loose.abandoned = true;
        // Dying in a sync proves nothing about what is durable: all of it stays loose.
        if (passage.course == Disk::Course::go) disk_.sync_node(*node_);
        return disk_.leave(passage);
    }
    StorageStatus size(std::uint64_t& bytes) override {
        const auto passage = arrive("size", 0, 0);
        if (passage.effect()) bytes = node_->bytes;
        return disk_.leave(passage);
    }
    // Zeros that are written and not synced.
    StorageStatus reserve(std::uint64_t bytes, bool& can) override {
        can = true;
        if (bytes <= node_->bytes) return {};
        const std::vector<std::byte> zeros(bytes - node_->bytes);
        return write("reserve", node_->bytes, zeros, Disk::Keep::loose);
    }
    const std::string& path() const noexcept override { return path_; }

private:
    Disk::Passage arrive(const char* what, std::uint64_t offset, std::uint64_t count,
                         std::uint64_t content = 0) {
        if (life_ != disk_.life_ && disk_.onlookers_ == 0)
            return {Disk::Course::die_before, {StorageFault::io, 5}};
        return disk_.arrive(what, path_, offset, count, content);
    }

    StorageStatus write(const char* what, std::uint64_t offset, std::span<const std::byte> bytes,
                        Disk::Keep keep) {
        const bool deep = disk_.trace_ != nullptr && disk_.trace_->deep;
        const auto passage =
            arrive(what, offset, bytes.size(), deep ? digest(bytes.data(), bytes.size()) : 0);
        switch (passage.course) {
            case Disk::Course::die_before:
                break;
            case Disk::Course::die_amid:
                disk_.put_some(*node_, offset, bytes, Disk::Keep::loose);
                break;
            case Disk::Course::die_after:
                disk_.put(*node_, offset, bytes, Disk::Keep::loose);
                break;
            case Disk::Course::fail:
                if (passage.status.fault != StorageFault::no_space)
                    disk_.put_some(*node_, offset, bytes, Disk::Keep::abandoned);
                break;
            case Disk::Course::go:
                if (disk_.lied(node_, path_, offset, bytes)) break;
                const std::uint64_t room = disk_.room_for(*node_, offset, bytes.size());
                disk_.put(*node_, offset, bytes.first(room), keep);
                if (room < bytes.size()) return {StorageFault::no_space, 28};
        }
        return disk_.leave(passage);
    }

    Disk& disk_;
    const Disk::NodePointer node_;
    const std::string path_;
    const std::uint64_t life_;
};

std::unique_ptr<journal::File> Disk::file_of(NodePointer node, const std::string& path) {
    return std::make_unique<DiskFile>(*this, std::move(node), path);
}

// How many of these bytes the quota still takes.
std::uint64_t Disk::room_for(const Node& node, std::uint64_t offset, std::uint64_t bytes) const {
    const std::uint64_t end = offset + bytes;
    if (end <= node.bytes || quota_bytes_ == ~std::uint64_t{0}) return bytes;
    const std::uint64_t used = used_bytes();
    const std::uint64_t free = used < quota_bytes_ ? quota_bytes_ - used : 0;
    if (end - node.bytes <= free) return bytes;
    const std::uint64_t allowed = node.bytes + free;
    return allowed > offset ? allowed - offset : 0;
}

void Disk::resize(Node& node, std::uint64_t bytes) {
    node.pages.resize((bytes + page_bytes - 1) / page_bytes);
    node.bytes = bytes;
}

void Disk::get(const Node& node, std::uint64_t offset, std::span<std::byte> to) const {
    std::byte* out = to.data();
    for (std::uint64_t at = offset; at < offset + to.size();) {
        const std::size_t within = at % page_bytes;
        const auto count = std::min<std::uint64_t>(page_bytes - within, offset + to.size() - at);
        const auto& page = node.pages[at / page_bytes];
        if (page != nullptr)
            std::memcpy(out, page->data() + within, count);
        else
            std::memset(out, 0, count);
        at += count;
        out += count;
    }
}

void Disk::put(Node& node, std::uint64_t offset, std::span<const std::byte> bytes, Keep keep) {
    if (bytes.empty()) return;
    const std::uint64_t end = offset + bytes.size();
    if (end > node.bytes) resize(node, end);
    if (keep == Keep::durable) {
        node.durable_bytes = std::max(node.durable_bytes, end);
        if (!node.loose.empty())
            std::erase_if(node.loose, [&](const Loose& one) {
                return one.sector >= offset / sector_bytes && one.sector * sector_bytes < end;
            });
    }
    const std::byte* in = bytes.data();
    for (std::uint64_t at = offset; at < end;) {
        const std::size_t within = at % page_bytes;
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(page_bytes - within, end - at));
        auto& page = node.pages[at / page_bytes];
        const bool same = page != nullptr ? std::memcmp(page->data() + within, in, count) == 0
                                          : all_zero(in, count);
        if (!same) {
            if (page == nullptr)
                page = std::make_shared<Page>();
            else if (page.use_count() > 1)
                page = std::make_shared<Page>(*page);
            change_page(node, *page, at, {in, count}, keep);
        }
        at += count;
        in += count;
    }
}

void Disk::change_page(Node& node, Page& page, std::uint64_t at, std::span<const std::byte> bytes,
                       Keep keep) {
    if (keep != Keep::durable || remembers_) {
        const std::uint64_t first = at / sector_bytes;
        const std::uint64_t last = (at + bytes.size() - 1) / sector_bytes;
        for (std::uint64_t sector = first; sector <= last; ++sector) {
            const std::uint64_t begin = std::max(at, sector * sector_bytes);
            const std::uint64_t end = std::min(at + bytes.size(), (sector + 1) * sector_bytes);
            std::byte* const here = page.data() + begin % page_bytes;
            if (std::memcmp(here, bytes.data() + (begin - at), end - begin) == 0) continue;
            Sector before;
            std::memcpy(before.data(), page.data() + sector * sector_bytes % page_bytes,
                        sector_bytes);
            if (remembers_) node.overwritten[sector] = before;
            if (keep != Keep::durable)
                node.loose.push_back({sector, keep == Keep::abandoned, before});
        }
    }
    std::memcpy(page.data() + at % page_bytes, bytes.data(), bytes.size());
}

// Some of its sectors, never all of them for certain.
void Disk::put_some(Node& node, std::uint64_t offset, std::span<const std::byte> bytes, Keep keep) {
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t count =
            std::min(sector_bytes - (offset + at) % sector_bytes, bytes.size() - at);
        if (chance_.coin()) put(node, offset + at, bytes.subspan(at, count), keep);
        at += count;
    }
}

// What was written last to a sector becomes durable, unless a sync has failed on it.
void Disk::sync_node(Node& node) {
    node.durable_bytes = node.bytes;
    if (node.loose.empty()) return;
    std::set<std::uint64_t> lost;
    std::set<std::uint64_t> seen;
    for (auto one = node.loose.rbegin(); one != node.loose.rend(); ++one)
        if (seen.insert(one->sector).second && one->abandoned) lost.insert(one->sector);
    std::erase_if(node.loose, [&](const Loose& one) { return !lost.contains(one.sector); });
}

// ---- lies

bool Disk::lied(const NodePointer& node, const std::string& path, std::uint64_t offset,
                std::span<const std::byte> bytes) {
    const auto folder = [](const std::string& name) { return name.substr(0, name.rfind('/')); };
    if (lie_is_fresh_ && folder(path) == folder(last_lie_.path)) lie_is_fresh_ = false;
    if (++writes_ != lie_at_) return false;
    last_lie_ = {path, offset, bytes.size()};
    lie_is_fresh_ = true;
    if (trace_ != nullptr) trace_->note("is a lie", path, static_cast<unsigned>(lie_), offset);
    if (lie_ == Lie::lost) {
        // The file is as long as it was told to be: its size is the file system's word.
        if (offset + bytes.size() > node->bytes) {
            resize(*node, offset + bytes.size());
            node->durable_bytes = node->bytes;
        }
        return true;
    }
    // Another place of this file, or the same place of another one.
    if (offset + bytes.size() > node->bytes) resize(*node, offset + bytes.size());
    node->durable_bytes = node->bytes;
    std::vector<Node*> others;
    for (const auto& [name, other] : names_)
        if (!other->directory && other != node && other->bytes >= offset + bytes.size())
            others.push_back(other.get());
    const std::uint64_t places = node->bytes / page_bytes;
    if (!others.empty() && (places < 2 || chance_.coin())) {
        put(*others[chance_.below(others.size())], offset, bytes, Keep::durable);
    } else if (places >= 2) {
        std::uint64_t wrong = chance_.below(places) * page_bytes;
        if (wrong == offset) wrong = (wrong + page_bytes) % (places * page_bytes);
        put(*node, wrong, bytes.first(std::min<std::uint64_t>(bytes.size(), node->bytes - wrong)),
            Keep::durable);
    }
    return true;
}

void Disk::misread(const Node& node, const std::string& path, std::uint64_t offset,
                   std::span<std::byte> to) {
    if (onlookers_ != 0 || ++reads_ != misread_at_ || to.empty()) return;
    last_lie_ = {path, offset, to.size()};
    if (trace_ != nullptr)
        trace_->note("is misread", path, static_cast<unsigned>(misread_), offset);
    if (misread_ == Misread::flipped) {
        const std::uint64_t bit = chance_.below(to.size() * 8);
        to[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        return;
    }
    for (const auto& [sector, before] : node.overwritten) {
        const std::uint64_t begin = std::max(offset, sector * sector_bytes);
        const std::uint64_t end =
            std::min<std::uint64_t>(offset + to.size(), (sector + 1) * sector_bytes);
        if (begin < end)
            std::memcpy(to.data() + (begin - offset), before.data() + begin % sector_bytes,
                        end - begin);
    }
}

// ---- tampering

std::vector<std::string> Disk::files() const {
    std::vector<std::string> found;
    for (const auto& [path, node] : names_)
        if (!node->directory) found.push_back(path);
    return found;
}

std::uint64_t Disk::bytes_of(const std::string& path) const {
    const auto node = find(path);
    return node == nullptr ? 0 : node->bytes;
}

std::vector<std::byte> Disk::content(const std::string& path) const {
    const auto node = find(path);
    if (node == nullptr) return {};
    std::vector<std::byte> bytes(node->bytes);
    get(*node, 0, bytes);
    return bytes;
}

void Disk::flip_bit(const std::string& path, std::uint64_t bit) {
    const auto node = find(path);
    PAWL_ASSERT(node != nullptr && bit / 8 < node->bytes);
    if (trace_ != nullptr) trace_->note("rots", path, bit);
    std::byte one{};
    get(*node, bit / 8, {&one, 1});
    one ^= static_cast<std::byte>(1U << (bit % 8));
    put(*node, bit / 8, {&one, 1}, Keep::durable);
}

}  // namespace pawl::sim
