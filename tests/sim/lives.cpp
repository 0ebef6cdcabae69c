// Chance, and a script.
#include "lives.hpp"

#include <string>
#include <utility>

namespace pawl::sim {
namespace {

Dying any_dying(Chance& chance) {
    return static_cast<Dying>(chance.below(3));
}

void end_process(World& world, Ends ends) {
    const std::uint64_t how = world.chance().below(8);
    if (how == 0 && world.running() && !world.disk().troubled())
        static_cast<void>(world.close());
    else if (how < 3 || ends == Ends::kills)
        world.kill();
    else
        world.cut_power();
    if (world.chance().one_in(4)) world.verify();
}

void lead_a_process(World& world, Ends ends) {
    Chance& chance = world.chance();
    Disk& disk = world.disk();
    if (chance.one_in(3)) disk.die_at_call(chance.between(1, 60), any_dying(chance));
    const bool opened = world.open();
    if (!opened && world.was_refused())
        world.ledger().complain("opening is refused: " + world.refusal().sentence);
    if (opened && chance.coin()) world.check();
    if (opened && chance.coin()) disk.die_at_call(chance.between(1, 80), any_dying(chance));
    if (opened) world.wander(chance.between(5, 60));
    disk.forget_faults();
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

}  // namespace pawl::sim
