// Two machines, an arbiter, clients, disks and the network between them, whole and in one thread
// under a seed. Judged by what clients were told, not by what the code thinks.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "settings.hpp"
#include "testing/machine.hpp"

namespace pawl::sim {
namespace {

constexpr std::int64_t ms = 1'000'000;

// Chances per millisecond and machine, 1 in n; 0 is never.
struct Luck {
    std::uint64_t kill = 0, power = 0, replace = 0, pause = 0, network = 0, arbiter = 0,
                  switchover = 0, call = 0;
    bool storm = false;
};

// A session that asks for one thing after the other, and for everything unanswered again when there
// is another primary.
class Client {
public:
    explicit Client(std::uint64_t name) : name_(name) {}

    struct Asked {
        std::uint64_t number;
        Id list;
        bool sent = false;
    };
    // The judge's: everything that was acknowledged, by list, in order of the numbers.
    std::map<Id, std::set<std::uint64_t>> told;
    std::deque<Asked> open;

    void ask(Chance& chance) {
        if (open.size() < 8) open.push_back({++last_, chance.below(lists)});
    }
    void leave() {
        producer_.reset();
        for (Asked& one : open) one.sent = false;
    }
    void speak(Machine& machine) {
        if (producer_ && (at_ != &machine || reign_ != machine.reign())) leave();
        if (!producer_) {
            // A session's last commands are decided before it goes on: not in this moment of time.
            if (machine.status().role == Role::handing_over) return;
            at_ = &machine;
            reign_ = machine.reign();
            producer_.emplace(machine.engine()->producer({"client-" + std::to_string(name_)}));
        }
        for (Asked& one : open) {
            if (one.sent) continue;
            SubmitOptions options;
            options.number = CommandNumber{one.number};
            options.durability = Durability::replicated;
            const Offer offer = producer_->try_submit(
                one.list, List::Note{one.number * 10 + name_}, options,
                [this, asked = one](const Reply& reply) { hear(asked, reply); });
            if (offer != Offer::accepted) break;  // what comes later must not come first
            one.sent = true;
        }
        producer_->poll_replies(64);
    }
    std::string wrong;

private:
    void hear(const Asked& asked, const Reply& reply) {
        if (reply.refused()) return;  // the engine ends: nobody knows yet
        if (!reply.accepted()) wrong = "a command was rejected";
        told[asked.list].insert(asked.number * 10 + name_);
        std::erase_if(open, [&](const Asked& one) { return one.number == asked.number; });
    }

    const std::uint64_t name_;
    std::uint64_t last_ = 0;
    const Machine* at_ = nullptr;
    std::uint64_t reign_ = 0;
    std::optional<Producer<List>> producer_;
};

class PairWorld {
public:
    PairWorld(RingPool& pool, std::uint64_t seed, ReplicationPolicy policy)
        : chance_(seed),
          network_(seed + 1),
          arbiter_(seed + 2),
          with_{pool, network_, arbiter_, trace_, chance_, policy},
          a_(with_, "a", "b", true),
          b_(with_, "b", "a", false) {
        a_.start();
        b_.start();
    }
    ~PairWorld() {
        for (Client& client : clients_) client.leave();
    }

    void live(std::int64_t until_ns, const Luck& luck, std::int64_t step_ns = ms) {
        while (now_ns_ < until_ns && wrong_.empty()) step(luck, step_ns);
    }
    void storm() {
        NetworkWeather& weather = network_.weather();
        weather.delay_ns_max = static_cast<std::int64_t>(chance_.between(1, 30)) * ms;
        weather.broken_one_in = chance_.between(300, 5000);
        weather.half_open_one_in = chance_.between(1000, 10'000);
        weather.flipped_one_in = chance_.between(1000, 10'000);
        weather.refused_one_in = chance_.between(2, 20);
        arbiter_.weather.answer_lost_one_in = chance_.between(2, 30);
        arbiter_.weather.question_lost_one_in = chance_.between(2, 30);
        arbiter_.weather.doubled_one_in = chance_.between(2, 10);
        arbiter_.weather.late_one_in = chance_.between(2, 30);
    }
    void calm() {
        network_.weather() = NetworkWeather{};
        arbiter_.weather = ArbiterWeather{};
        arbiter_.stop(false);
        for (Machine* machine : machines()) {
            network_.cut(machine->name(), other(*machine).name(), false);
            arbiter_.cut_off(machine->name(), false);
            machine->disk().forget_faults();
            machine->pause_until(0);
            if (!machine->runs()) machine->start();
        }
        asking_ = false;
    }
    std::int64_t now_ns() const noexcept { return now_ns_; }
    const std::string& wrong() const noexcept { return wrong_; }
    std::uint64_t told() const {
        std::uint64_t count = 0;
        for (const Client& client : clients_)
            for (const auto& [list, numbers] : client.told) count += numbers.size();
        return count;
    }
    std::uint64_t reigns() const noexcept { return a_.reign() + b_.reign(); }
    std::string story() { return describe() + "\n" + trace_.story(80); }

    // One primary, one standby that could take over, everything answered, both the same.
    bool healed() {
        Machine* primary = the_primary();
        if (primary == nullptr) return false;
        const NodeStatus status = primary->status();
        if (status.in_sync.size() != 2 || status.lag_bytes != 0) return false;
        for (const Client& client : clients_)
            if (!client.open.empty()) return false;
        const auto copy = other(*primary).content();
        return copy.has_value() && *copy == *primary->content();
    }

    Machine& a() noexcept { return a_; }
    Machine& b() noexcept { return b_; }
    ArbiterStore& arbiter() noexcept { return arbiter_; }
    std::size_t in_sync() const {
        return arbiter_.history().empty() ? 0 : arbiter_.history().back().reign.in_sync().size();
    }
    // The process of the machine ends this way; its clients notice.
    template <class How>
    void end(Machine& machine, const How& how) {
        if (machine.engine() != nullptr)
            for (Client& client : clients_) client.leave();
        how();
    }

private:
    std::array<Machine*, 2> machines() { return {&a_, &b_}; }
    Machine& other(Machine& machine) { return &machine == &a_ ? b_ : a_; }
    std::string describe() {
        std::string text;
        for (Machine* machine : machines()) {
            const NodeStatus status = machine->status();
            text += machine->name() + ": " +
                    (machine->runs() ? std::string(to_string(status.role)) + " in epoch " +
                                           std::to_string(status.epoch) + ", " + status.why
                                     : "down, " + machine->refusal()) +
                    "; lag " + std::to_string(status.lag_bytes) + "\n";
        }
        return text + "at " + std::to_string(now_ns_ / ms) + " ms";
    }

    // The one with the highest epoch that has an engine.
    Machine* the_primary() {
        Machine* found = nullptr;
        for (Machine* machine : machines())
            if (machine->engine() != nullptr && !machine->engine()->failed() &&
                (found == nullptr || machine->status().epoch > found->status().epoch))
                found = machine;
        return found;
    }

    void bad_luck(Machine& machine, const Luck& luck) {
        const auto strikes = [&](std::uint64_t one_in) {
            return one_in != 0 && chance_.one_in(one_in);
        };
        if (!machine.runs()) {
            if (chance_.one_in(100)) machine.start();
            return;
        }
        Machine& peer = other(machine);
        const bool peer_is_whole = peer.is_whole() && in_sync() == 2;
        if (strikes(luck.kill)) return end(machine, [&] { machine.kill(); });
        if (peer_is_whole && strikes(luck.power)) return end(machine, [&] { machine.cut_power(); });
        if (peer_is_whole && strikes(luck.replace)) return end(machine, [&] { machine.replace(); });
        if (strikes(luck.pause))
            machine.pause_until(machine.clock().now() +
                                static_cast<std::int64_t>(chance_.below(1500)) * ms);
        if (strikes(luck.network)) network_trouble(machine);
        if (strikes(luck.arbiter)) arbiter_.cut_off(machine.name(), chance_.coin());
        if (strikes(luck.arbiter)) arbiter_.stop(chance_.one_in(3));
        if (strikes(luck.call))
            machine.disk().die_at_call(chance_.between(1, 400), Dying::half_done);
        if (machine.engine() != nullptr && strikes(luck.switchover))
            static_cast<void>(machine.engine()->hand_over(peer.name()));
        if (chance_.one_in(20'000))
            machine.clock().move_wall(chance_.coin() ? Clock::hour_ns : -Clock::hour_ns);
    }
    void network_trouble(Machine& machine) {
        const std::string& name = machine.name();
        const std::string& peer = other(machine).name();
        switch (chance_.below(4)) {
            case 0:
                return network_.cut(name, peer, chance_.coin());
            case 1:
                network_.cut(name, peer, chance_.coin());
                return network_.cut(peer, name, chance_.coin());
            case 2:
                return network_.break_all();
            default:
                return network_.half_open_all();
        }
    }

    void step(const Luck& luck, std::int64_t step_ns) {
        now_ns_ += step_ns;
        arbiter_.advance_to(now_ns_);
        network_.advance_to(now_ns_);
        for (Machine* machine : machines()) {
            machine->clock().advance(step_ns);
            bad_luck(*machine, luck);
            const std::uint64_t reign = machine->reign();
            const bool had_engine = machine->engine() != nullptr;
            // A producer must not outlive the process that it talks to.
            if (had_engine && machine->engine()->failed())
                for (Client& client : clients_) client.leave();
            machine->work();
            if (machine->disk().dead() && machine->runs()) end(*machine, [&] { machine->kill(); });
            if (machine->reign() != reign) judge_new_primary(*machine);
        }
        Machine* primary = the_primary();
        for (Client& client : clients_) {
            if (asking_ && chance_.one_in(3)) client.ask(chance_);
            if (primary != nullptr && !primary->disk().dead()) client.speak(*primary);
            if (!client.wrong.empty()) complain(client.wrong);
        }
    }

    void judge_new_primary(Machine& machine) {
        const std::uint64_t epoch = machine.status().epoch;
        if (!epochs_.insert(epoch).second)
            return complain("two engines in epoch " + std::to_string(epoch));
        const auto content = machine.content();
        for (std::size_t name = 0; name < clients_.size(); ++name) {
            for (Id list = 0; list < lists; ++list) {
                Numbers mine;
                for (const std::uint64_t number : (*content)[list])
                    if (number % 10 == name) mine.push_back(number);
                if (!std::is_sorted(mine.begin(), mine.end()) ||
                    std::adjacent_find(mine.begin(), mine.end()) != mine.end())
                    return complain("a session's commands are doubled or out of order");
                for (const std::uint64_t number : clients_[name].told[list])
                    if (!std::binary_search(mine.begin(), mine.end(), number))
                        return complain(machine.name() + " reigns in epoch " +
                                        std::to_string(epoch) + " without " +
                                        std::to_string(number) + ", which was acknowledged");
            }
        }
    }
    void complain(const std::string& what) {
        if (wrong_.empty()) wrong_ = what;
    }

    Trace trace_;
    Chance chance_;
    Network network_;
    ArbiterStore arbiter_;
    Surroundings with_;
    Machine a_;
    Machine b_;
    std::array<Client, 3> clients_{Client(0), Client(1), Client(2)};
    std::set<std::uint64_t> epochs_;
    std::int64_t now_ns_ = 1'000'000'000;
    bool asking_ = true;
    std::string wrong_;
};

void lives(std::uint64_t few, const Luck& luck,
           ReplicationPolicy policy = ReplicationPolicy::available) {
    RingPool pool;
    const std::uint64_t count = settings().seeds_or(few);
    std::uint64_t reigns = 0;
    std::uint64_t told = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t seed = settings().first_seed + i;
        PairWorld world(pool, seed, policy);
        world.live(world.now_ns() + 400 * ms, Luck{});
        if (luck.storm) world.storm();
        world.live(world.now_ns() + 3'000 * ms, luck);
        world.calm();
        const std::int64_t give_up = world.now_ns() + 20'000 * ms;
        while (world.wrong().empty() && world.now_ns() < give_up && !world.healed())
            world.live(world.now_ns() + 50 * ms, Luck{});
        ASSERT_EQ(world.wrong(), "") << "--first-seed=" << seed << " --seeds=1\n" << world.story();
        ASSERT_TRUE(world.healed()) << "--first-seed=" << seed << " --seeds=1\n" << world.story();
        reigns += world.reigns();
        told += world.told();
    }
    std::printf("%llu lives, %llu reigns, %llu commands acknowledged, none lost\n",
                static_cast<unsigned long long>(count), static_cast<unsigned long long>(reigns),
                static_cast<unsigned long long>(told));
    EXPECT_GE(reigns, count);
    EXPECT_GT(told, count * 20);
}

TEST(PairOfMachines, without_bad_luck_all_is_well) {
    lives(3, Luck{});
}
TEST(PairOfMachines, kills_lose_nothing_that_was_acknowledged) {
    lives(20, {.kill = 800});
}
TEST(PairOfMachines, every_kind_of_network_loses_nothing) {
    lives(20, {.pause = 1000, .network = 300, .arbiter = 1000, .storm = true});
}
TEST(PairOfMachines, power_cuts_and_new_machines_lose_nothing) {
    lives(20, {.kill = 3000, .power = 1000, .replace = 2000, .pause = 3000});
}
TEST(PairOfMachines, that_are_replaced_and_die_again_lose_nothing) {
    lives(20, {.kill = 100, .power = 400, .replace = 400, .arbiter = 100});
}
// Its journal looks whole, and the arbiter still counts on it.
TEST(PairOfMachines, a_machine_that_dies_while_it_begins_anew_does_not_take_over) {
    RingPool pool;
    PairWorld world(pool, settings().first_seed, ReplicationPolicy::available);
    while (world.in_sync() != 2) world.live(world.now_ns() + ms, Luck{});
    world.live(world.now_ns() + 200 * ms, Luck{});
    world.b().replace();
    world.b().start();
    const auto has_adopted = [&] {
        const auto files = world.b().disk().files();
        return std::any_of(files.begin(), files.end(),
                           [](const auto& file) { return file.ends_with("/manifest"); });
    };
    // It follows once it has read the arbiter's key; then it must not get itself out of the set.
    for (int i = 0; i < 1'000 && world.b().status().role != Role::standby; ++i)
        world.live(world.now_ns() + ms / 20, Luck{}, ms / 20);
    world.arbiter().weather.question_lost_one_in = 1;
    for (int i = 0; i < 10'000 && !has_adopted(); ++i)
        world.live(world.now_ns() + ms / 10, Luck{}, ms / 10);
    ASSERT_TRUE(has_adopted());
    ASSERT_EQ(world.in_sync(), 2U);
    world.b().kill();
    world.end(world.a(), [&] { world.a().replace(); });
    world.arbiter().weather.question_lost_one_in = 0;
    world.b().start();
    world.live(world.now_ns() + 3'000 * ms, Luck{});
    EXPECT_EQ(world.b().engine(), nullptr) << world.story();
    EXPECT_EQ(world.wrong(), "");
}
TEST(PairOfMachines, switchovers_among_faults_lose_nothing) {
    lives(20, {.kill = 3000, .pause = 3000, .network = 2000, .switchover = 200});
}
TEST(PairOfMachines, processes_that_die_in_the_middle_of_a_storage_call_lose_nothing) {
    lives(20, {.pause = 3000, .switchover = 2000, .call = 300});
}
TEST(PairOfMachines, all_of_it_at_once_loses_nothing) {
    lives(20, {.kill = 2000,
               .power = 3000,
               .replace = 6000,
               .pause = 2000,
               .network = 1000,
               .arbiter = 2000,
               .switchover = 1000,
               .storm = true});
}
TEST(PairOfMachines, the_strict_policy_waits_and_loses_nothing) {
    lives(10, {.kill = 2000, .pause = 2000, .network = 1000, .switchover = 1000},
          ReplicationPolicy::strict);
}

}  // namespace
}  // namespace pawl::sim
