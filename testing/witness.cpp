// Reads whole journals again and again: what is believed of one node is not believed of the next.
#include "testing/witness.hpp"

#include <algorithm>
#include <memory_resource>
#include <utility>

#include "pawl/detail/record.hpp"

namespace pawl::sim {

using pawl::detail::RecordHeader;
using pawl::detail::RecordKind;
using pawl::detail::RecordView;

Witness::Witness(const testing::detail::Plan& plan) : plan_(plan) {}

Witness::Outcome_& Witness::Heard::at(std::uint64_t number) {
    if (commands.size() <= number) commands.resize(number + 1);
    return commands[number];
}

void Witness::complain(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
}

std::uint64_t Witness::state_hash() const {
    std::uint64_t hash = 0;
    for (const auto& shard : states_) hash += shard->state_hash();
    return hash;
}

// ---- what clients hear

void Witness::told(SessionId session, const std::string& name,
                   const pawl::detail::RawReply& reply) {
    Heard& heard = sessions_[session.value];
    heard.name = name;
    Outcome_& one = heard.at(reply.number);
    ++acknowledged_;
    if (reply.outcome == Outcome::rejected) ++rejected_;
    Outcome_ told;
    told.told = true;
    told.found = one.found;
    told.outcome = reply.outcome;
    told.reason = reply.reason;
    told.events = reply.event_count;
    told.shard = reply.shard;
    told.sequence = reply.sequence;
    if (one.found)
        compare(heard, reply.number, told);
    else
        ++heard.missing;
    if (!one.found) one = told;
    one.told = true;
}

// `one` is known of the command already, `there` comes from the other side.
void Witness::compare(const Heard& heard, std::uint64_t number, const Outcome_& there) {
    const Outcome_& one = heard.commands[number];
    const bool same = one.outcome == there.outcome && one.reason == there.reason &&
                      one.events == there.events && one.shard == there.shard &&
                      (one.events == 0 || one.sequence == there.sequence);
    if (!same)
        complain("command " + std::to_string(number) + " of session '" + heard.name +
                 "': " + node_ + " has it as " + to_string(there.outcome) + " with " +
                 std::to_string(there.events) + " events from sequence " +
                 std::to_string(there.sequence) + ", and it was told as " + to_string(one.outcome) +
                 " with " + std::to_string(one.events) + " from " + std::to_string(one.sequence));
}

// ---- what journals say

void Witness::leave(const pawl::detail::Core* engine) noexcept {
    if (engine == engine_) follower_.reset();
}

void Witness::begins(const std::string& node, std::uint64_t epoch, pawl::detail::Core& engine,
                     const std::vector<std::uint64_t>& first) {
    const std::uint64_t latest = epochs_.empty() ? 0 : *epochs_.rbegin();
    if (!epochs_.insert(epoch).second)
        complain("epoch " + std::to_string(epoch) + " has two engines, the second on " + node);
    if (epoch < latest) return;
    node_ = node;
    epoch_ = epoch;
    engine_ = &engine;
    states_.clear();
    for (std::uint32_t shard = 0; shard < plan_.options.shards; ++shard)
        states_.push_back(plan_.domain.make_machine(shard, plan_.options.shards,
                                                    std::pmr::new_delete_resource()));
    for (auto& [id, heard] : sessions_) {
        heard.highest.assign(plan_.options.shards, 0);
        heard.missing = 0;
        for (Outcome_& one : heard.commands) {
            one.found = false;
            if (one.told) ++heard.missing;
        }
    }
    history_.resize(plan_.options.shards);
    pawl::detail::FollowOptions follow;
    for (std::uint32_t shard = 0; shard < plan_.options.shards; ++shard) {
        read_again(shard, first[shard]);
        follow.from.push_back({first[shard], 0});
    }
    follower_ = engine.follow(follow);
    look();
}

// What stands in no journal any more. What stands in this one is read there.
void Witness::read_again(std::uint32_t shard, std::uint64_t end) {
    std::vector<Kept> history = std::exchange(history_[shard], {});
    std::uint64_t read_up_to = 0;
    for (Kept& record : history) {
        if (record.position >= end || !wrong_.empty()) break;
        read_up_to = record.position + record.bytes.size();
        read({record.bytes.data(), shard, record.position, record.session_id});
        history_[shard].push_back(std::move(record));
    }
    if (wrong_.empty() && read_up_to < end)
        complain(node_ + " has removed what no journal showed before: shard " +
                 std::to_string(shard) + " up to " + std::to_string(end) + ", read up to " +
                 std::to_string(read_up_to));
}

void Witness::look() {
    if (follower_ == nullptr || !wrong_.empty()) return;
    read_on();
    for (const auto& [id, heard] : sessions_) {
        if (heard.missing == 0 || !wrong_.empty()) continue;
        for (std::size_t number = 0; number < heard.commands.size(); ++number)
            if (heard.commands[number].told && !heard.commands[number].found)
                return complain(node_ + " reigns in epoch " + std::to_string(epoch_) +
                                " without command " + std::to_string(number) + " of session '" +
                                heard.name + "', which was acknowledged");
    }
}

void Witness::read_on() {
    pawl::detail::StreamRecord record;
    while (wrong_.empty()) {
        const Result<bool> next = follower_->next(record);
        if (!next) return complain(node_ + " cannot be read: " + next.error().sentence);
        if (!*next) return;
        const std::size_t bytes = RecordView(record.bytes).length();
        history_[record.shard].push_back(
            {record.position, record.session_id, {record.bytes, record.bytes + bytes}});
        read(record);
    }
}

void Witness::read(const pawl::detail::StreamRecord& record) {
    const RecordView view(record.bytes);
    const RecordHeader& header = view.header();
    const RecordKind kind = header.kind();
    const bool changes = pawl::detail::has_events(kind);
    if (changes && !states_[record.shard]->apply_one(view))
        return complain(node_ + ": record at position " + std::to_string(record.position) +
                        " of shard " + std::to_string(record.shard) + " does not apply");
    if (changes) check_invariants();
    if (!pawl::detail::is_answer(kind) || header.session == 0 || header.number == 0) return;
    Heard& heard = sessions_[record.session_id];
    if (heard.highest.empty()) heard.highest.assign(plan_.options.shards, 0);
    std::uint64_t& highest = heard.highest[record.shard];
    if (header.number <= highest)
        return complain(node_ + ": session '" + heard.name + "' has command " +
                        std::to_string(header.number) + " after " + std::to_string(highest) +
                        " on shard " + std::to_string(record.shard));
    highest = header.number;
    Outcome_ there;
    there.outcome = kind == RecordKind::rejected  ? Outcome::rejected
                    : kind == RecordKind::refused ? Outcome::refused
                                                  : Outcome::accepted;
    there.reason = header.reason;
    there.events = header.event_count;
    there.shard = record.shard;
    there.sequence = header.sequence;
    Outcome_& one = heard.at(header.number);
    if (one.found)
        return complain(node_ + ": session '" + heard.name + "' has command " +
                        std::to_string(header.number) + " on two shards");
    if (one.told) {
        compare(heard, header.number, there);
        --heard.missing;
    } else {
        one = there;
    }
    one.found = true;
}

void Witness::check_invariants() {
    for (const testing::detail::Invariant& invariant : plan_.invariants) {
        ++checks_;
        if (!invariant.holds(states_))
            return complain("invariant '" + invariant.name + "' does not hold on " + node_ +
                            " in epoch " + std::to_string(epoch_));
    }
}

void Witness::end(std::uint64_t hash) {
    look();
    if (wrong_.empty() && hash != state_hash())
        complain(node_ + ": its states are not what its records amount to: hash " +
                 std::to_string(hash) + ", of the records " + std::to_string(state_hash()));
}

}  // namespace pawl::sim
