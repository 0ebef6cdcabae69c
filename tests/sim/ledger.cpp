// The clients' side of every promise.
#include "ledger.hpp"

#include <algorithm>
#include <utility>

namespace pawl::sim {
namespace {

constexpr std::size_t old_max = 48;

bool same(const Answer& one, const Answer& other) {
    return one.judged == other.judged && one.position == other.position &&
           one.sequence == other.sequence && one.shard == other.shard;
}

}  // namespace

void Ledger::complain(std::string sentence) {
    if (wrong_.empty()) wrong_ = std::move(sentence);
}

std::string Ledger::name(const Entry& entry) const {
    return "command " + std::to_string(entry.number) + " of client " +
           std::to_string(entry.session) + " (" + to_string(entry.order.what) + " " +
           std::to_string(entry.order.amount) + " for " + std::to_string(entry.order.id) +
           ", shard " + std::to_string(entry.answer.shard) + ", position " +
           std::to_string(entry.answer.position) + ")";
}

Ledger::Ticket Ledger::send(std::uint32_t session, const Order& order, Asked asked) {
    Entry entry;
    entry.session = session;
    entry.number = ++numbers_[session];
    entry.order = order;
    entry.asked = asked;
    open_.emplace(next_ticket_, entry);
    return next_ticket_++;
}

void Ledger::told(Ticket ticket, const Answer& answer, std::int64_t now_ns) {
    Entry& entry = open_.at(ticket);
    if (answer.shard >= shards_) return complain(name(entry) + ": answered by no shard");
    Cut& cut = cuts_[answer.shard];
    if (answer.repeat && !entry.from_before) {
        complain(name(entry) + ": sent once, called a repeat");
    } else if (entry.told && answer.repeat && entry.again && !same(entry.answer, answer)) {
        ++lost_;
        cut.kept = std::max(cut.kept, answer.end);
    } else if (entry.told && answer.repeat) {
        check_against_first(entry, answer);
        cut.kept = std::max(cut.kept, answer.end);
    } else if (entry.told) {
        ++lost_;
        if (!entry.lost_allowed)
            complain(name(entry) + ": was acknowledged" + (entry.safe ? " and on disk" : "") +
                     ", and is gone");
        Cut& first = cuts_[entry.answer.shard];
        if (entry.in_order) first.lost = std::min(first.lost, entry.answer.position);
    } else if (answer.repeat) {
        cut.kept = std::max(cut.kept, answer.end);
    }
    for (std::uint32_t shard = 0; shard < shards_; ++shard)
        if (cuts_[shard].kept > cuts_[shard].lost)
            complain("shard " + std::to_string(shard) + ": position " +
                     std::to_string(cuts_[shard].lost) + " is lost, but what ends at " +
                     std::to_string(cuts_[shard].kept) + " is there: not a suffix");
    entry.told = entry.confirmed = true;
    // What a recovery has found, it has also put on disk.
    entry.safe = (answer.repeat && entry.from_before) || entry.asked == Asked::synced;
    entry.from_before = entry.lost_allowed = entry.again = false;
    entry.told_at_ns = now_ns;
    entry.answer = answer;
    if (entry.safe) mark_safe_before(answer.shard, answer.position);
}

void Ledger::check_against_first(const Entry& entry, const Answer& answer) {
    if (same(entry.answer, answer)) return;
    complain(name(entry) + ": was " + to_string(entry.answer.judged) + ", a retry hears " +
             to_string(answer.judged) + " at position " + std::to_string(answer.position));
}

// A shard's stream is lost from its end only.
void Ledger::mark_safe_before(std::uint32_t shard, std::uint64_t position) {
    for (auto& [ticket, entry] : open_)
        if (entry.confirmed && entry.answer.shard == shard && entry.answer.position <= position)
            entry.safe = true;
}

void Ledger::all_told_until_is_safe(std::int64_t ns) {
    for (auto& [ticket, entry] : open_)
        if (entry.confirmed && entry.told_at_ns <= ns) entry.safe = true;
}

void Ledger::crashed(bool power_lost) {
    cuts_.fill(Cut{});
    for (auto& [ticket, entry] : open_) {
        // What was not asked again since the crash before may be lost by either.
        entry.in_order = entry.confirmed;
        if (entry.confirmed) entry.lost_allowed = false;
        if (entry.told && !entry.safe && (power_lost || entry.asked == Asked::decided))
            entry.lost_allowed = true;
        entry.from_before = true;
        entry.confirmed = false;
    }
}

std::vector<Ledger::Ticket> Ledger::unconfirmed() const {
    std::vector<Ticket> tickets;
    for (const auto& [ticket, entry] : open_)
        if (!entry.confirmed) tickets.push_back(ticket);
    return tickets;
}

const Entry* Ledger::some_old(Chance& chance) const {
    return old_.empty() ? nullptr : &old_[chance.below(old_.size())];
}

void Ledger::retold(const Entry& old, const Answer& answer) {
    if (!answer.repeat) return complain(name(old) + ": acted again when it was sent again");
    check_against_first(old, answer);
}

void Ledger::audit() {
    if (!wrong_.empty()) return;
    std::array<std::vector<Ticket>, shards_max> by_shard;
    for (const auto& [ticket, entry] : open_) {
        if (!entry.confirmed) return complain(name(entry) + ": was never answered");
        by_shard[entry.answer.shard].push_back(ticket);
    }
    now_ = base_;
    // The folded part first, the rest on top of it.
    for (std::uint32_t shard = 0; shard < shards_; ++shard)
        audit_shard(shard, std::move(by_shard[shard]));
}

void Ledger::audit_shard(std::uint32_t shard, std::vector<Ticket> tickets) {
    std::sort(tickets.begin(), tickets.end(), [this](Ticket a, Ticket b) {
        return open_.at(a).answer.position < open_.at(b).answer.position;
    });
    std::uint64_t sequence = sequences_[shard];
    std::uint64_t end = 0;
    std::size_t safe = 0;
    for (std::size_t i = 0; i < tickets.size(); ++i) {
        const Entry& entry = open_.at(tickets[i]);
        const Answer& answer = entry.answer;
        const Judged expected = now_.decide(entry.order);
        if (!(answer.judged == expected))
            return complain(name(entry) + ": is " + to_string(answer.judged) + ", should be " +
                            to_string(expected));
        if (answer.position < end) return complain(name(entry) + ": overlaps the record before it");
        if (answer.sequence != sequence + (expected.accepted ? 1 : 0))
            return complain(name(entry) + ": has sequence " + std::to_string(answer.sequence) +
                            " where " + std::to_string(sequence) + " is the last one before it");
        sequence += expected.events;
        end = answer.end;
        if (entry.safe) safe = i + 1;
    }
    for (std::size_t i = 0; i < safe; ++i) {
        auto node = open_.extract(tickets[i]);
        Entry& entry = node.mapped();
        base_.decide(entry.order);
        sequences_[shard] += entry.answer.judged.events;
        old_.push_back(std::move(entry));
        if (old_.size() > old_max) old_.pop_front();
    }
}

}  // namespace pawl::sim
