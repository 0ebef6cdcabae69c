// A copy that has to come again from its first record on, and one that cannot: what it knows of
// itself, and what its operator hears.
#include <algorithm>
#include <atomic>
#include <filesystem>

#include "engine/platform/clock.hpp"
#include "engine/platform/event.hpp"
#include "engine/runtime/environment.hpp"
#include "engine/runtime/node_ways.hpp"
#include "engine/runtime/standby_core.hpp"
#include "journal/adopt.hpp"
#include "journal/posix_storage.hpp"
#include "tests/unit/node/kit.hpp"

namespace pawl::testing {
namespace {

namespace fs = std::filesystem;

bool remembers_a_loss(const EngineOptions& node) {
    return fs::exists(node.directory + "/may_have_lost");
}

// A copy of the node's directory before its first record.
void make_empty_copy(const EngineOptions& of, const EngineOptions& to) {
    journal::PosixStorage storage;
    journal::AdoptOptions adopt;
    adopt.path = to.directory;
    adopt.heads = to.heads;
    adopt.origin = journal::origin_of(journal::read_manifest(storage, of.directory).value());
    adopt.begins.resize(of.shards);
    ASSERT_TRUE(journal::adopt_directory(storage, adopt).ok());
}

// Counts the attempts of a real node.
class CountedCalls final : public replication::Connector {
public:
    CountedCalls(std::shared_ptr<replication::Connector> real, std::atomic<int>& calls)
        : real_(std::move(real)), calls_(calls) {}
    std::unique_ptr<replication::Link> connect(const std::string& address) override {
        ++calls_;
        return real_->connect(address);
    }

private:
    const std::shared_ptr<replication::Connector> real_;
    std::atomic<int>& calls_;
};

struct World {
    journal::PosixStorage storage;
    detail::SystemClock clock;
};

Follower follow_counted(const EngineOptions& options, World& world, std::atomic<int>& calls) {
    const std::uint64_t boot = detail::system_random() | 1U;
    auto ways =
        detail::open_ways(options.replication, boot, detail::system_random, world.storage).value();
    ways.connector = std::make_shared<CountedCalls>(ways.connector, calls);
    return Follower::on(
        detail::StandbyCore::open(options, Bank::domain(),
                                  {world.storage, world.clock, detail::system_random}, boot,
                                  std::move(ways))
            .value());
}

// An operator lets b go on with nothing; a comes back and sets everything aside. It had
// acknowledged that once: whoever counts on a for it must not, until everything is there again.
TEST(NodeBeginsAnew, who_sets_everything_aside_remembers_it_until_it_is_level) {
    Pair pair(soon);
    {
        Bank bank = pair.reign("a");
        ask(bank, 1, Account::Deposit{100}, at(Durability::synced));
    }
    make_empty_copy(pair.options("a"), pair.options("b"));
    Follower other = pair.follow("b");
    other.accept_loss();
    Bank bank = Pair::promote(std::move(other));
    ask(bank, 1, Account::Deposit{7}, at(Durability::synced));

    EngineOptions options = pair.options("a");
    std::atomic<int> set_aside{0};
    std::atomic<int> remembered{0};
    const auto hear = options.on_notice;
    options.on_notice = [&](const Notice& notice) {
        hear(notice);
        if (notice.sentence.find("quarantine") == std::string::npos) return;
        ++set_aside;
        if (remembers_a_loss(options)) ++remembered;
    };
    Follower old = Follower::open(options).value();
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "a"); })) << pair.said();
    EXPECT_GT(set_aside, 0) << pair.said();
    EXPECT_EQ(remembered, set_aside) << pair.said();
    EXPECT_TRUE(comes_true([&] { return !remembers_a_loss(options); }));
    EXPECT_TRUE(comes_true([&] { return old.state_hash() == bank.state_hash(); }));
}

// Somebody put the segments away that this copy needs, and there is no snapshot.
TEST(NodeBeginsAnew, who_cannot_follow_says_so_once_tries_seldom_and_follows_when_it_can) {
    Pair pair(patient);
    Bank bank = pair.reign("a");
    {
        const Follower standby = pair.follow("b");
        ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); }));
    }
    const auto written = [&] {
        for (Id id = 0; id < 200; ++id) bank.submit(id, Account::Deposit{1});
        ask(bank, 1, Account::Deposit{1}, at(Durability::synced));
        return fs::exists(pair.options("a").directory + "/s0/00000008.seg");
    };
    ASSERT_TRUE(comes_true(written));  // more than the head holds
    const fs::path first = pair.options("a").directory + "/s0/00000001.seg";
    const fs::path away = pair.folder().file("away");
    fs::rename(first, away);
    World world;
    std::atomic<int> calls{0};
    Follower standby = follow_counted(pair.options("b"), world, calls);
    const std::string sentence = "b cannot follow a: ";
    ASSERT_TRUE(comes_true([&] { return pair.said().find(sentence) != std::string::npos; }));
    detail::Event::sleep_on(-1, 300'000'000);
    const std::string said = pair.said();
    EXPECT_NE(said.find("no longer kept, and there is no snapshot: make one"), std::string::npos);
    EXPECT_EQ(said.find(sentence), said.rfind(sentence)) << said;
    // Between two of them 100 ms and as much as half less, after some that come sooner.
    const auto begun = std::chrono::steady_clock::now();
    const int before = calls;
    EXPECT_TRUE(comes_true([&] { return calls >= before + 15; }));
    EXPECT_GT(std::chrono::steady_clock::now() - begun, milliseconds(500));
    fs::rename(away, first);
    EXPECT_TRUE(comes_true([&] { return standby.state_hash() == bank.state_hash(); }));
}

TEST(NodeBeginsAnew, who_does_not_know_its_primary_says_so) {
    Pair pair(patient);
    EngineOptions b = pair.options("b");
    b.replication.peers = {{"x", address_of(0)}};
    const Bank bank = pair.reign("a");
    const Follower standby = Follower::open(b).value();
    EXPECT_TRUE(comes_true([&] {
        return pair.said().find("b cannot follow a: it is primary and no peer of this node") !=
               std::string::npos;
    })) << pair.said();
}

TEST(NodeBeginsAnew, who_is_no_peer_of_its_primary_says_so) {
    Pair pair(patient);
    EngineOptions a = pair.options("a");
    a.replication.peers = {{"x", address_of(1)}};
    const Bank bank = Pair::promote(Follower::open(a).value());
    const Follower standby = pair.follow("b");
    EXPECT_TRUE(comes_true([&] {
        return pair.said().find("refuses: a has no peer 'b'") != std::string::npos;
    })) << pair.said();
}

// A wrong secret is an operator's to mend, too.
TEST(NodeBeginsAnew, who_is_refused_for_its_secret_says_so_once_and_so_does_who_refuses) {
    Pair pair(patient);
    EngineOptions a = pair.options("a");
    EngineOptions b = pair.options("b");
    a.replication.secret = "a secret of thirty-two bytes, 01";
    b.replication.secret = "a secret of thirty-two bytes, 02";
    const Bank bank = Pair::promote(Follower::open(a).value());
    const Follower standby = Follower::open(b).value();
    const std::string sentence = "b cannot follow a: ";
    ASSERT_TRUE(comes_true([&] { return pair.said().find(sentence) != std::string::npos; }));
    detail::Event::sleep_on(-1, 300'000'000);
    const std::string said = pair.said();
    EXPECT_NE(said.find("secret"), std::string::npos) << said;
    EXPECT_EQ(said.find(sentence), said.rfind(sentence)) << said;
    // The one that is called is asked by operators, too.
    const std::string turned_away = "a turns a caller away: ";
    EXPECT_NE(said.find(turned_away), std::string::npos) << said;
    EXPECT_EQ(said.find(turned_away), said.rfind(turned_away)) << said;
}

}  // namespace
}  // namespace pawl::testing
