// A decision that throws, gives up or emits without end at any step of what it does: the state's
// hash stays, and the next command is served. Knows the façade; the saboteur's step counter is its
// own.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "pawl/engine.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

enum class Sabotage { none, exception, number, no_memory, rejection, flood, large_flood };

// Which step of the decisions on this thread fails, and how.
struct Plan {
    Sabotage sabotage = Sabotage::none;
    std::uint64_t step = 0;  // from 1
    std::uint64_t done = 0;
    bool fired = false;
    std::uint64_t decisions = 0;  // begun: the command's own, then its follow-ups
};
thread_local Plan plan;

struct Saboteur {
    struct Work {
        std::uint64_t steps;
        Id other;
        std::uint64_t follow_ups;
    };
    struct Check {
        std::uint64_t amount;
    };
    struct Done {
        std::uint64_t value;
    };
    struct Filled {
        std::array<std::uint64_t, 128> rest;
    };
    enum class Reason : std::uint16_t { sabotaged = 1 };
    using Commands = pawl::Commands<Work, Check>;
    using Events = pawl::Events<Done, Filled>;

    std::uint64_t sum = 0;

    // True: give up by a rejection.
    static bool step(Context<Saboteur>& ctx) {
        if (plan.sabotage == Sabotage::none || ++plan.done != plan.step) return false;
        plan.fired = true;
        switch (plan.sabotage) {
            case Sabotage::exception:
                throw std::runtime_error("sabotage");
            case Sabotage::number:
                throw 42;
            case Sabotage::no_memory:
                throw std::bad_alloc();
            case Sabotage::flood:
                for (;;) ctx.emit(Done{1});
            case Sabotage::large_flood:
                for (;;) ctx.emit(Filled{});
            default:
                return true;
        }
    }

    Verdict decide(const Work& ask, Context<Saboteur>& ctx) const {
        ++plan.decisions;
        for (std::uint64_t i = 0; i < ask.steps; ++i) {
            if (step(ctx)) return reject(Reason::sabotaged);
            ctx.emit(Done{sum + i + ctx.random() % 7});
            if (step(ctx)) return reject(Reason::sabotaged);
            if (ctx.peek<Saboteur>(ask.other) != nullptr) ctx.emit_to<Saboteur>(ask.other, Done{i});
            if (step(ctx)) return reject(Reason::sabotaged);
        }
        if (ask.follow_ups != 0) ctx.then(Work{ask.steps, ask.other, ask.follow_ups - 1});
        if (step(ctx)) return reject(Reason::sabotaged);
        return accept;
    }
    Verdict decide(const Check& ask, Context<Saboteur>& ctx) const {
        ctx.emit(Done{ask.amount});
        return accept;
    }
    void apply(const Done& event) noexcept { sum = sum * 31 + event.value; }
    void apply(const Filled& event) noexcept { sum += event.rest[0]; }
};

using Yard = Engine<Saboteur>;

EngineOptions polled(const std::string& directory) {
    EngineOptions options = small(directory);
    options.threading = Threading::none;
    return options;
}

class ASabotagedDecision : public ::testing::TestWithParam<Sabotage> {
protected:
    TempDirectory directory_;
};

std::uint64_t sum_of(Yard& yard, Id id) {
    return yard.query(id, [](const Saboteur& saboteur) { return saboteur.sum; }, use_future).get();
}

TEST_P(ASabotagedDecision, leaves_no_trace_at_any_step) {
    constexpr Id bystander = 99;
    const Saboteur::Work script[] = {{1, 50, 0}, {3, 2, 0}, {2, 1, 2}, {4, 3, 1}, {1, 4, 5}};
    std::uint64_t fired = 0;
    std::uint64_t served = 0;
    std::uint64_t hash = 0;
    {
        Yard yard = Yard::open(polled(directory_.path())).value();
        Id id = 1;
        for (const auto& command : script) {
            std::uint64_t version = 0;
            for (std::uint64_t step = 1;; ++step) {
                const std::uint64_t before = yard.state_hash();
                const std::uint64_t count = yard.aggregate_count();
                const std::uint64_t sum = sum_of(yard, id);
                plan = {GetParam(), step, 0, false, 0};
                const Reply reply = yard.submit(id, command, use_future).get();
                const Plan was = std::exchange(plan, {});
                if (!was.fired) {
                    ASSERT_TRUE(reply.accepted()) << "the script itself, step " << step;
                    EXPECT_NE(yard.state_hash(), before);
                    break;
                }
                ++fired;
                if (was.decisions > 1) {
                    // A follow-up leaves no trace of its own; what came before it stands.
                    ASSERT_TRUE(reply.accepted()) << "step " << step;
                    version += command.steps * (was.decisions - 1);
                    ASSERT_EQ(reply.version().value, version) << "step " << step;
                    continue;
                }
                ASSERT_FALSE(reply.accepted()) << "step " << step;
                if (GetParam() == Sabotage::rejection)
                    EXPECT_EQ(reply.reason<Saboteur::Reason>(), Saboteur::Reason::sabotaged);
                else if (GetParam() == Sabotage::flood || GetParam() == Sabotage::large_flood)
                    EXPECT_EQ(reply.refusal(), Refusal::record_too_large);
                else
                    EXPECT_EQ(reply.refusal(), Refusal::decision_threw);
                ASSERT_EQ(yard.state_hash(), before) << "step " << step;
                ASSERT_EQ(yard.aggregate_count(), count) << "step " << step;
                ASSERT_EQ(sum_of(yard, id), sum) << "step " << step;
                ASSERT_TRUE(
                    yard.submit(bystander, Saboteur::Check{++served}, use_future).get().accepted());
                ASSERT_NE(yard.state_hash(), before);
            }
            ++id;
        }
        hash = yard.state_hash();
    }
    EXPECT_GT(fired, 40U);
    // What was refused did not happen in the journal either.
    Yard yard = Yard::open(polled(directory_.path())).value();
    EXPECT_EQ(yard.state_hash(), hash);
}

// Nothing is kept of a question either.
TEST_P(ASabotagedDecision, of_a_trial_leaves_no_trace) {
    Yard yard = Yard::open(polled(directory_.path())).value();
    ASSERT_TRUE(yard.submit(1, Saboteur::Check{7}, use_future).get().accepted());
    const std::uint64_t before = yard.state_hash();
    for (std::uint64_t step = 1; step <= 20; ++step) {
        plan = {GetParam(), step, 0, false, 0};
        static_cast<void>(yard.would_accept(1, Saboteur::Work{3, 1, 1}).get());
        plan = {};
        ASSERT_EQ(yard.state_hash(), before) << "step " << step;
    }
    EXPECT_TRUE(yard.submit(1, Saboteur::Check{8}, use_future).get().accepted());
}

INSTANTIATE_TEST_SUITE_P(By, ASabotagedDecision,
                         ::testing::Values(Sabotage::exception, Sabotage::number,
                                           Sabotage::no_memory, Sabotage::rejection,
                                           Sabotage::flood, Sabotage::large_flood),
                         [](const auto& made) -> std::string {
                             switch (made.param) {
                                 case Sabotage::exception:
                                     return "an_exception";
                                 case Sabotage::number:
                                     return "a_thrown_number";
                                 case Sabotage::no_memory:
                                     return "bad_alloc";
                                 case Sabotage::rejection:
                                     return "a_late_rejection";
                                 case Sabotage::flood:
                                     return "events_without_end";
                                 default:
                                     return "large_events_without_end";
                             }
                         });

}  // namespace
}  // namespace pawl::testing
