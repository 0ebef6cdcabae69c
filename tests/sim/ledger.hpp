// What the clients of a simulated engine sent and were told, and whether that can be true. Knows
// promises; none of the code that should keep them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "bank_model.hpp"
#include "testing/chance.hpp"

namespace pawl::sim {

inline constexpr std::uint32_t shards_max = 4;

// How safe an answer was asked to be before it left.
enum class Asked : std::uint8_t { decided, journaled, synced };

// What came back for one command.
struct Answer {
    Judged judged;
    std::uint32_t shard = 0;
    std::uint64_t sequence = 0;  // of its first event; without events: of the last one so far
    std::uint64_t position = 0;  // of its record
    std::uint64_t end = 0;
    bool repeat = false;
};

struct Entry {
    std::uint32_t session = 0;
    std::uint64_t number = 0;
    Order order;
    Asked asked = Asked::journaled;
    bool told = false;          // an answer has come, in this life or an earlier one
    bool confirmed = false;     // and holds since the last crash
    bool safe = false;          // and nothing may ever take it back
    bool in_order = false;      // its place can be compared with those of others that were told
    bool lost_allowed = false;  // the last crash may have taken it back
    bool again = false;         // and it may have been decided anew since, unheard
    bool from_before = false;   // it was on its way, or told, when the last crash came
    std::int64_t told_at_ns = 0;
    Answer answer;
};

class Ledger {
public:
    using Ticket = std::uint64_t;

    explicit Ledger(std::uint32_t shards) : shards_(shards) {}

    // ---- what happens
    Ticket send(std::uint32_t session, const Order& order, Asked asked);
    void withdraw(Ticket ticket) { open_.erase(ticket); }  // it was never taken
    void told(Ticket ticket, const Answer& answer, std::int64_t now_ns);
    // It is sent once more. If it was lost, this may be the time when it acts.
    void sent_again(Ticket ticket) { open_.at(ticket).again = open_.at(ticket).lost_allowed; }
    // Refused, or nobody knows: it must be asked again, and may turn out to be a repeat.
    void unknown(Ticket ticket) { open_.at(ticket).from_before = true; }
    // The declared bound: what was told up to then is on disk by now.
    void all_told_until_is_safe(std::int64_t ns);
    // Everything must be asked again. After a power cut what was not safe may be gone.
    void crashed(bool power_lost);

    // ---- what is open
    const Entry& at(Ticket ticket) const { return open_.at(ticket); }
    std::vector<Ticket> unconfirmed() const;
    std::size_t open_count() const noexcept { return open_.size(); }
    std::uint64_t next_number(std::uint32_t session) { return numbers_[session] + 1; }

    // A command that was answered for good: whoever sends it again hears the same. Null: none yet.
    const Entry* some_old(Chance& chance) const;
    void retold(const Entry& old, const Answer& answer);

    // ---- what must be true
    // When all is confirmed: outcomes and order are those of the model, every event belongs to one
    // command. Forgets what is safe.
    void audit();
    const BankModel& model() const noexcept { return now_; }
    std::uint64_t lost_count() const noexcept { return lost_; }
    void complain(std::string sentence);
    const std::string& wrong() const noexcept { return wrong_; }

private:
    struct Cut {                                 // of the last crash, per shard
        std::uint64_t kept = 0;                  // everything up to here is there
        std::uint64_t lost = ~std::uint64_t{0};  // from here on something is not
    };
    std::string name(const Entry& entry) const;
    void check_against_first(const Entry& entry, const Answer& answer);
    void mark_safe_before(std::uint32_t shard, std::uint64_t position);
    void audit_shard(std::uint32_t shard, std::vector<Ticket> tickets);

    const std::uint32_t shards_;
    Ticket next_ticket_ = 1;
    std::map<Ticket, Entry> open_;
    std::deque<Entry> old_;
    std::map<std::uint32_t, std::uint64_t> numbers_;
    std::array<Cut, shards_max> cuts_{};
    std::array<std::uint64_t, shards_max> sequences_{};  // folded
    BankModel base_;                                     // of what is folded
    BankModel now_;
    std::uint64_t lost_ = 0;
    std::string wrong_;
};

}  // namespace pawl::sim
