// Death of a process, loss of power, and the same machine twice.
#include <algorithm>
#include <cstring>
#include <utility>

#include "pawl/detail/assert.hpp"
#include "testing/disk.hpp"

namespace pawl::sim {

void Disk::kill() {
    if (dead_) return;
    die();
    if (on_death) on_death();
}

void Disk::die() {
    dead_ = true;
    locks_.clear();
    if (trace_ != nullptr) trace_->note("the process is dead");
    // Whatever it still stores into its mappings is not what others find.
    for (auto& [path, memory] : rings_)
        if (memory->holders != 0) memory = pool_.copy_of(*memory);
}

void Disk::start() {
    if (!dead_) die();
    ++life_;
    dead_ = torn_ = false;
    failures_ = 0;
}

void Disk::lose_shared_memory() {
    PAWL_ASSERT(dead_ && "kill the process first");
    rings_.clear();
}

std::vector<std::pair<std::string, Disk::NodePointer>> Disk::loose_nodes() const {
    std::vector<std::pair<std::string, NodePointer>> nodes;
    const auto add = [&](const Names& names) {
        for (const auto& [path, node] : names) {
            if (node->loose.empty() && node->bytes == node->durable_bytes) continue;
            const bool known = std::any_of(nodes.begin(), nodes.end(),
                                           [&](const auto& one) { return one.second == node; });
            if (!known) nodes.emplace_back(path, node);
        }
    };
    add(durable_names_);
    add(names_);
    for (const Renaming& change : renamings_)
        for (const auto& [path, node] : change.names)
            if (node != nullptr) add({{path, node}});
    return nodes;
}

std::vector<std::string> Disk::loose() const {
    std::vector<std::string> lines;
    for (const auto& [path, node] : loose_nodes()) {
        if (node->bytes != node->durable_bytes)
            lines.push_back(path + " size " + std::to_string(node->bytes));
        std::set<std::uint64_t> sectors;
        for (const Loose& one : node->loose) sectors.insert(one.sector);
        for (const std::uint64_t sector : sectors)
            lines.push_back(path + " sector " + std::to_string(sector));
    }
    for (const Renaming& change : renamings_)
        lines.push_back(change.names.back().first +
                        (change.names.back().second ? " named" : " gone"));
    return lines;
}

// Each loose thing becomes one of its versions: 0 is what is durable, the last what was written
// last. Asked in the order of loose().
void Disk::settle(const std::function<std::size_t(std::size_t versions)>& choose) {
    for (const auto& [path, node] : loose_nodes()) {
        const std::uint64_t bytes = node->bytes != node->durable_bytes && choose(2) == 0
                                        ? node->durable_bytes
                                        : node->bytes;
        std::map<std::uint64_t, std::vector<const Sector*>> versions;
        for (const Loose& one : node->loose) versions[one.sector].push_back(&one.before);
        for (const auto& [sector, before] : versions) {
            const std::size_t chosen = choose(before.size() + 1);
            if (chosen == before.size()) continue;
            auto& page = node->pages[sector * sector_bytes / page_bytes];
            PAWL_ASSERT(page != nullptr);
            if (page.use_count() > 1) page = std::make_shared<Page>(*page);
            std::memcpy(page->data() + sector * sector_bytes % page_bytes, before[chosen]->data(),
                        sector_bytes);
        }
        node->loose.clear();
        if (bytes < node->bytes) {
            // What lies behind the end comes back as zeros.
            if (const std::size_t within = bytes % page_bytes; within != 0) {
                auto& page = node->pages[bytes / page_bytes];
                if (page != nullptr) {
                    if (page.use_count() > 1) page = std::make_shared<Page>(*page);
                    std::memset(page->data() + within, 0, page_bytes - within);
                }
            }
            resize(*node, bytes);
        }
        node->durable_bytes = node->bytes;
    }
    for (std::size_t i = 0; i < renamings_.size(); ++i)
        if (choose(2) != 0) make_durable(i);
    renamings_.clear();
    // What stands in a folder that never arrived is gone with it.
    for (auto at = durable_names_.begin(); at != durable_names_.end();) {
        const std::string parent = at->first.substr(0, at->first.rfind('/'));
        const bool kept = parent.empty() || durable_names_.contains(parent);
        at = kept ? std::next(at) : durable_names_.erase(at);
    }
    names_ = durable_names_;
}

void Disk::lose_power() {
    kill();
    rings_.clear();
    if (lie_is_fresh_) lie_without_witness_ = true;
}

void Disk::cut_power(Chance& chance) {
    lose_power();
    // A power cut of a whole machine is often kind, or cruel, to everything at once.
    const std::uint64_t mood = chance.below(4);
    settle([&](std::size_t versions) -> std::size_t {
        if (mood == 0) return 0;
        if (mood == 1) return versions - 1;
        return chance.below(versions);
    });
    if (trace_ != nullptr) trace_->note("power is cut", {}, mood);
}

void Disk::cut_power(const std::function<bool(std::size_t)>& arrived) {
    lose_power();
    std::size_t i = 0;
    settle([&](std::size_t versions) { return arrived(i++) ? versions - 1 : 0; });
    if (trace_ != nullptr) trace_->note("power is cut");
}

std::unique_ptr<Disk> Disk::copy(Clock* clock, Trace* trace) const {
    auto other = std::make_unique<Disk>(pool_, clock, trace);
    std::map<const Node*, NodePointer> copies;
    const auto copied = [&](const NodePointer& node) -> NodePointer {
        if (node == nullptr) return nullptr;
        NodePointer& one = copies[node.get()];
        if (one == nullptr) one = std::make_shared<Node>(*node);
        return one;
    };
    other->names_.clear();
    other->durable_names_.clear();
    for (const auto& [path, node] : names_) other->names_[path] = copied(node);
    for (const auto& [path, node] : durable_names_) other->durable_names_[path] = copied(node);
    for (const Renaming& change : renamings_) {
        Renaming twin = change;
        for (auto& [path, node] : twin.names) node = copied(node);
        other->renamings_.push_back(std::move(twin));
    }
    other->renamings_made_ = renamings_made_;
    for (const auto& [path, memory] : rings_) {
        PAWL_ASSERT(memory->holders == 0 && "end the process first");
        other->rings_[path] = pool_.copy_of(*memory);
    }
    other->chance_ = chance_;
    other->quota_bytes_ = quota_bytes_;
    other->remembers_ = remembers_;
    other->last_lie_ = last_lie_;
    other->lie_is_fresh_ = lie_is_fresh_;
    other->lie_without_witness_ = lie_without_witness_;
    other->dead_ = true;
    return other;
}

}  // namespace pawl::sim
