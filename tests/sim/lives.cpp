// Chance, and a script.
#include "lives.hpp"

#include <string>
#include <utility>

namespace pawl::sim {
namespace {

// One draw a statement: compilers do not agree about the order of arguments.
void may_die(Disk& disk, std::uint64_t call_max, Chance& chance) {
    const std::uint64_t call = chance.between(1, call_max);
    disk.die_at_call(call, static_cast<Dying>(chance.below(3)));
}

void end_process(World& world, Ends ends) {
    const std::uint64_t how = world.chance().below(8);
    if (how < (ends == Ends::orders ? 4U : 1U) && world.healthy())
        static_cast<void>(world.close());
    else if (how < 3 || ends != Ends::any)
        world.kill();
    else
        world.cut_power();
    if (world.chance().one_in(4)) world.verify();
}

void lead_a_process(World& world, Ends ends) {
    Chance& chance = world.chance();
    Disk& disk = world.disk();
    const bool faulty = ends != Ends::orders;
    const bool fails = faulty && chance.one_in(6);
    if (fails) {
        const std::uint64_t call = chance.between(1, 150);
        const auto fault =
            chance.coin() ? journal::StorageFault::io : journal::StorageFault::no_space;
        disk.fail_call(call, fault, chance.between(1, 3));
    }
    if (faulty && chance.one_in(3)) may_die(disk, 60, chance);
    if (faulty && chance.one_in(10)) disk.set_slowness_ns(chance.between(1'000, 20'000'000));
    const bool opened = world.open();
    if (!opened && world.was_refused() && !fails)
        world.ledger().complain("opening is refused: " + world.refusal().sentence);
    if (opened && chance.coin()) world.check();
    if (faulty && opened && chance.coin()) may_die(disk, 80, chance);
    if (opened) world.wander(chance.between(5, 60));
    disk.forget_faults();
    disk.set_slowness_ns(0);
    end_process(world, ends);
}

}  // namespace

WorldOptions options_of(std::uint64_t seed) {
    WorldOptions options;
    options.seed = seed;
    options.adjust = [seed](EngineOptions& engine) {
        Chance chance(seed ^ 0x5EED);
        if (chance.coin()) engine.snapshot_every_bytes = chance.between(4, 40) << 10;
        engine.retention = static_cast<Retention>(chance.below(3));
        engine.snapshots_kept = static_cast<std::uint32_t>(chance.between(1, 2));
    };
    return options;
}

void recover_and_check(World& world) {
    world.disk().forget_faults();
    if (!world.open())
        return world.ledger().complain("opening is refused: " + world.refusal().sentence);
    world.check();
    world.verify();
    world.wander(world.chance().between(3, 12));
    world.check();
    if (const Status closed = world.close(); !closed)
        return world.ledger().complain("closing fails: " + closed.error().sentence);
    world.verify();
    if (!world.open())
        return world.ledger().complain("opening is refused: " + world.refusal().sentence);
    world.check();
    world.kill();
}

void lead_a_life(World& world, Ends ends) {
    const std::uint64_t processes = world.chance().between(1, 3);
    for (std::uint64_t i = 0; i < processes && world.right(); ++i) lead_a_process(world, ends);
    if (world.right()) recover_and_check(world);
}

std::vector<std::unique_ptr<World>> seasoned_worlds(RingPool& pool) {
    std::vector<std::unique_ptr<World>> worlds;
    for (const std::uint64_t steps : {0U, 40U, 150U, 400U, 1000U}) {
        for (const std::uint64_t seed : {1U, 2U}) {
            auto world = std::make_unique<World>(pool, options_of(1000 + steps + seed));
            if (steps != 0) {
                PAWL_ASSERT(world->open());
                world->wander(steps);
                world->check();
                PAWL_ASSERT(world->right());
                world->kill();
            }
            worlds.push_back(std::move(world));
        }
    }
    return worlds;
}

// ---- the script

WorldOptions Script::options() {
    WorldOptions options;
    options.seed = 7;
    options.pairs = 2;
    options.adjust = [](EngineOptions& engine) {
        engine.snapshots_kept = 2;
        engine.retention = Retention::archive;
    };
    return options;
}

bool Script::begin(const char* chapter) {
    if (!world_.healthy() || !world_.right()) return false;
    chapter_ = chapter;
    world_.trace().note(chapter);
    return true;
}

bool Script::open() {
    return world_.open() && world_.settle();
}

// Each makes one block in each shard, if it is synced.
void Script::rounds(int count, Asked asked) {
    for (int i = 0; i < count && world_.healthy(); ++i) {
        for (std::uint64_t id = 0; id < 4; ++id)
            world_.send({id % 2 == 0 ? What::deposit : What::write, id, 5 + i, 12}, asked);
        world_.poll();
    }
}

// Blocks of so many records each, for every subset of their sectors.
void Script::large_blocks() {
    for (const int records : {4, 9, 13, 17}) {
        for (int i = 0; i < records; ++i)
            world_.send({What::write, 1, 100 * i, 48},
                        i + 1 == records ? Asked::synced : Asked::journaled);
        world_.poll();
    }
}

bool Script::tear_the_end() {
    world_.disk().tear_next_write();
    rounds(2, Asked::synced);
    if (!world_.disk().torn()) return false;
    world_.cut_power([](std::size_t i) { return i % 2 == 0; });
    return true;
}

bool Script::run() {
    chapter_ = "it is made";
    if (!open() || !begin("it is written")) return false;
    rounds(3, Asked::journaled);
    world_.pass_flush_interval();
    if (!begin("it rolls")) return false;
    rounds(14, Asked::synced);
    if (!begin("a snapshot")) return false;
    world_.snapshot();
    rounds(2, Asked::synced);
    if (!begin("a second snapshot, and retention")) return false;
    world_.snapshot();
    rounds(2, Asked::journaled);
    if (!begin("it is killed")) return false;
    world_.kill();
    if (!open() || !begin("it goes on")) return false;
    rounds(2, Asked::synced);
    if (!begin("blocks are large")) return false;
    large_blocks();
    if (!begin("its end is torn")) return false;
    if (!tear_the_end()) return false;
    if (!open() || !begin("it goes on from there")) return false;
    rounds(1, Asked::synced);
    world_.check();
    if (!begin("it is closed")) return false;
    if (!world_.close()) return false;
    if (!open() || !begin("it is open again")) return false;
    rounds(1, Asked::journaled);
    world_.check();
    return world_.healthy();
}

}  // namespace pawl::sim
