// Both machines of a pair lose power: who goes on by itself, what an operator is left with, and
// that nothing of what both disks had is lost.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "pair_kit.hpp"
#include "settings.hpp"

namespace pawl::sim {
namespace {

class BothDown : public PairTest {
protected:
    // The one that falls later does not hear of the other's fall.
    static void lose_power(Pair& pair, Machine& machine) {
        pair.end(machine, [&] { machine.cut_power(); });
    }
    static void lose_power(Pair& pair) {
        lose_power(pair, pair.a());
        lose_power(pair, pair.b());
    }
    static void run(Machine& machine) {
        if (!machine.runs()) machine.start();
    }
    static bool somebody_reigns(Pair& pair) {
        return pair.a().engine() != nullptr || pair.b().engine() != nullptr;
    }
    // What the primary has asked for is done now.
    static void names(Pair& pair, const replication::NodeBoot& successor) {
        const ArbiterStore::Made last = pair.arbiter().history().back();
        const auto wanted = replication::hand_over(last.reign, last.reign.primary(), successor,
                                                   replication::OldPrimary::stays);
        ASSERT_TRUE(wanted.ok());
        const auto late = pair.arbiter().connect("a question that was late");
        late->compare_and_swap(last.revision, *wanted);
        const std::int64_t give_up = pair.now_ns() + 1'000 * ms;
        for (std::int64_t now_ns = pair.now_ns(); late->busy(); now_ns += ms) {
            ASSERT_LT(now_ns, give_up);
            static_cast<void>(late->do_work(now_ns));
        }
        ASSERT_EQ(pair.arbiter().history().back().reign.primary(), successor);
    }
    static void heals(Pair& pair) {
        pair.calm();
        const std::int64_t give_up = pair.now_ns() + 20'000 * ms;
        while (pair.wrong().empty() && pair.now_ns() < give_up && !pair.healed())
            live(pair, 20 * ms);
        ASSERT_EQ(pair.wrong(), "") << pair.story();
        ASSERT_TRUE(pair.healed()) << pair.story();
        pair.judge_end();
        ASSERT_EQ(pair.wrong(), "") << pair.story();
    }
};

TEST_F(BothDown, the_one_that_has_all_that_is_left_goes_on_and_nothing_synced_is_lost) {
    const std::uint64_t lives = settings().seeds_or(20);
    std::uint64_t by_themselves = 0;
    for (std::uint64_t i = 0; i < lives; ++i) {
        const auto plan = plan_of(settings().first_seed + i);
        Pair pair(pool_, plan);
        ASSERT_NO_FATAL_FAILURE(both_follow(pair));
        live(pair, (100 + static_cast<std::int64_t>(7 * i % 50)) * ms);
        lose_power(pair);
        live(pair, 1'500 * ms);  // each begins again some time
        run(pair.a());
        run(pair.b());
        live(pair, 1'000 * ms);
        if (somebody_reigns(pair)) {
            ++by_themselves;
        } else {
            // Each has something that the other has not: it is said, and an operator decides.
            ASSERT_NE(pair.a().standby(), nullptr);
            const std::string why = pair.a().status().why + pair.b().status().why;
            EXPECT_NE(why.find("none has all that is left"), std::string::npos) << pair.story();
            pair.a().standby()->accept_loss();
        }
        ASSERT_NO_FATAL_FAILURE(heals(pair)) << "--first-seed=" << settings().first_seed + i;
    }
    std::printf("%llu lives, in %llu of them a node went on by itself\n",
                static_cast<unsigned long long>(lives),
                static_cast<unsigned long long>(by_themselves));
    EXPECT_GT(by_themselves, 0U);
}

TEST_F(BothDown, nobody_goes_on_while_the_other_is_not_there) {
    for (std::uint64_t i = 0; i < settings().seeds_or(4); ++i) {
        const auto plan = plan_of(settings().first_seed + i);
        Pair pair(pool_, plan);
        ASSERT_NO_FATAL_FAILURE(both_follow(pair));
        live(pair, 150 * ms);
        lose_power(pair);
        Machine& alone = i % 2 == 0 ? pair.a() : pair.b();
        Machine& absent = i % 2 == 0 ? pair.b() : pair.a();
        absent.pause_until(absent.clock().now() + 3'600'000 * ms);
        run(alone);
        run(absent);
        absent.pause_until(absent.clock().now() + 3'600'000 * ms);
        live(pair, 2'000 * ms);
        EXPECT_EQ(alone.engine(), nullptr) << pair.story();
        absent.pause_until(0);
        live(pair, 1'000 * ms);
        if (!somebody_reigns(pair)) alone.standby()->accept_loss();
        ASSERT_NO_FATAL_FAILURE(heals(pair));
    }
}

TEST_F(BothDown, nobody_goes_on_by_itself_when_a_disk_is_another_one) {
    for (const bool replaces_primary : {false, true}) {
        const auto plan = plan_of(5);
        Pair pair(pool_, plan);
        ASSERT_NO_FATAL_FAILURE(both_follow(pair));
        live(pair, 150 * ms);
        Machine& replaced = replaces_primary ? pair.a() : pair.b();
        Machine& other = replaces_primary ? pair.b() : pair.a();
        lose_power(pair);
        replaced.replace();
        run(other);
        run(replaced);
        live(pair, 2'000 * ms);
        EXPECT_FALSE(somebody_reigns(pair)) << pair.story();
        other.standby()->accept_loss();
        ASSERT_NO_FATAL_FAILURE(heals(pair));
    }
}

// An old primary's question names the successor that was there when it was asked, and is late: that
// machine is another one by then. It may have answered in the new epoch, for all that its own copy
// knows; the old primary knows that it has not.
TEST_F(BothDown, nobody_goes_on_in_the_name_of_a_life_that_is_gone_with_its_disk) {
    for (const bool old_one_has_its_disk : {false, true}) {
        const auto plan = plan_of(7);
        Pair pair(pool_, plan);
        ASSERT_NO_FATAL_FAILURE(both_follow(pair));
        live(pair, 150 * ms);
        Machine& old = pair.a().engine() != nullptr ? pair.a() : pair.b();
        Machine& successor = &old == &pair.a() ? pair.b() : pair.a();
        pair.end(successor, [&] { successor.replace(); });
        run(successor);
        ASSERT_NO_FATAL_FAILURE(both_follow(pair));
        live(pair, 150 * ms);
        ASSERT_NO_FATAL_FAILURE(names(pair, {successor.name(), 77}));
        pair.end(old, [&] { old_one_has_its_disk ? old.kill() : old.replace(); });
        run(old);
        live(pair, 2'000 * ms);
        EXPECT_EQ(successor.engine(), nullptr) << pair.story();
        EXPECT_EQ(old.engine() != nullptr, old_one_has_its_disk) << pair.story();
        if (!old_one_has_its_disk) {
            EXPECT_NE(successor.status().why.find("another process calls itself"),
                      std::string::npos)
                << successor.status().why;
            successor.standby()->accept_loss();
        }
        ASSERT_NO_FATAL_FAILURE(heals(pair));
    }
}

TEST_F(BothDown, who_was_only_killed_goes_on_whatever_the_other_has_left) {
    const auto plan = plan_of(6);
    Pair pair(pool_, plan);
    ASSERT_NO_FATAL_FAILURE(both_follow(pair));
    live(pair, 150 * ms);
    lose_power(pair, pair.a());
    pair.end(pair.b(), [&] { pair.b().kill(); });
    live(pair, 1'500 * ms);
    run(pair.a());
    run(pair.b());
    live(pair, 1'000 * ms);
    EXPECT_NE(pair.b().engine(), nullptr) << pair.story();
    ASSERT_NO_FATAL_FAILURE(heals(pair));
}

}  // namespace
}  // namespace pawl::sim
