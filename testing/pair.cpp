// A life: a while without faults, then with them, then without, until both nodes are well again.
#include "testing/pair.hpp"

#include <algorithm>
#include <utility>

namespace pawl::sim {

using testing::Faults;
using testing::Happened;
using testing::SimulationReport;

Pair::Pair(RingPool& pool, const testing::detail::Plan& plan)
    : plan_(plan),
      chance_(plan.options.seed),
      load_(plan.options.seed + 3),
      network_(plan.options.seed + 1),
      arbiter_(plan.options.seed + 2),
      witness_(plan),
      with_(surroundings(pool)),
      a_(with_, "a", "b", true),
      b_(with_, "b", "a", false),
      clients_with_{network_,
                    chance_,
                    now_ns_,
                    plan.domain.schema_text,
                    {clients_address("a"), clients_address("b")}} {
    if (plan.load != nullptr) loaded_ = plan.options.clients;
    for (std::size_t i = 0; i < loaded_; ++i) make_session("client-" + std::to_string(i));
    for (const auto& script : plan.scripts) {
        Session& session = make_session(script.session);
        for (const auto& asked : script.commands)
            if (asked.valid) session.ask(asked);
    }
    a_.start();
    b_.start();
}

Pair::~Pair() {
    everybody_leaves(a_);
    everybody_leaves(b_);
    witness_.leave();
}

// In turns: in the primary's process, and on a machine of its own.
Session& Pair::make_session(const std::string& name) {
    const auto hear = [this](const Session& session, const pawl::detail::RawReply& reply) {
        witness_.told(session.id(), session.name(), reply);
    };
    const Durability durability = plan_.options.durability;
    if (sessions_.size() % 2 == 0) {
        lane_sessions_.push_back(std::make_unique<LaneSession>(name, durability, hear));
        sessions_.push_back(lane_sessions_.back().get());
    } else {
        network_sessions_.push_back(
            std::make_unique<NetworkSession>(clients_with_, name, durability, hear));
        sessions_.push_back(network_sessions_.back().get());
    }
    return *sessions_.back();
}

std::size_t Pair::open_commands() const {
    std::size_t open = 0;
    for (const Session* session : sessions_) open += session->open();
    return open;
}

Surroundings Pair::surroundings(RingPool& pool) {
    const testing::SimulationOptions& options = plan_.options;
    return Surroundings{pool,
                        network_,
                        arbiter_,
                        chance_,
                        plan_.domain,
                        options.shards,
                        options.head_bytes,
                        options.segment_bytes,
                        options.policy,
                        options.snapshot_every_bytes,
                        [this](const char* what, const std::string& about, std::uint64_t number) {
                            note(what, about, number);
                        }};
}

void Pair::note(const char* what, const std::string& about, std::uint64_t number) {
    trace_.note(what, about, number, static_cast<std::uint64_t>(now_ns_ / ms));
    if (!plan_.options.tell) return;
    std::string sentence =
        std::to_string(now_ns_ / ms - 1000) + " ms: " + what + (about.empty() ? "" : " " + about);
    if (number != 0 && number < 1'000'000) sentence += " (" + std::to_string(number) + ")";
    plan_.options.tell(sentence);
}

std::string Pair::describe() const {
    std::string text;
    for (const Machine* machine : {&a_, &b_}) {
        const NodeStatus status = machine->status();
        text += machine->name() + ": " +
                (machine->runs() ? std::string(to_string(status.role)) + " in epoch " +
                                       std::to_string(status.epoch) + ", " + status.why
                                 : "down, " + machine->refusal()) +
                "; lag " + std::to_string(status.lag_bytes) + "\n";
    }
    return text + std::to_string(open_commands()) + " commands without an answer, at " +
           std::to_string(now_ns_ / ms - 1000) + " ms";
}

std::size_t Pair::in_sync() const {
    return arbiter_.history().empty() ? 0 : arbiter_.history().back().reign.in_sync().size();
}

// The one with the highest epoch that has an engine.
Machine* Pair::the_primary() {
    Machine* found = nullptr;
    std::uint64_t epoch = 0;
    for (Machine* machine : machines()) {
        if (machine->engine() == nullptr || machine->engine()->failed()) continue;
        if (found == nullptr || machine->epoch() > epoch) {
            found = machine;
            epoch = machine->epoch();
        }
    }
    return found;
}

void Pair::everybody_leaves(const Machine& machine) {
    if (machine.engine() == nullptr) return;
    for (const auto& session : lane_sessions_) session->leave(machine.engine());
    witness_.leave(machine.engine());
}

void Pair::live(std::int64_t until_ns, const Faults& faults, std::int64_t step_ns) {
    while (now_ns_ < until_ns && wrong().empty()) step(faults, step_ns);
}

void Pair::step(const Faults& faults, std::int64_t step_ns) {
    ++steps_;
    step_ns_ = step_ns;
    now_ns_ += step_ns;
    arbiter_.advance_to(now_ns_);
    network_.advance_to(now_ns_);
    for (Machine* machine : machines()) {
        machine->clock().advance(step_ns);
        bad_luck(*machine, faults);
        const std::uint64_t reign = machine->reign();
        // Nobody may look at an engine that ends.
        if (machine->engine() != nullptr && machine->engine()->failed()) everybody_leaves(*machine);
        machine->work();
        if (machine->disk().dead() && machine->runs()) end(*machine, [&] { machine->kill(); });
        if (machine->reign() == reign || machine->engine() == nullptr) continue;
        ++happened(Happened::reigns);
        const Disk::Onlooker onlooker(machine->disk());
        const std::vector<std::uint64_t> kept = machine->kept();
        if (std::any_of(kept.begin(), kept.end(), [](std::uint64_t begin) { return begin != 0; }))
            ++happened(Happened::reigns_without_the_beginning);
        witness_.begins(machine->name(), machine->epoch(), *machine->engine(), kept);
    }
    clients_work(faults);
}

void Pair::clients_work(const Faults& faults) {
    for (std::size_t i = 0; asking_ && i < loaded_; ++i) {
        if (sessions_[i]->open() >= 8 || !chance_.one_in(3)) continue;
        testing::detail::Asked asked = plan_.load(load_);
        if (asked.valid) sessions_[i]->ask(std::move(asked));
    }
    Machine* primary = the_primary();
    for (const auto& session : lane_sessions_) {
        Machine* const machine = heard_by(*session, primary);
        if (machine != nullptr) session->speak(*machine->engine(), machine->reign());
    }
    for (const auto& session : network_sessions_) {
        client_trouble(*session, faults);
        session->work();
        if (const std::string wrong = session->wrong(); !wrong.empty())
            witness_.complain("client '" + session->name() + "': " + wrong);
    }
    if (steps_ % 16 != 0 || primary == nullptr || primary->disk().dead()) return;
    const Disk::Onlooker onlooker(primary->disk());
    witness_.look();
}

// A client stays with the engine that it knows while that answers, also when there is another
// primary already. Sooner or later it looks around.
Machine* Pair::heard_by(const LaneSession& session, Machine* primary) {
    const auto serves = [](Machine* one) {
        return one != nullptr && one->engine() != nullptr && !one->engine()->failed() &&
               !one->disk().dead();
    };
    for (Machine* machine : machines())
        if (serves(machine) && machine->engine() == session.engine() && machine != primary &&
            !chance_.one_in(300))
            return machine;
    return serves(primary) ? primary : nullptr;
}

void Pair::calm() {
    network_.weather() = NetworkWeather{};
    arbiter_.weather = ArbiterWeather{};
    arbiter_.stop(false);
    for (Machine* machine : machines()) {
        network_.cut(machine->name(), other(*machine).name(), false);
        arbiter_.cut_off(machine->name(), false);
        machine->disk().forget_faults();
        machine->pause_until(0);
        if (!machine->runs()) machine->start();
        for (const auto& client : network_sessions_) {
            network_.cut(client->name(), clients_address(machine->name()), false);
            network_.cut(clients_address(machine->name()), client->name(), false);
        }
    }
    asking_ = false;
    note("nothing goes wrong any more", "", 0);
}

bool Pair::healed() {
    Machine* primary = the_primary();
    if (primary == nullptr) return false;
    if (open_commands() != 0) return false;
    const NodeStatus status = primary->status();
    if (status.role != Role::primary || status.in_sync.size() != 2 || status.lag_bytes != 0)
        return false;
    pawl::detail::FollowerCore* copy = other(*primary).standby();
    return copy != nullptr && copy->status().role == Role::standby &&
           copy->status().lag_bytes == 0 && copy->state_hash() == primary->engine()->state_hash();
}

void Pair::judge_end() {
    Machine* primary = the_primary();
    PAWL_ASSERT(primary != nullptr);
    const Disk::Onlooker onlooker(primary->disk());
    witness_.end(primary->engine()->state_hash());
}

SimulationReport Pair::lead_life() {
    const testing::SimulationOptions& options = plan_.options;
    live(now_ns_ + 400 * ms, Faults::none());
    if (options.faults.weather) bad_weather();
    live(now_ns_ + std::chrono::nanoseconds(options.lasts).count(), options.faults);
    calm();
    const std::int64_t give_up = now_ns_ + std::chrono::nanoseconds(options.heal_within).count();
    while (wrong().empty() && now_ns_ < give_up && !healed())
        live(now_ns_ + 20 * ms, Faults::none());
    if (wrong().empty() && !healed())
        witness_.complain("within " + std::to_string(options.heal_within.count()) +
                          " ms without faults the nodes are not well again: " + describe());
    if (wrong().empty()) judge_end();
    SimulationReport report;
    fill(report);
    return report;
}

void Pair::fill(SimulationReport& report) const {
    report.seed = plan_.options.seed;
    report.steps = steps_;
    report.acknowledged = witness_.acknowledged();
    report.rejected = witness_.rejected();
    report.checks = witness_.checks();
    report.trace = trace_.hash();
    report.happened_ = happened_;
    const auto set = [&](Happened kind, std::uint64_t value) {
        report.happened_[static_cast<std::size_t>(kind)] = value;
    };
    const NetworkFigures& network = network_.figures();
    set(Happened::connections_broken, network.broken);
    set(Happened::connections_half_open, network.half_open);
    set(Happened::connections_refused, network.refused);
    set(Happened::bytes_flipped, network.flipped);
    set(Happened::bytes_vanished, network.vanished);
    set(Happened::bytes_doubled, network.doubled);
    set(Happened::bytes_overtaken, network.overtaken);
    const ArbiterFigures& arbiter = arbiter_.figures();
    set(Happened::questions_lost, arbiter.questions_lost);
    set(Happened::questions_doubled, arbiter.questions_doubled);
    set(Happened::questions_late, arbiter.questions_late);
    set(Happened::answers_late, arbiter.answers_late);
    set(Happened::answers_lost, arbiter.answers_lost);
    for (const auto& session : network_sessions_)
        report.happened_[static_cast<std::size_t>(Happened::outcomes_unknown)] +=
            session->told_unknown();
    if (wrong().empty()) return;
    report.sentence = "seed " + std::to_string(report.seed) + ", step " + std::to_string(steps_) +
                      ", " + std::to_string(now_ns_ / ms - 1000) + " ms: " + wrong() +
                      "; the same options with this seed lead the same life";
    report.story = story();
}

}  // namespace pawl::sim
