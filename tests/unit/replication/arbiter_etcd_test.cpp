// A real etcd that is stopped, killed, and loses its memory under the arbiter. Knows signals; the
// contract of a good day is arbiter_contract_test.cpp.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "arbiter_history.hpp"
#include "engine/replication/etcd_arbiter.hpp"
#include "etcd_server.hpp"
#include "testing/chance.hpp"
#include "tests/sim/slowness.hpp"

namespace pawl::replication::test {
namespace {

using Kind = ArbiterAnswer::Kind;

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

class ArbiterEtcd : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!EtcdServer::program().empty()) server_ = std::make_unique<EtcdServer>();
    }
    static void TearDownTestSuite() { server_.reset(); }
    void SetUp() override {
        if (!server_) GTEST_SKIP() << "etcd is not installed";
        server_->kill();
        server_->wipe();
        ASSERT_TRUE(server_->start());
    }

    static std::unique_ptr<EtcdArbiter> way(std::int64_t timeout_ns) {
        const ArbiterOptions options{.attempt_timeout_ns = timeout_ns,
                                     .request_timeout_ns = timeout_ns};
        return EtcdArbiter::open({{{"127.0.0.1", server_->port()}}, "k"}, options).value();
    }
    static ArbiterAnswer finish(Arbiter& arbiter) {
        for (;;) {
            if (auto answer = arbiter.do_work(now_ns())) return *answer;
            std::this_thread::yield();
        }
    }
    static ArbiterAnswer read(Arbiter& arbiter) {
        arbiter.read();
        return finish(arbiter);
    }
    static ArbiterAnswer swap(Arbiter& arbiter, std::uint64_t expected, const Reign& wanted) {
        arbiter.compare_and_swap(expected, wanted);
        return finish(arbiter);
    }

    static std::unique_ptr<EtcdServer> server_;
};
std::unique_ptr<EtcdServer> ArbiterEtcd::server_;

constexpr std::int64_t patient = 60'000'000'000;  // a disk that stands still
constexpr std::int64_t hasty = 50'000'000;
const Reign one = first({"a", 1}, 0).value();
const Reign two = add_standby(one, {"a", 1}, "b").value();
const Reign three = take_over(two, {"b", 2}).value();

TEST_F(ArbiterEtcd, that_is_stopped_is_unknown_in_time_and_found_again_after) {
    const auto arbiter = way(patient);
    const auto made = swap(*arbiter, 0, one);
    ASSERT_EQ(made.kind, Kind::swapped) << made.why;
    const auto impatient = way(hasty);
    server_->pause(true);
    const std::int64_t begin = now_ns();
    impatient->read();
    const auto nothing = finish(*impatient);
    const std::int64_t took = now_ns() - begin;
    server_->pause(false);
    EXPECT_EQ(nothing.kind, Kind::unknown);
    EXPECT_GE(took, hasty);
    EXPECT_LT(took, 600 * hasty) << "a little over one, unless the machine is overloaded";
    const auto found = read(*arbiter);
    ASSERT_EQ(found.kind, Kind::found) << found.why;
    EXPECT_EQ(found.revision, made.revision);
}

// A swap that nobody waits for any more may still happen. What settles it is another swap from the
// same revision: never both.
TEST_F(ArbiterEtcd, a_swap_of_unknown_end_and_its_successor_never_both_happen) {
    const auto a = way(patient);
    const auto b = way(patient);
    const auto impatient = way(hasty);
    std::uint64_t revision = swap(*a, 0, one).revision;
    int late = 0;
    for (std::uint64_t round = 0; round < 1 + 7 / sim::slowness; ++round) {
        server_->pause(true);
        const auto lost = swap(*impatient, revision, two);
        ASSERT_EQ(lost.kind, Kind::unknown);
        server_->pause(false);
        const auto settled = swap(*b, revision, three);
        const auto after = read(*a);
        ASSERT_EQ(after.kind, Kind::found) << after.why;
        ASSERT_EQ(after.revision, settled.revision);
        ASSERT_EQ(after.reign, settled.kind == Kind::swapped ? three : two);
        ASSERT_NE(settled.revision, revision);
        late += settled.kind == Kind::conflict ? 1 : 0;
        revision = after.revision;
    }
    RecordProperty("swaps_that_happened_late", late);
}

TEST_F(ArbiterEtcd, killed_and_started_again_has_what_it_said_and_goes_on) {
    const auto arbiter = way(patient);
    auto last = swap(*arbiter, 0, one);
    for (std::uint64_t round = 0; round < 1 + 2 / sim::slowness; ++round) {
        ASSERT_EQ(last.kind, Kind::swapped) << last.why;
        server_->kill();
        const auto nothing = read(*arbiter);
        EXPECT_EQ(nothing.kind, Kind::unknown);
        EXPECT_NE(nothing.why.find("no connection"), std::string::npos) << nothing.why;
        EXPECT_EQ(swap(*arbiter, last.revision, two).kind, Kind::unknown);
        ASSERT_TRUE(server_->start());
        const auto found = read(*arbiter);
        ASSERT_EQ(found.kind, Kind::found) << found.why;
        EXPECT_EQ(found.revision, last.revision);
        EXPECT_EQ(found.reign, last.reign);
        last = swap(*arbiter, last.revision, round % 2 == 0 ? two : one);
    }
}

TEST_F(ArbiterEtcd, that_lost_its_memory_is_refused) {
    const auto arbiter = way(patient);
    auto last = swap(*arbiter, 0, one);
    last = swap(*arbiter, last.revision, two);
    ASSERT_EQ(last.kind, Kind::swapped) << last.why;
    server_->kill();
    server_->wipe();
    ASSERT_TRUE(server_->start());
    const auto answer = read(*arbiter);
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_NE(answer.why.find("went back"), std::string::npos) << answer.why;
    EXPECT_EQ(read(*way(patient)).kind, Kind::absent) << "who knew nothing cannot tell";
}

TEST_F(ArbiterEtcd, whose_key_somebody_else_has_written_is_refused_by_its_name) {
    const auto arbiter = EtcdArbiter::open({{{"127.0.0.1", server_->port()}}, "k"}, {}).value();
    ASSERT_EQ(swap(*arbiter, 0, one).kind, Kind::swapped);
    EtcdCall put({{"127.0.0.1", server_->port()}, "127.0.0.1"},
                 {"/v3/kv/put", R"({"key":"aw==","value":"aGVsbG8="})", 65'536});
    for (EtcdCall::Stage stage{}; stage == EtcdCall::Stage::under_way;) stage = put.do_work();
    ASSERT_EQ(put.status(), 200U);
    const auto answer = read(*way(patient));
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_NE(answer.why.find("/k: this is no reign"), std::string::npos) << answer.why;
}

TEST_F(ArbiterEtcd, stopped_again_and_again_under_a_race_still_tells_one_story) {
    struct Node {
        std::unique_ptr<EtcdArbiter> arbiter;
        Heard now;
        std::uint64_t revision = 0;
    };
    std::vector<Node> nodes(3);
    for (Node& node : nodes) node.arbiter = way(hasty);
    sim::Chance chance(1);
    std::vector<Heard> all;
    std::uint64_t boot = 0;
    int unknown = 0;
    bool paused = false;
    const std::int64_t end = now_ns() + 1'500'000'000;
    for (std::int64_t turn = now_ns() + 100'000'000; now_ns() < end;) {
        if (now_ns() >= turn) {
            paused = !paused;
            server_->pause(paused);
            turn += 60'000'000 + static_cast<std::int64_t>(chance.below(80'000'000));
        }
        for (Node& node : nodes) {
            if (!node.arbiter->busy()) {
                node.now = {};
                node.now.begin = now_ns();
                if (!chance.one_in(3)) {
                    node.now.wanted = first({"n", ++boot}, 0).value();
                    node.now.expected_revision = node.revision;
                }
                if (node.now.wanted)
                    node.arbiter->compare_and_swap(node.revision, *node.now.wanted);
                else
                    node.arbiter->read();
            }
            const auto answer = node.arbiter->do_work(now_ns());
            if (!answer) continue;
            ASSERT_NE(answer->kind, Kind::refused) << answer->why;
            node.now.end = now_ns();
            node.now.answer = *answer;
            unknown += answer->kind == Kind::unknown ? 1 : 0;
            if (answer->kind != Kind::unknown) node.revision = answer->revision;
            all.push_back(node.now);
        }
        std::this_thread::yield();
    }
    if (paused) server_->pause(false);
    for (const Node& node : nodes) {
        if (!node.arbiter->busy()) continue;
        all.push_back(node.now);  // perhaps it has happened, and only the answer is missing
        all.back().end = now_ns();
    }
    Heard last;
    last.begin = now_ns();
    last.answer = read(*way(patient));
    last.end = now_ns();
    all.push_back(last);
    EXPECT_EQ(contradiction(all), "");
    EXPECT_GT(unknown, 0) << "or nothing was tried";
    EXPECT_GT(all.size(), 30U);
}

}  // namespace
}  // namespace pawl::replication::test
