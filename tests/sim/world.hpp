// The production engine, whole, in one thread under one seed: clients, clock and disk are
// simulated. Knows the façade; what must be true is in the ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain.hpp"
#include "ledger.hpp"
#include "pawl/engine.hpp"
#include "testing/chance.hpp"
#include "testing/clock.hpp"
#include "testing/disk.hpp"
#include "testing/trace.hpp"

namespace pawl::sim {

using Bank = Engine<Account, Diary>;

inline const std::string directory_path = "/disk/journal";

struct WorldOptions {
    std::uint64_t seed = 1;
    std::uint32_t shards = 2;
    std::uint32_t pairs = 4;  // of accounts, and of diaries
    std::uint32_t clients = 3;
    bool deep = false;  // the trace holds every byte that is written
    std::function<void(EngineOptions&)> adjust{};
};

class World {
public:
    World(RingPool& pool, WorldOptions options);
    // The same machine and the same clients once more, under another seed. `other` does not run.
    World(const World& other, WorldOptions options);
    ~World();
    World& operator=(const World&) = delete;

    Disk& disk() noexcept { return *disk_; }
    const Disk& disk() const noexcept { return *disk_; }
    Clock& clock() noexcept { return clock_; }
    Chance& chance() noexcept { return chance_; }
    Trace& trace() noexcept { return trace_; }
    Ledger& ledger() noexcept { return ledger_; }
    std::uint64_t lost_count() const noexcept { return ledger_.lost_count(); }
    Bank& bank() { return *bank_; }

    // ---- processes
    // A process begins and opens the engine. False: refusal() says why, or it died on the way.
    bool open();
    const Error& refusal() const noexcept { return refusal_; }
    // What the last opening said of what it had found.
    const std::string& found() const noexcept { return found_; }
    bool was_refused() const noexcept { return !refusal_.sentence.empty(); }
    bool running() const noexcept { return bank_.has_value() && !disk_->dead(); }
    bool healthy() const noexcept { return running() && !bank_->failed(); }
    Status close();
    // The process ends here and now; what becomes of the machine is not decided yet.
    void stop();
    void kill();
    void cut_power();
    void cut_power(const std::function<bool(std::size_t)>& arrived);

    // ---- what happens while it runs. Each does nothing when nothing runs.
    void send();  // one command of a random client
    void send(const Order& order, Asked asked);
    void retry();  // of something long answered
    void poll();   // until there is nothing to do at this time
    void advance(std::int64_t ns);
    void pass_flush_interval();  // and whatever was told before must be on disk
    void snapshot();
    // Asks again whatever is not answered, until all is. False: the engine is dead or has failed,
    // or some were refused for good.
    bool settle();
    // Outcomes, order and states are the model's. Settles first.
    void check();
    bool settled() const { return waiting_.empty() && ledger_.unconfirmed().empty(); }
    // Reading goes on: the states answer, whatever they are.
    void check_states_now();
    void wander(std::uint64_t steps);  // any of the above but the end of a process

    // What an onlooker finds in the journal is in order.
    void verify();

    // ---- judgement
    bool right() const noexcept { return ledger_.wrong().empty(); }
    // Of all that clients were told and states were, whatever the disk had to do for it.
    std::uint64_t heard() const noexcept { return heard_; }
    std::uint64_t refused() const noexcept { return refused_; }
    std::string story() const;
    static constexpr std::int64_t flush_interval_ns = 10'000'000;

private:
    void listen(Ledger::Ticket ticket, const Reply& reply);
    Offer offer(std::uint32_t session, std::uint64_t number, const Order& order, Asked asked,
                std::function<void(const Reply&)> callback);
    template <class C>
    Offer offer_as(Id id, const C& command, std::uint32_t session, const SubmitOptions& options,
                   std::function<void(const Reply&)> callback);
    bool ask(Ledger::Ticket ticket);
    void check_states();
    Order any_order();
    void end_process();

    const WorldOptions options_;
    RingPool& pool_;
    Chance chance_;
    Chance engine_chance_;  // what the engine draws for itself
    Clock clock_;
    Trace trace_;
    std::unique_ptr<Disk> disk_;
    Ledger ledger_;
    std::optional<Bank> bank_;
    std::vector<Producer<Account, Diary>> producers_;
    std::set<Ledger::Ticket> waiting_;  // for an answer of this process
    std::uint64_t life_ = 0;
    std::uint64_t heard_ = 0;
    std::uint64_t refused_ = 0;          // answers that said no for good or for now
    std::optional<std::uint64_t> hash_;  // of the states, if nothing may change it until the next
                                         // opening
    Error refusal_;
    std::string found_;
};

}  // namespace pawl::sim
