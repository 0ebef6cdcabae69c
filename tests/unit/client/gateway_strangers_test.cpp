// Clients that are none of ours: what they say ends their own connection, and nothing else. In
// memory, in one thread.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "memory_kit.hpp"
#include "testing/network.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

using namespace replication;

std::uint64_t schema_hash() {
    detail::HashArchive hash;
    const std::string schema = detail::schema_text<Account, Book>();
    hash.bytes(schema.data(), schema.size());
    return hash.result();
}

// Speaks the protocol by hand.
class Strangers : public ::testing::Test {
protected:
    Strangers() : served(network) {}

    void work() {
        clock += 1'000'000;
        link->do_work(clock);
        served.gateway.do_work(clock);
        if (!stands_still) served.bank.poll();
        served.gateway.do_work(clock);
        link->do_work(clock);
    }
    // Until it is admitted, or not.
    void call(Connector& connector, Purpose purpose = Purpose::client) {
        link = connector.connect("memory");
        Handshake greeting(*link, Side::caller,
                           {.name = "stranger",
                            .boot = CutNetwork::client_boot,
                            .epoch = 0,
                            .facts = {},
                            .secret = {},
                            .purpose = purpose},
                           chance_of(8));
        for (int i = 0; i < 5'000 && greeting.state() == HandshakeState::running; ++i) {
            work();
            greeting.do_work(clock);
            settle();
        }
        admitted = greeting.state() == HandshakeState::admitted;
    }
    void call() { call(network); }
    template <class What>
    void say(const What& what, std::span<const std::byte> bytes = {}) {
        Message message;
        encode(what, message);
        message.epoch = 3;
        ASSERT_TRUE(link->send(message, bytes));
        work();
    }
    void say_hello(const std::string& session, std::uint64_t life = 1, bool resumes = false,
                   std::uint64_t last_number = 0) {
        ClientHello hello;
        hello.fixed.schema_hash = schema_hash();
        hello.fixed.life = life;
        hello.fixed.last_number = last_number;
        hello.fixed.resumes = resumes ? 1 : 0;
        hello.session = session;
        say(hello);
    }
    void say_command(const detail::MessageParts& parts) {
        std::vector<std::byte> bytes;
        append_command(bytes, parts);
        say(replication::Commands{{1, 0}, {}}, bytes);
    }
    static detail::MessageParts deposit(std::uint64_t number, const Account::Deposit& command) {
        detail::MessageParts parts;
        parts.header.aggregate = 1;
        parts.header.number = number;
        parts.header.token = number;
        parts.header.durability = 1;
        parts.header.payload_bytes = sizeof command;
        parts.payload = &command;
        return parts;
    }
    // The next message of this type; the others are passed over.
    bool hears(MessageType type) {
        for (int i = 0; i < 3'000; ++i) {
            while (const auto frame = link->receive()) {
                last.assign(frame->payload.begin(), frame->payload.end());
                if (frame->type == type) return true;
            }
            if (link->state() == LinkState::closed) return false;
            work();
            settle();
        }
        return false;
    }
    void expect_thrown_out(std::uint64_t faulty) {
        EXPECT_TRUE(hears(MessageType::refused));
        for (int i = 0; i < 10; ++i) work();
        EXPECT_EQ(served.gateway.connection_count(), 0U);
        EXPECT_EQ(served.gateway.counters().faulty, faulty);
    }
    std::function<void()> settle = [] {};

    CutNetwork network;
    std::int64_t clock = 1;
    Served served;
    std::unique_ptr<Link> link;
    bool admitted = false;
    bool stands_still = false;  // the engine
    std::vector<std::byte> last;
};

TEST_F(Strangers, who_greet_as_nodes_are_sent_away) {
    call(network, Purpose::stream);
    EXPECT_FALSE(admitted);
    EXPECT_EQ(served.gateway.counters().turned_away, 1U);
}

TEST_F(Strangers, who_greet_as_clients_where_nodes_meet_are_sent_away) {
    served.gateway.set_not_primary("");
    const auto listener = network.listen();
    link = network.connect("memory");
    const auto node = listener->accept();
    Handshake theirs(*link, Side::caller,
                     {.name = "client", .boot = 1, .facts = {}, .purpose = Purpose::client},
                     chance_of(8));
    Handshake ours(*node, Side::called, {.name = "node", .boot = 2, .facts = {}}, chance_of(9));
    for (int i = 0; i < 100; ++i) {
        theirs.do_work(++clock);
        ours.do_work(clock);
    }
    EXPECT_EQ(ours.state(), HandshakeState::over);
    EXPECT_EQ(theirs.refusal(), replication::Refusal::role);
}

TEST_F(Strangers, who_do_not_say_whose_commands_they_bring_are_thrown_out) {
    const Account::Deposit five{5};
    call();
    say_command(deposit(1, five));
    expect_thrown_out(1);
    EXPECT_EQ(served.bank.aggregate_count(), 0U);
}

TEST_F(Strangers, who_say_nothing_are_not_waited_for) {
    link = network.connect("memory");
    work();
    EXPECT_EQ(served.gateway.connection_count(), 1U);
    clock += 4'000'000'000;
    work();
    EXPECT_EQ(served.gateway.connection_count(), 0U);
    call();
    ASSERT_TRUE(admitted);
    clock += 4'000'000'000;
    work();
    EXPECT_EQ(served.gateway.connection_count(), 0U);
}

TEST_F(Strangers, who_bring_what_is_no_command_of_these_types_are_thrown_out) {
    const Account::Deposit five{5};
    std::uint64_t faulty = 0;
    const auto bring = [&](auto&& change) {
        call();
        say_hello("desk");
        ASSERT_TRUE(hears(MessageType::client_welcome));
        detail::MessageParts parts = deposit(100 + faulty, five);
        change(parts.header);
        say_command(parts);
        expect_thrown_out(++faulty);
    };
    bring([](detail::MessageHeader& header) { header.aggregate_type = 2; });
    bring([](detail::MessageHeader& header) { header.command_type = 8; });
    bring([](detail::MessageHeader& header) { header.command_type = 60'000; });
    bring([](detail::MessageHeader& header) { header.payload_bytes = 7; });
    bring([](detail::MessageHeader& header) { header.payload_bytes = 0; });
    bring([](detail::MessageHeader& header) {
        header.kind = detail::MessageKind::fact;
        header.command_type = 4;
    });
    bring([](detail::MessageHeader& header) {
        header.kind = detail::MessageKind::status;
        header.payload_bytes = 0;
        header.aggregate = 2;  // a shard that is none
    });
    EXPECT_EQ(served.bank.aggregate_count(), 0U);
}

TEST_F(Strangers, may_try_out_record_and_ask) {
    const Account::Deposit five{5};
    call();
    say_hello("desk");
    ASSERT_TRUE(hears(MessageType::client_welcome));
    const auto answer = [&] {
        EXPECT_TRUE(hears(MessageType::replies));
        Replies replies;
        EXPECT_TRUE(decode(last, replies));
        return replies.replies.at(0);
    };
    detail::MessageParts parts = deposit(0, five);
    parts.header.kind = detail::MessageKind::trial;
    parts.header.token = 77;
    say_command(parts);
    EXPECT_EQ(answer().token, 77U);
    EXPECT_EQ(balance(served.bank, 1), 0);
    parts = deposit(1, five);
    parts.header.kind = detail::MessageKind::fact;
    say_command(parts);
    EXPECT_EQ(answer().outcome, 1);
    EXPECT_EQ(balance(served.bank, 1), 5);
    detail::MessageParts question;
    question.header.kind = detail::MessageKind::status;
    question.header.number = 1;
    question.header.durability = 1;
    question.header.aggregate = served.bank.shard_of<Account>(1);
    say_command(question);
    EXPECT_EQ(answer().status, detail::raw_status_answered);
    const Account::Deposit too_much{2'000'000'000'000};
    say_command(deposit(2, too_much));
    const ReplyFixed malformed = answer();
    EXPECT_EQ(malformed.reason, static_cast<std::uint16_t>(pawl::Refusal::malformed));
    EXPECT_EQ(malformed.number, 2U);
}

TEST_F(Strangers, hear_where_the_session_stands_when_what_was_under_way_is_decided) {
    const Account::Deposit five{5};
    call();
    say_hello("desk");
    ASSERT_TRUE(hears(MessageType::client_welcome));
    for (std::uint64_t number = 1; number <= 9; ++number) {
        std::vector<std::byte> bytes;
        append_command(bytes, deposit(number, five));
        Message message;
        encode(replication::Commands{{1, 0}, {}}, message);
        message.epoch = 3;
        ASSERT_TRUE(link->send(message, bytes));
    }
    link->do_work(clock);
    served.gateway.do_work(clock);  // the gateway has taken them, nobody has decided
    link->close("gone");
    EXPECT_EQ(served.gateway.counters().commands, 9U);
    stands_still = true;
    call();
    say_hello("desk");
    for (int i = 0; i < 100; ++i) work();
    EXPECT_EQ(served.gateway.counters().welcomed, 1U);
    stands_still = false;
    ASSERT_TRUE(hears(MessageType::client_welcome));
    ClientWelcome welcome;
    ASSERT_TRUE(decode(last, welcome));
    EXPECT_EQ(welcome.highest.at(served.bank.shard_of<Account>(1)), 9U);
}

TEST_F(Strangers, of_an_older_life_do_not_get_the_session_back) {
    call();
    say_hello("desk", 1);
    ASSERT_TRUE(hears(MessageType::client_welcome));
    const std::unique_ptr<Link> first = std::move(link);
    call();
    say_hello("desk", 2);
    ASSERT_TRUE(hears(MessageType::hello_again));
    say_hello("desk", 2);
    ASSERT_TRUE(hears(MessageType::client_welcome));
    const std::unique_ptr<Link> second = std::move(link);
    EXPECT_EQ(served.gateway.counters().taken_over, 1U);
    call();
    say_hello("desk", 1, true);
    ASSERT_TRUE(hears(MessageType::refused));
    Refused refused;
    ASSERT_TRUE(decode(last, refused));
    EXPECT_EQ(refused.reason, replication::Refusal::busy);
    call();
    say_hello("desk", 2, true);
    EXPECT_TRUE(hears(MessageType::client_welcome));
}

// It was welcome at another node, and has a newer one since.
TEST_F(Strangers, whose_session_has_numbers_beyond_theirs_do_not_get_it) {
    call();
    say_hello("desk", 2);
    ASSERT_TRUE(hears(MessageType::client_welcome));
    say_command(deposit(400, Account::Deposit{5}));
    ASSERT_TRUE(hears(MessageType::replies));
    std::unique_ptr<Link> newer = std::move(link);
    call();
    say_hello("desk", 1, false, 100);
    ASSERT_TRUE(hears(MessageType::hello_again));
    say_hello("desk", 1, false, 100);
    ASSERT_TRUE(hears(MessageType::refused));
    Refused refused;
    ASSERT_TRUE(decode(last, refused));
    EXPECT_EQ(refused.reason, replication::Refusal::busy);
    std::swap(newer, link);
    EXPECT_TRUE(hears(MessageType::bye)) << "it was asked to come again";
    call();
    say_hello("desk", 2, true, 400);
    EXPECT_TRUE(hears(MessageType::client_welcome));
}

// The hello of a client that died lay on the way while its successor came in.
TEST_F(Strangers, whose_hello_is_late_take_no_session_from_the_living) {
    call();
    std::unique_ptr<Link> late = std::move(link);
    call();
    say_hello("desk", 2);
    ASSERT_TRUE(hears(MessageType::client_welcome));
    std::swap(late, link);
    say_hello("desk", 1);
    ASSERT_TRUE(hears(MessageType::hello_again));
    EXPECT_EQ(served.gateway.counters().taken_over, 0U);
    std::swap(late, link);
    link->close("broken");
    call();
    say_hello("desk", 2, true);
    EXPECT_TRUE(hears(MessageType::client_welcome));
}

TEST_F(Strangers, are_told_where_the_primary_is) {
    call();
    say_hello("desk");
    ASSERT_TRUE(hears(MessageType::client_welcome));
    served.gateway.set_not_primary("10.0.0.7:7000");
    ASSERT_TRUE(hears(MessageType::not_primary));
    NotPrimary there;
    ASSERT_TRUE(decode(last, there));
    EXPECT_EQ(there.address, "10.0.0.7:7000");
    call();
    EXPECT_TRUE(hears(MessageType::not_primary));
    EXPECT_EQ(served.gateway.connection_count(), 0U);
}

// What it does not read stays with the engine up to a bound; then it is not read either.
TEST_F(Strangers, who_do_not_read_their_replies_are_not_heard_any_more) {
    sim::Network slow(3);
    slow.weather().window_bytes = 16U << 10;
    LinkOptions options;
    options.payload_bytes_max = payload_bytes_min;
    options.unsent_bytes_max = 2 * payload_bytes_min;
    options.boot = CutNetwork::server_boot;
    served.gateway.set_not_primary("");
    detail::Gateway gateway(slow.listen("memory", options), gateway_options());
    gateway.set_core(served.core, 3);
    options.boot = CutNetwork::client_boot;
    const auto connector = slow.connector("stranger", options);
    settle = [&] {
        slow.advance_to(clock);
        gateway.do_work(clock);
    };
    call(*connector);
    ASSERT_TRUE(admitted);
    say_hello("desk");
    ASSERT_TRUE(hears(MessageType::client_welcome));
    const Account::Deposit five{5};
    std::uint64_t said = 0;
    Message message;
    message.epoch = 3;
    encode(replication::Commands{{1, 0}, {}}, message);
    std::vector<std::byte> bytes;
    for (int idle = 0; idle < 200;) {
        bytes.clear();
        append_command(bytes, deposit(said + 1, five));
        if (link->send(message, bytes)) {
            ++said;
            idle = 0;
        } else {
            ++idle;
        }
        clock += 100'000;
        link->do_work(clock);
        if (idle == 0 && said % 64 != 0) continue;
        settle();
        served.bank.poll();
    }
    const detail::GatewayCounters stalled = gateway.counters();
    EXPECT_LT(stalled.commands, said);
    EXPECT_LT(stalled.replies, stalled.commands);
    EXPECT_EQ(stalled.faulty, 0U);
    // It reads again: everything is answered.
    std::uint64_t answered = 0;
    for (int i = 0; i < 100'000 && answered < said; ++i) {
        clock += 100'000;
        link->do_work(clock);
        settle();
        served.bank.poll();
        while (const auto frame = link->receive()) {
            Replies replies;
            if (frame->type == MessageType::replies && decode(frame->payload, replies))
                answered += replies.replies.size();
        }
    }
    EXPECT_EQ(answered, said);
    EXPECT_EQ(balance(served.bank, 1), static_cast<std::int64_t>(5 * said));
    gateway.set_not_primary("");
}

}  // namespace
}  // namespace pawl::testing
