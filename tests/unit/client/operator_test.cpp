// Operators at a gateway, in memory: what they are told, and what they may not say.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "engine/client/operator_call.hpp"
#include "journal/manifest.hpp"
#include "journal/posix_storage.hpp"
#include "journal/reader.hpp"
#include "journal/seal.hpp"
#include "memory_kit.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

using namespace replication;

// An operator and a gateway in one thread: while the one waits, the other works.
class Operators : public ::testing::Test {
protected:
    Operators() : served(network) {}

    detail::OperatorCall call(std::chrono::nanoseconds patience = std::chrono::seconds(1)) {
        OperatorOptions options;
        options.address = "memory";
        options.open_within = options.patience = patience;
        return detail::OperatorCall(
            options, {network, [this] { return clock; }, [this](std::int64_t) { work(); },
                      chance_of(8), CutNetwork::client_boot});
    }
    void work() {
        clock += 1'000'000;
        served.gateway.do_work(clock);
        served.bank.poll();
        served.gateway.do_work(clock);
    }

    CutNetwork network;
    std::int64_t clock = 1;
    Served served;
};

TEST_F(Operators, are_told_what_the_node_is) {
    auto one = call();
    ASSERT_TRUE(one.connect().ok());
    const auto alone = one.status();
    ASSERT_TRUE(alone.ok()) << alone.error().sentence;
    EXPECT_EQ(alone->role, Role::primary);
    EXPECT_EQ(alone->node, "");
    const auto asked = one.hand_over("b");
    ASSERT_FALSE(asked.ok());
    EXPECT_NE(asked.error().sentence.find("not replicated"), std::string::npos);
    EXPECT_TRUE(one.status().ok()) << "a switchover that cannot be ends nothing";
}

TEST_F(Operators, are_told_of_a_standby_too) {
    served.gateway.set_not_primary("");
    NodeStatus standby;
    standby.role = Role::standby;
    standby.epoch = 7;
    standby.node = "b";
    standby.primary = "a";
    standby.primary_clients = "10.0.0.1:7000";
    standby.in_sync = {"a", "b"};
    standby.lag_bytes = 640;
    standby.age = std::chrono::milliseconds(3);
    standby.lag = std::chrono::milliseconds(5);
    standby.commands_at_risk = 77;
    standby.why = "because\nof that";
    served.gateway.set_status(standby);
    auto one = call();
    ASSERT_TRUE(one.connect().ok());
    const auto told = one.status();
    ASSERT_TRUE(told.ok()) << told.error().sentence;
    EXPECT_EQ(told->role, Role::standby);
    EXPECT_EQ(told->epoch, 7U);
    EXPECT_EQ(told->node, "b");
    EXPECT_EQ(told->primary, "a");
    EXPECT_EQ(told->primary_clients, "10.0.0.1:7000");
    EXPECT_EQ(told->in_sync, standby.in_sync);
    EXPECT_EQ(told->lag_bytes, 640U);
    EXPECT_EQ(told->age, standby.age);
    EXPECT_EQ(told->lag, standby.lag);
    EXPECT_EQ(told->commands_at_risk, 77);
    EXPECT_EQ(told->why, "because?of that");
    const auto asked = one.hand_over("");
    ASSERT_FALSE(asked.ok());
    EXPECT_NE(asked.error().sentence.find("ask a"), std::string::npos) << asked.error().sentence;
}

TEST_F(Operators, read_no_history_where_it_is_not_told) {
    auto one = call();
    ASSERT_TRUE(one.connect().ok());
    const Status read = one.read(detail::schema_text<Account, Book>(), 0,
                                 [](const detail::StreamRecord&) -> Status { return Done{}; });
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.error().sentence.find("not told"), std::string::npos) << read.error().sentence;
    EXPECT_EQ(served.gateway.counters().faulty, 0U);
}

TEST_F(Operators, who_say_what_clients_say_are_thrown_out) {
    const std::unique_ptr<Link> link = network.connect("memory");
    HandshakeOptions options;
    options.name = "operator";
    options.boot = CutNetwork::client_boot;
    options.purpose = Purpose::operation;
    Handshake greeting(*link, Side::caller, options, chance_of(8));
    for (int i = 0; i < 1'000 && greeting.state() == HandshakeState::running; ++i) {
        greeting.do_work(clock);
        work();
    }
    ASSERT_EQ(greeting.state(), HandshakeState::admitted);
    Message message;
    encode(replication::Commands{{1, 0}, {}}, message);
    message.epoch = 3;
    ASSERT_TRUE(link->send(message, {}));
    for (int i = 0; i < 10; ++i) {
        link->do_work(clock);
        work();
    }
    EXPECT_EQ(served.gateway.connection_count(), 0U);
    EXPECT_EQ(served.gateway.counters().faulty, 1U);
    EXPECT_EQ(served.bank.aggregate_count(), 0U);
}

TEST_F(Operators, who_break_off_in_the_middle_of_an_answer_are_not_kept) {
    constexpr std::size_t record_bytes = sizeof(detail::RecordHeader);
    detail::GatewayOptions options = gateway_options();
    options.fetch = [](std::uint32_t, Position from, std::uint32_t, Position to) {
        std::vector<std::byte> records(to.value - from.value);
        for (std::size_t at = 0; at < records.size(); at += record_bytes) {
            detail::RecordHeader header{};
            header.length = record_bytes;
            std::memcpy(records.data() + at, &header, sizeof header);
        }
        return Result<std::vector<std::byte>>(std::move(records));
    };
    CutNetwork lines;
    detail::Gateway gateway(lines.listen(), options);
    const auto step = [&](std::int64_t) { gateway.do_work(clock += 1'000'000); };
    const auto range = [&](std::size_t bytes) {
        OperatorOptions asking;
        asking.address = "memory";
        asking.open_within = asking.patience = std::chrono::seconds(1);
        detail::OperatorCall one(
            asking, {lines, [this] { return clock; }, step, chance_of(8), CutNetwork::client_boot});
        EXPECT_TRUE(one.connect().ok());
        const auto told = one.range(0, Position{0}, 1, Position{bytes});
        for (int i = 0; i < 10; ++i) step(0);
        EXPECT_EQ(gateway.connection_count(), told.ok() ? 1U : 0U);
        return told.ok();
    };
    EXPECT_TRUE(range(4U << 20));
    for (int i = 0; i < 10; ++i) step(0);
    lines.cut_after(200'000, false);
    EXPECT_FALSE(range(4U << 20));
}

TEST_F(Operators, are_not_kept_waiting_for_ever) {
    auto one = call(std::chrono::milliseconds(50));
    ASSERT_TRUE(one.connect().ok());
    served.gateway.set_not_primary("");
    const auto gone = one.status();
    ASSERT_FALSE(gone.ok());
    EXPECT_NE(gone.error().sentence.find("memory"), std::string::npos);
}

// Real sockets and threads: the whole history of a session, in order, each once.
class History : public ::testing::Test {
protected:
    static EngineOptions options(const TempDirectory& here) {
        EngineOptions options = small(here.file("bank"), 2);
        options.listen = ":0";
        return options;
    }
    static Operator operator_of(const Bank& bank) {
        OperatorOptions options;
        options.address = bank.listen_address();
        options.open_within = options.patience = std::chrono::seconds(30);
        return Operator::open(options).value();
    }
};

TEST_F(History, is_told_to_an_operator_as_it_is_in_the_journal) {
    TempDirectory here;
    Bank bank = Bank::open(options(here)).value();
    auto mine = bank.producer({"mine"});
    auto others = bank.producer({"others"});
    constexpr std::uint64_t commands = 3'000;
    std::uint64_t answered = 0;
    const auto count = [&](const Reply&) { ++answered; };
    for (std::uint64_t i = 0; i < commands; ++i) {
        ASSERT_EQ(mine.submit(i % 17, Account::Deposit{static_cast<std::int64_t>(i) + 1}, count),
                  Offer::accepted);
        ASSERT_EQ(others.submit(i % 13, Account::Deposit{1}, count), Offer::accepted);
        mine.poll_replies(16);
        others.poll_replies(16);
    }
    while (answered < 2 * commands) {
        mine.poll_replies(256);
        others.poll_replies(256);
    }
    auto one = operator_of(bank);
    std::vector<std::int64_t> cents;
    std::vector<std::uint64_t> last(bank.shard_count(), 0);
    const auto take = [&](const JournaledEvent<Account, Book>& event) {
        const auto* deposited = event.as<Account::Deposited>();
        ASSERT_NE(deposited, nullptr);
        cents.push_back(deposited->cents);
        EXPECT_GT(event.number().value, last[event.shard()]);
        last[event.shard()] = event.number().value;
    };
    const Status read = one.read<Account, Book>(session_id("mine"), take);
    ASSERT_TRUE(read.ok()) << read.error().sentence;
    std::sort(cents.begin(), cents.end());
    ASSERT_EQ(cents.size(), commands);
    for (std::uint64_t i = 0; i < commands; ++i)
        EXPECT_EQ(cents[i], static_cast<std::int64_t>(i) + 1);
    std::uint64_t everybodys = 0;
    ASSERT_TRUE((one.read<Account, Book>(SessionId{0}, [&](const auto&) { ++everybodys; })).ok());
    EXPECT_EQ(everybodys, 2 * commands);
    // Who was built from other types is told so.
    const Status other = one.read<Account>(SessionId{0}, [](const auto&) {});
    ASSERT_FALSE(other.ok());
    EXPECT_NE(other.error().sentence.find("other commands"), std::string::npos);
}

TEST_F(History, is_given_to_an_operator_in_ranges_as_it_is_on_the_disk) {
    TempDirectory here;
    const EngineOptions given = options(here);
    Bank bank = Bank::open(given).value();
    for (Id id = 0; id < 3'000; ++id) ask(bank, id % 17, Account::Deposit{1});
    ASSERT_TRUE(bank.sync().ok());
    journal::PosixStorage storage;
    const auto manifest = journal::read_manifest(storage, given.directory).value();
    auto chance = chance_of(5);
    for (std::uint32_t shard = 0; shard < bank.shard_count(); ++shard) {
        journal::StreamReader reader(
            storage, {given.directory, shard, manifest.identity, manifest.segment_bytes});
        struct Record {
            Position position;
            std::uint32_t checksum_before;
        };
        std::vector<Record> records;
        std::vector<std::byte> stream;
        std::uint32_t checksum = journal::chain_seed(manifest.identity, shard);
        while (records.size() < 1'000) {
            const auto record = reader.next(Position{~std::uint64_t{0}}).value();
            records.push_back({record.position, checksum});
            checksum = record.view().header().checksum;
            stream.insert(stream.end(), record.bytes, record.bytes + record.view().length());
        }
        auto one = operator_of(bank);
        for (int i = 0; i < 30; ++i) {
            const std::size_t first = chance() % (records.size() - 1);
            const std::size_t last = first + 1 + chance() % (records.size() - first - 1);
            const Position from = records[first].position;
            const Position to = records[last].position;
            const auto range = one.range(shard, from, records[first].checksum_before, to);
            ASSERT_TRUE(range.ok()) << range.error().sentence;
            ASSERT_EQ(*range, std::vector<std::byte>(
                                  stream.begin() + static_cast<std::ptrdiff_t>(from.value),
                                  stream.begin() + static_cast<std::ptrdiff_t>(to.value)));
        }
        const auto refused = [&](Position from, std::uint32_t before, Position to,
                                 const std::string& word) {
            const auto range = operator_of(bank).range(shard, from, before, to);
            ASSERT_FALSE(range.ok());
            EXPECT_NE(range.error().sentence.find(word), std::string::npos)
                << range.error().sentence;
        };
        const Record& at = records[500];
        const Position next = records[501].position;
        refused(at.position, at.checksum_before ^ 1, next, "another history");
        refused(at.position, at.checksum_before, Position{next.value - 8}, "no record ends");
        refused(Position{at.position.value + 8}, at.checksum_before, next, "another history");
        refused(at.position, at.checksum_before, Position{std::uint64_t{1} << 40}, "16 MiB");
        refused(next, at.checksum_before, at.position, "16 MiB");
        refused(Position{at.position.value + 1}, 1, next, "16 MiB");
        const Position beyond{at.position.value + (std::uint64_t{8} << 20)};
        refused(at.position, at.checksum_before, beyond, "");
    }
    EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}).accepted());
}

// The gateway's thread reads, and close() waits for that thread.
TEST_F(History, that_is_being_told_does_not_keep_an_engine_open) {
    for (int round = 0; round < 6; ++round) {
        TempDirectory here;
        Bank bank = Bank::open(options(here)).value();
        for (int i = 0; i < 50; ++i)
            ASSERT_TRUE(bank.submit(1, Account::Deposit{1}, use_future).get().accepted());
        Operator one = operator_of(bank);
        std::atomic<int> reads{0};
        std::thread reader([&] {
            while ((one.read<Account, Book>(SessionId{0}, [](const auto&) {})).ok()) ++reads;
        });
        while (reads.load() < 2) std::this_thread::yield();
        EXPECT_TRUE(bank.close().ok());
        reader.join();
    }
}

}  // namespace
}  // namespace pawl::testing
