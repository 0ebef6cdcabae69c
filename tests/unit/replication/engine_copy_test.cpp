// An engine's journal through sender and receiver into a fold, and an engine on the copy: the same
// states, the same answers. Knows both engines' inside.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engine/history/fold.hpp"
#include "engine/replication/receiver.hpp"
#include "engine/replication/sender.hpp"
#include "journal/segment.hpp"
#include "testing/network.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::replication::testing {
namespace {

using namespace pawl::testing;

constexpr std::uint32_t shards = 2;
// One is written, some are made ahead: the first ones are full.
constexpr std::size_t segments_before_snapshot = 6;

class EngineCopy : public ::testing::Test {
protected:
    EngineCopy() : network(1) {
        for (const auto* directory : {&here, &there})
            std::filesystem::create_directories(directory->file("heads"));
    }
    EngineOptions options(const TempDirectory& directory) const {
        EngineOptions options = small(directory.file("dir"), shards);
        options.heads = directory.file("heads");
        options.segment_bytes = journal::segment_bytes_min;
        return options;
    }
    journal::DirectoryOptions directory_options(const TempDirectory& directory) const {
        const detail::Domain domain = Bank::domain();
        journal::DirectoryOptions options;
        options.path = directory.file("dir");
        options.shards = shards;
        options.router_hash = domain.router;
        options.schema_text = domain.schema_text;
        options.heads = directory.file("heads");
        return options;
    }
    void live(Bank& bank, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t number = from; number < to; ++number) {
            const auto cents = static_cast<std::int64_t>(number);
            if (number % 3 == 0)
                bank.submit(number % 37, Account::Withdraw{cents}, as("teller", number));
            else
                bank.submit(number % 37, Account::Deposit{cents}, as("teller", number));
        }
    }
    Reply withdraw(Bank& bank, std::uint64_t number) {
        const auto cents = static_cast<std::int64_t>(number);
        return ask(bank, number % 37, Account::Withdraw{cents}, as("teller", number));
    }
    // Of the shard that has fewest, those made ahead included.
    std::size_t fewest_segments() const {
        std::size_t fewest = ~std::size_t{0};
        for (std::uint32_t shard = 0; shard < shards; ++shard) {
            std::size_t count = 0;
            const auto path = journal::shard_path(here.file("dir"), shard);
            for (const auto& file : std::filesystem::directory_iterator(path))
                if (file.path().extension() == ".seg") ++count;
            fewest = std::min(fewest, count);
        }
        return fewest;
    }
    // A conversation from the first word to the last; true: the copy has everything.
    bool talk(journal::Directory& from, journal::Directory* to, StandbyStreams* streams);
    void adopt() {
        journal::AdoptOptions adopt;
        adopt.path = there.file("dir");
        adopt.origin = origin;
        adopt.heads = there.file("heads");
        adopt.begins = begins;
        const auto adopted = journal::adopt_directory(storage, adopt);
        ASSERT_TRUE(adopted.ok()) << adopted.error().sentence;
    }

    TempDirectory here;
    TempDirectory there;
    journal::PosixStorage storage;
    sim::Network network;
    std::int64_t now = 1'000'000'000;
    journal::Origin origin;
    std::vector<Position> begins;
};

bool EngineCopy::talk(journal::Directory& from, journal::Directory* to, StandbyStreams* streams) {
    LinkOptions link_options;
    link_options.boot = 1;
    const auto listener = network.listen("a", link_options);
    link_options.boot = 2;
    const auto connector = network.connector("b", link_options);
    auto caller = connector->connect("a");
    std::unique_ptr<Link> called;
    while (called == nullptr) {
        network.advance_to(now += 100'000);
        caller->do_work(now);
        called = listener->accept();
    }
    called->admit();
    caller->admit();
    SenderOptions sender_options;
    sender_options.talk.epoch = 10;
    Sender sender(storage, from, std::move(called), sender_options,
                  [&](std::uint32_t shard) { return from.end(shard).epochs; });
    ReceiverOptions receiver_options;
    receiver_options.directory = there.file("dir");
    Receiver receiver(storage, streams, std::move(caller), receiver_options);
    for (int turn = 0; turn < 20'000; ++turn) {
        network.advance_to(now += 100'000);
        sender.do_work(now);
        receiver.do_work(now);
        if (receiver.state() == ReceiverState::over) break;
        bool all = to != nullptr;
        for (std::uint32_t i = 0; to != nullptr && i < shards; ++i) {
            to->journaler(i).do_work(now);
            to->preparer(i).do_work(now);
            all = all && streams->applied(i) == from.head(i).committed() &&
                  streams->synced(i) == from.head(i).committed();
        }
        if (all) return true;
    }
    EXPECT_EQ(receiver.todo(), Todo::adopt) << receiver.why();
    origin = receiver.origin();
    begins = receiver.begins();
    return false;
}

TEST_F(EngineCopy, has_the_same_states_and_gives_the_same_answers) {
    std::uint64_t number = 1;
    std::uint64_t hash = 0;
    Reply first;
    {
        Bank bank = open(options(here));
        // How many bytes a number of commands takes depends on how they fall into blocks.
        while (fewest_segments() < segments_before_snapshot) {
            live(bank, number, number + 500);
            number += 500;
            ask(bank, 1, Account::Deposit{1});
        }
        ASSERT_TRUE(bank.snapshot().ok());
        live(bank, number, number + 400);
        number += 400;
        first = withdraw(bank, number);
        hash = bank.state_hash();
    }
    const detail::Domain domain = Bank::domain();
    std::vector<std::unique_ptr<detail::Fold>> folds;
    const auto sinks = [&](std::uint32_t shard) -> journal::RecordSink& { return *folds[shard]; };
    const auto fresh_folds = [&] {
        folds.clear();
        for (std::uint32_t i = 0; i < shards; ++i)
            folds.push_back(std::make_unique<detail::Fold>(
                detail::FoldOptions{&domain, i, shards, 1024, 4096}));
    };
    fresh_folds();
    auto primary = journal::Directory::open(storage, directory_options(here), sinks);
    ASSERT_TRUE(primary.ok()) << primary.error().sentence;
    for (std::uint32_t i = 0; i < shards; ++i) {
        const auto gone =
            (*primary)->retain(i, {.segments = journal::Retention::remove, .snapshots_kept = 1},
                               Position{~std::uint64_t{0}});
        ASSERT_TRUE(gone.ok()) << gone.error().sentence;
        ASSERT_GT(gone->segments_gone, 0U);
    }
    ASSERT_FALSE(talk(**primary, nullptr, nullptr));
    for (const Position begin : begins) EXPECT_GT(begin, Position{0});
    adopt();
    fresh_folds();
    auto copy = journal::Directory::open(storage, directory_options(there), sinks);
    ASSERT_TRUE(copy.ok()) << copy.error().sentence;
    {
        StandbyStreamsOptions streams_options;
        streams_options.sinks = sinks;
        StandbyStreams streams(**copy, streams_options);
        ASSERT_TRUE(talk(**primary, copy->get(), &streams));
        std::uint64_t standby_hash = 0;
        for (std::uint32_t i = 0; i < shards; ++i) {
            EXPECT_FALSE(folds[i]->failed()) << folds[i]->why();
            EXPECT_EQ(folds[i]->epochs(), streams.epochs(i));
            standby_hash += folds[i]->machine().state_hash();
        }
        EXPECT_EQ(standby_hash, hash);
    }
    ASSERT_TRUE((*copy)->close().ok());
    copy->reset();
    ASSERT_TRUE((*primary)->close().ok());
    primary->reset();
    // The copy is a directory like any other.
    Bank bank = open(options(there));
    EXPECT_EQ(bank.state_hash(), hash);
    const Reply again = withdraw(bank, number);
    EXPECT_EQ(again.accepted(), first.accepted());
    EXPECT_EQ(again.sequence(), first.sequence());
    EXPECT_EQ(bank.state_hash(), hash);
}

}  // namespace
}  // namespace pawl::replication::testing
