// A disk that lies: writes that never happen or go elsewhere, reads of what stood there before,
// bits that turn. Whatever it does is found or harmless: a wrong state is never served in silence.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "lives.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

struct Tally {
    std::uint64_t cases = 0;
    std::uint64_t refused = 0;     // to open, with a sentence that says where
    std::uint64_t aloud = 0;       // something acknowledged was cut, set aside and named
    std::uint64_t unknowable = 0;  // the very last write before the power was lost

    void print(const char* what) const {
        std::printf(
            "%llu %s: %llu refused by name, %llu cut aloud, %llu that nobody can know of, "
            "the others harmless\n",
            static_cast<unsigned long long>(cases), what, static_cast<unsigned long long>(refused),
            static_cast<unsigned long long>(aloud), static_cast<unsigned long long>(unknowable));
    }
};

bool names_the_place(const std::string& sentence) {
    const auto has = [&](const char* word) { return sentence.find(word) != std::string::npos; };
    return has("/disk/journal") &&
           (has("shard ") || has("manifest") || has(".seg") || has(".snap") || has("/s"));
}

// What was found, once the world has come to its end: right, refused by name, or said aloud.
void judge(World& world, Tally& tally, const std::string& the_case) {
    if (world.was_refused()) {
        EXPECT_TRUE(names_the_place(world.refusal().sentence))
            << the_case << ": " << world.refusal().sentence;
        ++tally.refused;
        return;
    }
    if (world.right()) return;
    if (world.disk().lie_without_witness()) {
        ++tally.unknowable;
        return;
    }
    if (world.found().find("set aside") != std::string::npos) {
        ++tally.aloud;
        return;
    }
    ADD_FAILURE() << the_case << ": " << world.story();
}

void open_and_check(World& world) {
    world.disk().forget_faults();
    if (world.open()) world.check();
}

std::uint64_t writes_of_the_script() {
    RingPool pool;
    World world(pool, Script::options());
    EXPECT_TRUE(Script(world).run()) << world.story();
    return world.disk().writes();
}

// The n-th write is a lie, for every n. What an intact later block, the manifest, a snapshot or the
// head says was on disk must be there or be missed aloud.
void lie_at_every_write(Lie lie, bool power_lost, const char* what) {
    const std::uint64_t writes = writes_of_the_script();
    RingPool pool;
    Tally tally;
    for (std::uint64_t n = 1; n <= writes; ++n) {
        World world(pool, Script::options());
        const Watched watched(world);
        world.disk().lie_at_write(n, lie);
        Script script(world);
        script.run();
        ++tally.cases;
        if (!world.was_refused() && world.right()) {
            if (power_lost)
                world.cut_power();
            else
                world.kill();
            if (world.right()) open_and_check(world);
        }
        judge(world, tally,
              "write " + std::to_string(n) + " to " + world.disk().last_lie().path + " offset " +
                  std::to_string(world.disk().last_lie().offset));
        if (::testing::Test::HasFailure()) return;
    }
    tally.print(what);
}

TEST(LyingDisk, that_loses_a_write_is_found_out_after_a_kill) {
    lie_at_every_write(Lie::lost, false, "lost writes");
}
TEST(LyingDisk, that_loses_a_write_is_found_out_after_a_power_cut) {
    lie_at_every_write(Lie::lost, true, "lost writes");
}
TEST(LyingDisk, that_misdirects_a_write_is_found_out_after_a_kill) {
    lie_at_every_write(Lie::misdirected, false, "misdirected writes");
}
TEST(LyingDisk, that_misdirects_a_write_is_found_out_after_a_power_cut) {
    lie_at_every_write(Lie::misdirected, true, "misdirected writes");
}

// A recovery in which one read, each in turn, answers with something else. The next one, with a
// disk that is honest again, must find everything.
void misread_every_read(Misread misread, bool power_lost, const char* what) {
    RingPool pool;
    Tally tally;
    for (std::uint64_t n = 1;; ++n) {
        World world(pool, Script::options());
        const Watched watched(world);
        world.disk().remember_overwritten();
        ASSERT_TRUE(Script(world).run()) << world.story();
        world.pass_flush_interval();
        if (power_lost)
            world.cut_power();
        else
            world.kill();
        const std::uint64_t before = world.disk().reads();
        world.disk().misread_at(n, misread);
        const bool opened = world.open();
        if (world.disk().reads() - before < n) break;
        ++tally.cases;
        if (opened) world.check();
        const std::string the_case = "read " + std::to_string(n) + " of " +
                                     world.disk().last_lie().path + " offset " +
                                     std::to_string(world.disk().last_lie().offset);
        judge(world, tally, the_case);
        if (!::testing::Test::HasFailure() && world.right()) {
            world.kill();
            open_and_check(world);
            EXPECT_TRUE(world.running() && world.right())
                << the_case << ", and then an honest disk: " << world.refusal().sentence
                << world.story();
        }
        if (::testing::Test::HasFailure()) return;
    }
    tally.print(what);
}

TEST(LyingDisk, whose_reads_are_stale_once_does_no_harm_after_a_kill) {
    misread_every_read(Misread::stale, false, "stale reads");
}
TEST(LyingDisk, whose_reads_are_stale_once_does_no_harm_after_a_power_cut) {
    misread_every_read(Misread::stale, true, "stale reads");
}
TEST(LyingDisk, whose_reads_flip_a_bit_once_does_no_harm_after_a_kill) {
    misread_every_read(Misread::flipped, false, "flipped reads");
}
TEST(LyingDisk, whose_reads_flip_a_bit_once_does_no_harm_after_a_power_cut) {
    misread_every_read(Misread::flipped, true, "flipped reads");
}

// Nothing is cut because of one answer: the same in directories of any age, at any read.
TEST(LyingDisk, that_misreads_once_makes_nothing_be_cut) {
    RingPool pool;
    const auto seasoned = seasoned_worlds(pool);
    Tally tally;
    const std::uint64_t first = settings().first_seed;
    const std::uint64_t count = settings().seeds_or(3000);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const World& base = *seasoned[mixed(seed) % seasoned.size()];
        World world(base, options_of(seed));
        const Watched watched(world);
        world.disk().remember_overwritten();
        Chance& chance = world.chance();
        ASSERT_TRUE(world.open()) << world.refusal().sentence;
        world.wander(chance.between(1, 30));
        world.pass_flush_interval();
        if (chance.coin())
            world.kill();
        else
            world.cut_power();
        world.disk().misread_at(chance.between(1, 40),
                                chance.coin() ? Misread::stale : Misread::flipped);
        if (world.open()) world.check();
        ++tally.cases;
        const std::string the_case = "seed " + std::to_string(seed);
        judge(world, tally, the_case);
        EXPECT_EQ(tally.aloud, 0U) << the_case << ": " << world.found() << world.story();
        if (world.right()) {
            world.kill();
            open_and_check(world);
            EXPECT_TRUE(world.running() && world.right())
                << the_case << ", and then an honest disk: " << world.refusal().sentence
                << world.story();
        }
        if (HasFailure()) return;
    }
    tally.print("misreads");
}

TEST(LyingDisk, that_rots_is_found_out) {
    RingPool pool;
    const auto seasoned = seasoned_worlds(pool);
    Tally tally;
    const std::uint64_t first = settings().first_seed;
    const std::uint64_t count = settings().seeds_or(1500);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        World world(*seasoned[mixed(seed) % seasoned.size()], options_of(seed));
        const Watched watched(world);
        if (world.open()) world.wander(world.chance().between(1, 30));
        world.pass_flush_interval();
        if (world.chance().coin())
            world.kill();
        else
            world.cut_power();
        if (world.right() && !world.was_refused()) {
            const auto files = world.disk().files();
            for (std::uint64_t bits = world.chance().between(1, 3); bits != 0; --bits) {
                const std::string& path = files[world.chance().below(files.size())];
                const std::uint64_t bytes = world.disk().bytes_of(path);
                if (bytes != 0) world.disk().flip_bit(path, world.chance().below(bytes * 8));
            }
            open_and_check(world);
        }
        ++tally.cases;
        judge(world, tally, "seed " + std::to_string(seed));
        if (HasFailure()) return;
    }
    tally.print("rotten disks");
}

}  // namespace
}  // namespace pawl::sim
