// What an aggregate hears of a command before its turn. One thread does everything.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "pawl/engine.hpp"

namespace pawl {
namespace {

// What was heard of one command: a letter per call.
struct Heard {
    std::string calls;
};

struct Shelf {
    // Bytes only, as every command: the address is a test's way out of a pure function.
    struct Put {
        std::uint64_t heard;
    };
    struct Take {
        std::uint64_t heard;
    };
    struct Moved {
        std::uint64_t count;
    };
    using Commands = pawl::Commands<Put, Take>;
    using Events = pawl::Events<Moved>;

    static void say(std::uint64_t heard, char what) {
        reinterpret_cast<Heard*>(heard)->calls += what;
    }
    Verdict decide(const Put& ask, Context<Shelf>& ctx) const {
        say(ask.heard, 'P');
        ctx.emit(Moved{1});
        return accept;
    }
    Verdict decide(const Take& ask, Context<Shelf>& ctx) const {
        say(ask.heard, 'T');
        ctx.emit(Moved{1});
        return accept;
    }
    void apply(const Moved& event) noexcept { moved += event.count; }
    void expect(const Put& ask, Comes when) const noexcept {
        say(ask.heard, when == Comes::soon ? 's' : when == Comes::next ? 'n' : 'w');
    }

    std::uint64_t moved = 0;
};

class AShelf : public testing::Test {
protected:
    template <class Command>
    void send(Id id, Heard& heard) {
        const Command ask{reinterpret_cast<std::uint64_t>(&heard)};
        ASSERT_EQ(desk_.try_submit(id, ask, {}, want_reply), Offer::accepted);
    }
    void decide_all() {
        while (engine_.poll() != 0 || desk_.poll_replies(64) != 0) {
        }
    }
    // So many shelves have something on them.
    void fill(Id count) {
        Heard unused;
        for (Id id = 0; id < count; ++id) {
            send<Shelf::Take>(id, unused);
            decide_all();
        }
    }

    static EngineOptions options() {
        EngineOptions options;
        options.transient = true;
        options.threading = Threading::none;
        return options;
    }
    Engine<Shelf> engine_ = Engine<Shelf>::open(options()).value();
    Producer<Shelf> desk_ = engine_.producer();
};

TEST_F(AShelf, hears_of_a_command_three_times_before_it_decides) {
    fill(20);
    Heard heard[12];
    for (Id id = 0; id < 12; ++id) send<Shelf::Put>(id, heard[id]);
    decide_all();
    for (const Heard& one : heard) {
        EXPECT_EQ(one.calls.front(), 's') << one.calls;
        EXPECT_EQ(one.calls.back(), 'P') << one.calls;
    }
    EXPECT_EQ(heard[0].calls, "sP");   // nothing before it in its batch
    EXPECT_EQ(heard[3].calls, "swP");  // too near to be told twice
    EXPECT_EQ(heard[11].calls, "snwP");
}

TEST_F(AShelf, hears_nothing_of_commands_that_it_did_not_ask_about) {
    fill(20);
    Heard heard;
    send<Shelf::Take>(1, heard);
    decide_all();
    EXPECT_EQ(heard.calls, "T");
}

TEST_F(AShelf, hears_nothing_while_there_are_few) {
    fill(15);
    Heard heard;
    send<Shelf::Put>(1, heard);
    decide_all();
    EXPECT_EQ(heard.calls, "P");
}

TEST_F(AShelf, hears_nothing_before_its_first_event) {
    fill(20);
    Heard heard;
    send<Shelf::Put>(1'000, heard);
    decide_all();
    EXPECT_EQ(heard.calls, "P");
}

}  // namespace
}  // namespace pawl
