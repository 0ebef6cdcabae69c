// The steps from one reign to the next, and the reasons against them.
#include "engine/replication/reign.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/replication/reign_maker.hpp"
#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Error against(const char* step, const std::string& why) {
    return {ErrorCode::mismatch, std::string(step) + ": " + why};
}

std::string in_words(const NodeBoot& one) {
    return one.node + " (boot " + journal::to_hex(one.boot) + ")";
}

// Empty when it may act at all.
std::string fault_of(const NodeBoot& one) {
    if (!is_node_name(one.node))
        return "'" + one.node.substr(0, node_name_bytes_max) +
               "' is no name of a node: 1 to 64 letters, digits, '.', '-', '_', "
               "the first a letter or digit";
    if (one.boot == 0) return "node " + one.node + " has boot 0: draw a random one at its start";
    return {};
}

std::string not_the_primary(const Reign& now, const NodeBoot& by) {
    return in_words(by) + " is not the primary of epoch " + std::to_string(now.epoch()) +
           ", which is " + in_words(now.primary()) + ": read the arbiter again";
}

std::string not_in_sync(const Reign& now, std::string_view node) {
    return std::string(node) + " is not in the in-sync set of epoch " +
           std::to_string(now.epoch()) + ": it may lack what was acknowledged";
}

constexpr const char* epochs_used_up =
    "the epoch 18446744073709551615 is the last there is: use another key";

bool last_epoch(std::uint64_t epoch) noexcept {
    return epoch == std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

bool is_node_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= node_name_bytes_max && is_letter_or_digit(name[0]) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
           });
}

bool Reign::is_in_sync(std::string_view node) const noexcept {
    return std::binary_search(in_sync_.begin(), in_sync_.end(), node);
}

Reign ReignMaker::make(std::uint64_t epoch, NodeBoot primary, std::vector<std::string> in_sync) {
    std::sort(in_sync.begin(), in_sync.end());
    PAWL_ASSERT(epoch != 0 && fault_of(primary).empty());
    PAWL_ASSERT(in_sync.size() <= in_sync_max);
    PAWL_ASSERT(std::all_of(in_sync.begin(), in_sync.end(), is_node_name));
    PAWL_ASSERT(std::adjacent_find(in_sync.begin(), in_sync.end()) == in_sync.end());
    Reign reign;
    reign.epoch_ = epoch;
    reign.primary_ = std::move(primary);
    reign.in_sync_ = std::move(in_sync);
    PAWL_ASSERT(reign.is_in_sync(reign.primary_.node));
    return reign;
}

Result<Reign> first(const NodeBoot& self, std::uint64_t epoch_seen) {
    if (const auto fault = fault_of(self); !fault.empty()) return against("first reign", fault);
    if (last_epoch(epoch_seen)) return against("first reign", epochs_used_up);
    return ReignMaker::make(epoch_seen + 1, self, {self.node});
}

Result<Reign> take_over(const Reign& now, const NodeBoot& self) {
    if (!now.is_in_sync(self.node)) return against("take-over", not_in_sync(now, self.node));
    return take_over_at_a_loss(now, self);
}

Result<Reign> take_over_at_a_loss(const Reign& now, const NodeBoot& self) {
    if (const auto fault = fault_of(self); !fault.empty()) return against("take-over", fault);
    if (self == now.primary())
        return against("take-over", in_words(self) + " is the primary already");
    if (last_epoch(now.epoch())) return against("take-over", epochs_used_up);
    return ReignMaker::make(now.epoch() + 1, self, {self.node});
}

Result<Reign> remove_standby(const Reign& now, const NodeBoot& by, std::string_view standby) {
    constexpr const char* step = "removing a standby";
    if (const auto fault = fault_of(by); !fault.empty()) return against(step, fault);
    if (standby == now.primary().node)
        return against(step, std::string(standby) + " is the primary: hand over instead");
    if (!now.is_in_sync(standby)) return against(step, not_in_sync(now, standby));
    if (by != now.primary()) return against(step, not_the_primary(now, by));
    std::vector<std::string> rest = now.in_sync();
    std::erase(rest, standby);
    return ReignMaker::make(now.epoch(), now.primary(), std::move(rest));
}

Result<Reign> add_standby(const Reign& now, const NodeBoot& by, std::string_view standby) {
    constexpr const char* step = "adding a standby";
    if (const auto fault = fault_of({std::string(standby), 1}); !fault.empty())
        return against(step, fault);
    if (by != now.primary()) return against(step, not_the_primary(now, by));
    if (now.is_in_sync(standby))
        return against(step, std::string(standby) + " is in the in-sync set already");
    if (now.in_sync().size() == in_sync_max)
        return against(step, "the in-sync set has its " + std::to_string(in_sync_max) +
                                 " nodes: take one out first");
    std::vector<std::string> all = now.in_sync();
    all.emplace_back(standby);
    return ReignMaker::make(now.epoch(), now.primary(), std::move(all));
}

Result<Reign> hand_over(const Reign& now, const NodeBoot& by, const NodeBoot& to, OldPrimary old) {
    if (const auto fault = fault_of(to); !fault.empty()) return against("switchover", fault);
    if (by != now.primary()) return against("switchover", not_the_primary(now, by));
    if (to.node == by.node) return against("switchover", to.node + " is the primary already");
    if (!now.is_in_sync(to.node)) return against("switchover", not_in_sync(now, to.node));
    if (last_epoch(now.epoch())) return against("switchover", epochs_used_up);
    std::vector<std::string> in_sync = now.in_sync();
    if (old == OldPrimary::leaves) std::erase(in_sync, by.node);
    return ReignMaker::make(now.epoch() + 1, to, std::move(in_sync));
}

Status may_follow(const Reign& known, const Reign& read) {
    if (read.epoch() < known.epoch())
        return against("arbiter", "it says epoch " + std::to_string(read.epoch()) + " after " +
                                      std::to_string(known.epoch()) +
                                      ": an old copy was restored; stop every node and start "
                                      "first the one that was primary of the later epoch");
    if (read.epoch() == known.epoch() && read.primary() != known.primary())
        return against("arbiter", "epoch " + std::to_string(read.epoch()) + " belongs to " +
                                      in_words(read.primary()) + ", before to " +
                                      in_words(known.primary()) +
                                      ": the key was changed by somebody else; stop every node "
                                      "and compare their journals");
    return Done{};
}

std::string describe(const Reign& reign) {
    std::string text = "epoch " + std::to_string(reign.epoch()) + ", primary " +
                       in_words(reign.primary()) + ", in sync:";
    for (const std::string& node : reign.in_sync()) text += " " + node;
    return text;
}

}  // namespace pawl::replication
