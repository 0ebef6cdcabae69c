// One peer after the other.
#include "engine/runtime/heal_from_peers.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "pawl/operator.hpp"

namespace pawl::detail {

namespace {

void tell(const EngineOptions& options, const HealedBlock& block, const std::string& peer) {
    if (!options.on_notice) return;
    const std::string what = block.begin == block.end
                                 ? "the header"
                                 : "the block from position " + std::to_string(block.begin.value) +
                                       " to " + std::to_string(block.end.value);
    options.on_notice(Notice{
        Notice::Kind::recovered, block.shard,
        block.path + ": offset " + std::to_string(block.offset_bytes) + ", shard " +
            std::to_string(block.shard) + ": " + what + " was damaged and is what it was again, " +
            (block.fetched ? "with the records of node " + peer : "from what was readable here") +
            "; what stood there is kept in " + block.quarantine_file});
}

}  // namespace

Result<HealReport> heal_from_peers(const EngineOptions& options) {
    HealReport all;
    for (const ReplicationPeer& peer : options.replication.peers) {
        if (peer.clients.empty()) continue;
        OperatorOptions node;
        node.address = peer.clients;
        node.secret = options.secret;
        node.open_within = std::chrono::seconds(2);
        auto healed = journal_heal(options.directory, records_of_node(std::move(node)));
        if (!healed && all.healed.empty()) return healed;
        if (!healed) break;
        for (HealedBlock& block : healed->healed) {
            tell(options, block, peer.name);
            all.healed.push_back(std::move(block));
        }
        all.left = std::move(healed->left);
        if (all.left.empty()) break;
    }
    return all;
}

std::string why_not_healed(const EngineOptions& options, const Result<HealReport>& tried) {
    if (!tried) return "; it was not healed: " + tried.error().sentence;
    if (!tried->left.empty()) return "; it was not healed: " + tried->left.front();
    for (const ReplicationPeer& peer : options.replication.peers)
        if (!peer.clients.empty()) return {};
    return "; no other node could be asked: say where their clients find them";
}

}  // namespace pawl::detail
