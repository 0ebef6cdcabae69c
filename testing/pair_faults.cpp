// What goes wrong for a pair, by chance.
#include <chrono>

#include "testing/pair.hpp"

namespace pawl::sim {

using testing::Faults;
using testing::Happened;

bool Pair::strikes(std::uint32_t every_ms) {
    if (every_ms == 0) return false;
    const auto every_ns = std::uint64_t{every_ms} * static_cast<std::uint64_t>(ms);
    return chance_.below(every_ns) < static_cast<std::uint64_t>(step_ns_);
}

void Pair::note_fault(Happened kind, const char* what, const std::string& about) {
    ++happened(kind);
    note(what, about, 0);
}

void Pair::bad_weather() {
    NetworkWeather& weather = network_.weather();
    weather.delay_ns_max = static_cast<std::int64_t>(chance_.between(1, 30)) * ms;
    weather.broken_one_in = chance_.between(300, 5000);
    weather.half_open_one_in = chance_.between(1000, 10'000);
    weather.flipped_one_in = chance_.between(100, 3000);
    weather.vanished_one_in = chance_.between(100, 3000);
    weather.doubled_one_in = chance_.between(100, 3000);
    weather.overtaken_one_in = chance_.between(200, 5000);
    weather.window_bytes = std::size_t{1} << chance_.between(11, 18);
    weather.refused_one_in = chance_.between(2, 20);
    arbiter_.weather.answer_lost_one_in = chance_.between(2, 30);
    arbiter_.weather.question_lost_one_in = chance_.between(2, 30);
    arbiter_.weather.doubled_one_in = chance_.between(2, 10);
    arbiter_.weather.late_one_in = chance_.between(2, 30);
    note("the weather turns bad", "", 0);
}

void Pair::bad_luck(Machine& machine, const Faults& faults) {
    if (!machine.runs()) {
        const bool again = chance_.below(100 * static_cast<std::uint64_t>(ms)) <
                           static_cast<std::uint64_t>(step_ns_);
        if (again) machine.start();
        return;
    }
    end_somehow(machine, faults);
    if (!machine.runs()) return;
    const std::string& name = machine.name();
    if (strikes(faults.pause_every_ms)) {
        machine.pause_until(machine.clock().now() +
                            static_cast<std::int64_t>(chance_.below(1500)) * ms);
        note_fault(Happened::pauses, "a process stands still on", name);
    }
    if (strikes(faults.partition_every_ms)) network_trouble(machine);
    if (strikes(faults.arbiter_lost_every_ms)) {
        const bool all = chance_.coin();
        const bool lost = all ? chance_.one_in(3) : chance_.coin();
        if (all)
            arbiter_.stop(lost);
        else
            arbiter_.cut_off(name, lost);
        const std::string who = all ? "all" : name;
        if (lost)
            note_fault(Happened::arbiter_losses, "the arbiter is out of reach for", who);
        else
            note("the arbiter is within reach again for", who, 0);
    }
    if (strikes(faults.die_in_call_every_ms)) {
        machine.disk().die_at_call(chance_.between(1, 400), static_cast<Dying>(chance_.below(3)));
        note_fault(Happened::deaths_in_calls, "a storage call will end the process on", name);
    }
    if (strikes(faults.storage_every_ms)) storage_trouble(machine);
    if (machine.engine() != nullptr && strikes(faults.switchover_every_ms)) {
        note_fault(Happened::switchovers, "an operator wants a switchover from", name);
        static_cast<void>(
            machine.engine()->hand_over(other(machine).name(), AfterHandOver::follows));
    }
    if (strikes(faults.clock_jump_every_ms)) {
        machine.clock().move_wall(chance_.coin() ? Clock::hour_ns : -Clock::hour_ns);
        note_fault(Happened::clock_jumps, "the wall clock jumps by an hour on", name);
    }
}

// What it answers is on its own disk, and nobody is on the way into the set.
bool Pair::reigns_alone(const Machine& machine) const {
    if (arbiter_.history().empty() || arbiter_.may_still_swap()) return false;
    const replication::Reign& reign = arbiter_.history().back().reign;
    return reign.in_sync().size() == 1 && reign.primary().node == machine.name() &&
           reign.epoch() == machine.epoch() && machine.has_begun_on_disk();
}

// By itself, if this one is gone. Not while a life that was lost with its old disk is primary: what
// that has answered nobody knows, so an operator decides.
bool Pair::other_goes_on(const Machine& machine) {
    if (arbiter_.history().empty() || in_sync() != 2) return false;
    const Machine& other_one = other(machine);
    const replication::NodeBoot& primary = arbiter_.history().back().reign.primary();
    return other_one.is_whole() &&
           (primary.node != other_one.name() || other_one.has_led(primary.boot));
}

// At most one of these at a time.
void Pair::end_somehow(Machine& machine, const Faults& faults) {
    if (strikes(faults.kill_every_ms)) {
        ++happened(Happened::kills);
        return end(machine, [&] { machine.kill(); });
    }
    const bool power =
        strikes(faults.power_cut_every_ms) && (other_goes_on(machine) || reigns_alone(machine));
    const bool replaced = strikes(faults.replace_every_ms) && other_goes_on(machine);
    if (!power && !replaced) return;
    // Who counts on one machine's memory or disk alone a moment later would have lost it: that is
    // for an operator.
    if (power ? arbiter_.a_reign_may_begin() : arbiter_.may_still_swap()) return;
    if (power) {
        ++happened(Happened::power_cuts);
        return end(machine, [&] { machine.cut_power(); });
    }
    ++happened(Happened::replacements);
    end(machine, [&] { machine.replace(); });
}

void Pair::storage_trouble(Machine& machine) {
    const bool full = chance_.coin();
    machine.disk().fail_call(chance_.between(1, 400),
                             full ? journal::StorageFault::no_space : journal::StorageFault::io,
                             full ? chance_.between(1, 50) : 1);
    note_fault(Happened::storage_faults,
               full ? "soon there is no room for a while on" : "a storage call will fail on",
               machine.name());
}

void Pair::network_trouble(Machine& machine) {
    const std::string& name = machine.name();
    const std::string& peer = other(machine).name();
    ++happened(Happened::partitions);
    switch (chance_.below(4)) {
        case 0:
            return cut_way(name, peer);
        case 1:
            cut_way(name, peer);
            return cut_way(peer, name);
        case 2:
            note("all connections break", "", 0);
            return network_.break_all();
        default:
            note("all connections are half-open", "", 0);
            return network_.half_open_all();
    }
}

void Pair::client_trouble(NetworkSession& session, const Faults& faults) {
    if (strikes(faults.kill_every_ms)) {
        note_fault(Happened::client_restarts, "a client begins anew:", session.name());
        session.begin_anew();
    }
    if (!strikes(faults.partition_every_ms)) return;
    const Machine& machine = chance_.coin() ? a_ : b_;
    const bool outward = chance_.coin();
    cut_way(outward ? session.name() : clients_address(machine.name()),
            outward ? clients_address(machine.name()) : session.name());
}

// Or mends it.
void Pair::cut_way(const std::string& from, const std::string& to) {
    const bool cut = chance_.coin();
    network_.cut(from, to, cut);
    note(cut ? "nothing gets through any more from" : "bytes get through again from",
         from + " to " + to, 0);
}

}  // namespace pawl::sim
