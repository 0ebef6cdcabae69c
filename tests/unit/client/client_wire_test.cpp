// A connection that breaks wherever it can break, and servers that say what they like: in memory,
// in one thread.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "memory_kit.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

class Wire : public ::testing::Test {
protected:
    void step(Served& served, Caller& caller) {
        clock += 1'000'000;
        caller.core->work();
        served.gateway.do_work(clock);
        served.bank.poll();
        served.gateway.do_work(clock);
    }
    template <class Until>
    void run(Served& served, Caller& caller, Until&& until) {
        for (int i = 0; i < 20'000 && !until(); ++i) step(served, caller);
        ASSERT_TRUE(until()) << caller.core->why();
    }

    CutNetwork network;
    std::int64_t clock = 1;
};

// The first time nothing breaks: so long is the conversation.
TEST_F(Wire, a_conversation_that_breaks_at_any_byte_ends_as_if_it_had_not) {
    Served served(network);
    const auto converse = [&](std::size_t cut, bool in_order) {
        const Id id = 2 * cut + (in_order ? 1 : 0);
        if (cut != 0) network.cut_after(cut, in_order);
        Caller caller(network, clock, memory_client("desk-" + std::to_string(id)));
        run(served, caller, [&] { return caller.core->shard_count() != 0; });
        std::vector<std::int64_t> told;
        std::int64_t expected = 0;
        for (std::int64_t i = 1; i <= 3; ++i) {
            expected += i * 100;
            ASSERT_EQ(caller.client.try_submit(id, Account::Deposit{i * 100}, {},
                                               [&, i](const Reply& reply) {
                                                   ASSERT_TRUE(reply.accepted());
                                                   told.push_back(i);
                                                   EXPECT_EQ(reply.version().value,
                                                             static_cast<std::uint64_t>(i));
                                               }),
                      Offer::accepted);
            step(served, caller);
            caller.client.poll_replies(8);
        }
        run(served, caller, [&] {
            caller.client.poll_replies(8);
            return caller.client.waiting() == 0;
        });
        EXPECT_EQ(told, (std::vector<std::int64_t>{1, 2, 3})) << cut;
        EXPECT_EQ(balance(served.bank, id), expected) << cut;
        EXPECT_EQ(caller.core->counters().faulty, 0U);
    };
    converse(0, true);
    const std::size_t whole = network.passed();
    ASSERT_GT(whole, 1'000U);
    for (std::size_t cut = 1; cut <= whole; ++cut)
        ASSERT_NO_FATAL_FAILURE(converse(cut, cut % 2 == 0)) << cut;
    EXPECT_EQ(network.connections(), 2 * whole + 1);
}

// ---- a server that says what it likes

class Liar : public Wire {
protected:
    // A server that welcomes the client by hand.
    void welcome(Caller& caller, std::uint64_t highest = 0) {
        if (listener == nullptr) listener = network.listen();
        greeted.reset();
        link.reset();
        for (int i = 0; i < 1'000 && (greeted == nullptr ||
                                      greeted->state() == replication::HandshakeState::running);
             ++i) {
            clock += 100'000'000;
            caller.core->work();
            if (link == nullptr) link = listener->accept();
            if (link != nullptr && greeted == nullptr)
                greeted = std::make_unique<replication::Handshake>(
                    *link, replication::Side::called,
                    replication::HandshakeOptions{.name = "liar",
                                                  .boot = network.listener_boot,
                                                  .epoch = epoch,
                                                  .facts = {},
                                                  .secret = {},
                                                  .purpose = replication::Purpose::client},
                    chance_of(3));
            if (greeted != nullptr) greeted->do_work(clock);
        }
        ASSERT_EQ(greeted->state(), replication::HandshakeState::admitted);
        replication::ClientWelcome said;
        detail::HashArchive hash;
        const std::string schema = detail::schema_text<Account, Book>();
        hash.bytes(schema.data(), schema.size());
        said.fixed.schema_hash = hash.result();
        said.fixed.session_window = 64;
        said.highest = {highest, 0};
        say(said);
        caller.core->work();
    }
    // What the client has said of itself.
    replication::ClientHello hello() {
        replication::ClientHello said;
        link->do_work(clock);
        const auto frame = link->receive();
        EXPECT_TRUE(frame && decode(frame->payload, said));
        return said;
    }
    template <class What>
    void say(const What& what) {
        replication::Message message;
        encode(what, message);
        message.epoch = epoch;
        ASSERT_TRUE(link->send(message));
        link->do_work(clock);
    }
    void say_reply(std::uint64_t token, std::uint64_t number, std::uint32_t shard,
                   Refusal refusal = {}) {
        replication::ReplyFixed reply{};
        reply.token = token;
        reply.number = number;
        reply.shard = shard;
        reply.outcome =
            static_cast<std::uint8_t>(refusal == Refusal{} ? Outcome::accepted : Outcome::refused);
        reply.reason = static_cast<std::uint16_t>(refusal);
        say(replication::Replies{{reply}});
    }

    std::unique_ptr<replication::Listener> listener;
    std::unique_ptr<replication::Link> link;
    std::unique_ptr<replication::Handshake> greeted;
    std::uint64_t epoch = 4;
};

TEST_F(Liar, is_not_believed_when_it_answers_what_was_not_asked) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller);
    int told = 0;
    const auto count = [&](const Reply&) { ++told; };
    ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}, {}, count), Offer::accepted);
    const std::uint64_t number = caller.client.next_number().value - 1;
    const std::uint32_t shard = detail::shard_of(route<Account>(1), 2);
    const std::vector<std::array<std::uint64_t, 3>> lies = {
        {2, number, shard},                       // no such token
        {0, number, shard},                       // nor this one
        {1, number + 1, shard},                   // another number
        {1, number, 1 - shard},                   // another shard
        {std::uint64_t{1} << 63, number, shard},  // no such question
    };
    std::uint64_t faulty = 0;
    for (const auto& [token, of, in] : lies) {
        ASSERT_FALSE(caller.client.server().empty());
        say_reply(token, of, static_cast<std::uint32_t>(in));
        caller.client.poll_replies(8);
        EXPECT_EQ(caller.core->counters().faulty, ++faulty);
        EXPECT_TRUE(caller.client.server().empty());
        welcome(caller);
    }
    EXPECT_EQ(told, 0);
    say_reply(1, number, shard);
    caller.client.poll_replies(8);
    EXPECT_EQ(told, 1);
    say_reply(1, number, shard);  // once more: a replayed answer
    caller.client.poll_replies(8);
    EXPECT_EQ(told, 1);
    EXPECT_EQ(caller.core->counters().faulty, faulty + 1);
}

TEST_F(Liar, that_fails_has_not_answered) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller);
    std::vector<Reply> heard;
    ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}, {},
                                       [&](const Reply& reply) { heard.push_back(reply); }),
              Offer::accepted);
    const std::uint64_t number = caller.client.next_number().value - 1;
    const std::uint32_t shard = detail::shard_of(route<Account>(1), 2);
    for (const Refusal refusal : {Refusal::engine_failed, Refusal::closed}) {
        say_reply(1, number, shard, refusal);
        caller.client.poll_replies(8);
        EXPECT_TRUE(heard.empty());
        EXPECT_TRUE(caller.client.server().empty());
        welcome(caller);
    }
    EXPECT_EQ(caller.core->counters().sent_again, 2U);
    say_reply(1, number, shard, Refusal::decision_threw);
    caller.client.poll_replies(8);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].refusal(), Refusal::decision_threw);
}

TEST_F(Liar, of_an_older_reign_is_not_heard) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller);
    int told = 0;
    ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}, {}, [&](const Reply&) { ++told; }),
              Offer::accepted);
    link->close("gone");
    epoch = 3;
    welcome(caller);
    say_reply(1, caller.client.next_number().value - 1, detail::shard_of(route<Account>(1), 2));
    caller.client.poll_replies(8);
    EXPECT_EQ(told, 0);
    EXPECT_TRUE(caller.client.server().empty());
    EXPECT_NE(caller.client.why().find("epoch"), std::string::npos) << caller.client.why();
}

// Another process may know an older life of the session, and would take this one for that.
TEST_F(Liar, is_told_whether_it_has_welcomed_this_life_before_and_what_numbers_it_has) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller, 7);
    EXPECT_EQ(hello().fixed.resumes, 0);
    link->close("gone");
    welcome(caller, 7);
    const replication::ClientHello second = hello();
    EXPECT_EQ(second.fixed.resumes, 1);
    EXPECT_EQ(second.fixed.last_number, 0U) << "it has given none";
    ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::accepted);
    const std::uint64_t given = caller.client.next_number().value - 1;
    link->close("gone");
    network.listener_boot = 33;
    welcome(caller, 7);
    EXPECT_EQ(hello().fixed.resumes, 0);
    link->close("gone");
    welcome(caller, 7);
    const replication::ClientHello last = hello();
    EXPECT_EQ(last.fixed.resumes, 1);
    EXPECT_EQ(last.fixed.last_number, given);
}

// Who numbers its commands knows which of them it has sent in an earlier life.
TEST_F(Liar, may_have_outcomes_of_numbers_that_the_host_has_given) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller);
    SubmitOptions options;
    options.number = CommandNumber{5};
    ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}, options), Offer::accepted);
    link->close("gone");
    welcome(caller, 9);
    EXPECT_FALSE(caller.client.over());
    EXPECT_EQ(hello().fixed.last_number, 0U);
}

// Somebody else's outcomes would be taken for ours.
TEST_F(Liar, where_another_client_has_used_the_session_ends_it) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller);
    std::vector<Reply> heard;
    ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}, {},
                                       [&](const Reply& reply) { heard.push_back(reply); }),
              Offer::accepted);
    link->close("gone");
    welcome(caller, caller.client.next_number().value);
    EXPECT_TRUE(caller.client.over());
    caller.client.poll_replies(8);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_TRUE(heard[0].unknown());
    EXPECT_EQ(caller.client.waiting(), 0U);
    EXPECT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::closed);
}

TEST_F(Liar, does_not_get_more_in_flight_than_a_window_of_numbers) {
    Caller caller(network, clock, memory_client("desk-1"));
    welcome(caller);
    for (int i = 0; i < 64; ++i)
        ASSERT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::accepted);
    EXPECT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::back_pressured);
    const std::uint32_t shard = detail::shard_of(route<Account>(1), 2);
    const std::uint64_t first = caller.client.next_number().value - 64;
    say_reply(2, first + 1, shard);  // not the oldest
    EXPECT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::back_pressured);
    say_reply(1, first, shard);
    EXPECT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::accepted);
    EXPECT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::accepted);
    EXPECT_EQ(caller.client.try_submit(1, Account::Deposit{1}), Offer::back_pressured);
}

TEST_F(Liar, that_says_nothing_is_left_and_its_hint_is_followed) {
    ClientOptions options = memory_client("desk-1");
    Caller caller(network, clock, options);
    welcome(caller);
    clock += 2'000'000'000;
    caller.core->work();
    EXPECT_TRUE(caller.client.server().empty());
    EXPECT_NE(caller.client.why().find("nothing was heard"), std::string::npos);
    welcome(caller);
    say(replication::NotPrimary{"elsewhere"});
    caller.core->work();
    EXPECT_TRUE(caller.client.server().empty());
    welcome(caller);
    EXPECT_EQ(caller.client.server(), "elsewhere");
}

}  // namespace
}  // namespace pawl::testing
