// The etcd arbiter against a server that says anything, at any time, in any pieces. Time stands
// still unless the test moves it. Knows what etcd would say.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/replication/base64.hpp"
#include "engine/replication/etcd_arbiter.hpp"
#include "scripted_server.hpp"
#include "testing/chance.hpp"
#include "tests/sim/slowness.hpp"

namespace pawl::replication::test {
namespace {

using Kind = ArbiterAnswer::Kind;
using What = Act::What;

const Reign one = first({"a", 1}, 0).value();
const Reign two = add_standby(one, {"a", 1}, "b").value();

std::string header(std::uint64_t revision, std::uint64_t cluster = 9) {
    return R"({"header":{"cluster_id":")" + std::to_string(cluster) +
           R"(","member_id":"8","revision":")" + std::to_string(revision) + R"(","raft_term":"2"})";
}
std::string kvs(const std::string& value, std::uint64_t revision) {
    return R"("kvs":[{"key":"aw==","create_revision":"1","mod_revision":")" +
           std::to_string(revision) + R"(","version":"1","value":")" + to_base64(value) +
           R"("}],"count":"1")";
}
std::string found(const Reign& reign, std::uint64_t revision) {
    return header(revision) + "," + kvs(print_reign(reign), revision) + "}";
}
std::string swapped(std::uint64_t revision) {
    return header(revision) +
           R"(,"succeeded":true,"responses":[{"response_put":{"header":{"revision":"1"}}}]})";
}
std::string not_swapped(const Reign& reign, std::uint64_t revision) {
    return header(revision) + R"(,"responses":[{"response_range":{)" +
           kvs(print_reign(reign), revision) + "}}]}";
}

class Talk {
public:
    explicit Talk(std::size_t servers_count = 1) {
        EtcdAddress address{{}, "k"};
        for (std::size_t i = 0; i < servers_count; ++i) {
            servers.push_back(std::make_unique<ScriptedServer>());
            address.hosts.push_back({"127.0.0.1", servers.back()->port()});
        }
        arbiter = EtcdArbiter::open(address, {}).value();
    }
    ScriptedServer& server() { return *servers.front(); }

    // Nothing: there is none while time stands still.
    std::optional<ArbiterAnswer> answer() {
        for (int turn = 0; turn < 3'000; ++turn) {
            for (const auto& each : servers) each->do_work();
            if (auto said = arbiter->do_work(now_ns)) return said;
        }
        return std::nullopt;
    }
    ArbiterAnswer read() {
        arbiter->read();
        return must();
    }
    ArbiterAnswer swap(std::uint64_t expected_revision = 4) {
        arbiter->compare_and_swap(expected_revision, two);
        return must();
    }
    ArbiterAnswer must() {
        auto said = answer();
        // a connection that is silent ends by the time-out, and by nothing else
        for (int i = 0; !said && i < 8; ++i) {
            now_ns += 300'000'000;
            said = answer();
        }
        EXPECT_TRUE(said) << "no answer at all";
        return said.value_or(ArbiterAnswer{Kind::unknown, {}, 0, "none"});
    }

    std::vector<std::unique_ptr<ScriptedServer>> servers;
    std::unique_ptr<EtcdArbiter> arbiter;
    std::int64_t now_ns = 1'000'000'000;
};

TEST(ArbiterAnswers, of_a_good_server_are_believed) {
    Talk talk;
    talk.server().next(saying(http(header(3) + "}")));
    EXPECT_EQ(talk.read().kind, Kind::absent);
    talk.server().next(saying(http(found(one, 4))));
    const auto value = talk.read();
    EXPECT_EQ(value.kind, Kind::found) << value.why;
    EXPECT_EQ(value.reign, one);
    EXPECT_EQ(value.revision, 4U);
    talk.server().next(saying(http(not_swapped(one, 6))));
    const auto other = talk.swap();
    EXPECT_EQ(other.kind, Kind::conflict) << other.why;
    EXPECT_EQ(other.revision, 6U);
    talk.server().next(saying(http(swapped(7))));
    const auto done = talk.swap();
    EXPECT_EQ(done.kind, Kind::swapped) << done.why;
    EXPECT_EQ(done.revision, 7U);
    EXPECT_EQ(done.reign, two);
    EXPECT_EQ(talk.server().connections(), 4U) << "one for each question";
}

TEST(ArbiterAnswers, come_in_any_pieces) {
    const std::string right = http(found(one, 4));
    Talk talk;
    talk.server().next({{What::hear}, {What::trickle, right}, {What::close}});
    EXPECT_EQ(talk.read().kind, Kind::found);
    for (std::size_t cut = 1; cut < right.size(); cut += 7 * sim::slowness) {
        talk.server().next({{What::hear},
                            {What::say, right.substr(0, cut)},
                            {What::trickle, right.substr(cut, 1)},
                            {What::say, right.substr(cut + 1)},
                            {What::close}});
        const auto answer = talk.read();
        ASSERT_EQ(answer.kind, Kind::found) << cut << " " << answer.why;
    }
    const std::string body = found(one, 4);
    std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const char letter : body) chunked += std::string("1\r\n") + letter + "\r\n";
    talk.server().next(saying(chunked + "0\r\nTrailer: x\r\n\r\n"));
    EXPECT_EQ(talk.read().kind, Kind::found);
}

TEST(ArbiterAnswers, cut_anywhere_are_unknown) {
    const std::string right = http(swapped(7));
    Talk talk;
    for (std::size_t bytes = 0; bytes < right.size(); bytes += 1 + 6 * (sim::slowness / 8)) {
        talk.server().next(saying(right.substr(0, bytes)));
        const auto answer = talk.swap();
        ASSERT_EQ(answer.kind, Kind::unknown) << bytes;
        ASSERT_NE(answer.why.find("arbiter etcd://127.0.0.1:"), std::string::npos) << answer.why;
    }
    talk.server().next({{What::hear}, {What::say, right.substr(0, 50)}, {What::reset}});
    EXPECT_EQ(talk.swap().kind, Kind::unknown);
    talk.server().next({{What::reset}});
    EXPECT_EQ(talk.swap().kind, Kind::unknown);
}

TEST(ArbiterAnswers, that_are_wrong_are_unknown_for_a_read_and_for_a_swap) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::vector<std::string> all{
        http(""),
        http("{}"),
        http("not json"),
        http(std::string(10'000, '[')),
        http(header(9) + R"(,"kvs":[{"key":"eA==","mod_revision":"4","value":""}],"count":"1"})"),
        http(header(4) + R"(,"count":"1"})"),
        http("down", "500 Internal Server Error"),
        http(R"({"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14})",
             "503 Service Unavailable"),
        http("", "204 No Content"),
        http("", "302 Found"),
        http("busy", "429 Too Many Requests"),
        "garbage\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 999999 OK\r\n\r\n",
        std::string(100, '\0'),
        "HTTP/1.1 100 Continue\r\n\r\n",
        ok + "Content-Length: 5000\r\n\r\n" + found(one, 4),
        ok + "Content-Length: 5\r\n\r\n" + found(one, 4),
        ok + "Content-Length: -5\r\n\r\n" + found(one, 4),
        ok + "Content-Length: 1000000000000\r\n\r\n" + found(one, 4),
        ok + "Content-Length: 99999999999999999999999\r\n\r\n",
        ok + "Content-Length: 5\r\nContent-Length: 7\r\n\r\n12345",
        ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        ok + "X: " + std::string(100'000, 'x') + "\r\n\r\n",
    };
    Talk talk;
    for (const std::string& bytes : all) {
        talk.server().next(saying(bytes));
        const auto read = talk.read();
        ASSERT_EQ(read.kind, Kind::unknown) << bytes.substr(0, 300);
        ASSERT_FALSE(read.why.empty());
        ASSERT_LT(read.why.size(), 600U);
        talk.server().next(saying(bytes));
        const auto swap = talk.swap();
        ASSERT_EQ(swap.kind, Kind::unknown) << bytes.substr(0, 300);
    }
    talk.server().next(saying(http(found(one, 4))));
    EXPECT_EQ(talk.read().kind, Kind::found) << "it goes on after all of that";
}

TEST(ArbiterAnswers, without_an_end_are_given_up_at_the_limit) {
    Talk talk;
    const std::string begin = "HTTP/1.1 200 OK\r\n";
    const std::string chunk = "4000\r\n" + std::string(0x4000, '1') + "\r\n";
    const std::vector<Script> all{
        {{What::hear}, {What::flood, "HTTP/1.1 200 OK\r\n"}},
        {{What::hear}, {What::say, begin + "X: "}, {What::flood, std::string(5000, 'x')}},
        {{What::hear}, {What::say, begin}, {What::flood, "X: y\r\n"}},
        {{What::hear}, {What::say, begin + "\r\n"}, {What::flood, std::string(5000, ' ')}},
        {{What::hear},
         {What::say, begin + "Transfer-Encoding: chunked\r\n\r\n"},
         {What::flood, chunk}},
    };
    std::uint64_t before = 0;
    for (const Script& script : all) {
        talk.server().next(script);
        const auto answer = talk.read();
        EXPECT_EQ(answer.kind, Kind::unknown);
        // what the kernel holds for a socket is more than what is kept here
        EXPECT_LT(talk.server().said_bytes() - before, std::uint64_t{16} << 20U) << answer.why;
        before = talk.server().said_bytes();
    }
}

TEST(ArbiterAnswers, that_turn_the_question_down_are_refusals) {
    Talk talk;
    for (const char* status :
         {"400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"}) {
        talk.server().next(saying(http(R"({"message":"no \u001b[31m way"})", status)));
        const auto answer = talk.swap();
        EXPECT_EQ(answer.kind, Kind::refused) << status;
        EXPECT_NE(answer.why.find("no [31m way"), std::string::npos) << answer.why;
    }
}

TEST(ArbiterAnswers, with_a_value_that_is_no_reign_are_refusals) {
    Talk talk;
    const std::string strange = header(4) + "," + kvs("{\"reign\":1,\"x\"", 4) + "}";
    talk.server().next(saying(http(strange)));
    const auto answer = talk.read();
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_NE(answer.why.find("/k: this is no reign"), std::string::npos) << answer.why;
    talk.server().next(
        saying(http(header(4) + R"(,"responses":[{"response_range":{)" + kvs("", 4) + "}}]}")));
    EXPECT_EQ(talk.swap(3).kind, Kind::refused);
}

TEST(ArbiterAnswers, that_come_too_late_reach_nobody) {
    Talk talk;
    talk.server().next({{What::hear}, {What::wait}, {What::say, http(found(one, 4))}});
    talk.arbiter->read();
    EXPECT_FALSE(talk.answer());
    talk.now_ns += 299'999'999;
    EXPECT_FALSE(talk.answer());
    talk.now_ns += 1;
    const auto late = talk.answer();
    ASSERT_TRUE(late);
    EXPECT_EQ(late->kind, Kind::unknown);
    EXPECT_NE(late->why.find("no answer in time"), std::string::npos) << late->why;
    talk.server().next(
        {{What::hear}, {What::say, http(found(two, 5))}, {What::wait}, {What::close}});
    talk.server().release();
    const auto now = talk.read();
    ASSERT_EQ(now.kind, Kind::found) << now.why;
    EXPECT_EQ(now.reign, two);
    EXPECT_FALSE(talk.answer()) << "nothing more comes";
}

TEST(ArbiterAnswers, of_a_store_that_went_back_are_refusals) {
    Talk talk;
    talk.server().next(saying(http(found(one, 8))));
    EXPECT_EQ(talk.read().kind, Kind::found);
    talk.server().next(saying(http(found(one, 7))));
    const auto back = talk.read();
    EXPECT_EQ(back.kind, Kind::refused);
    EXPECT_NE(back.why.find("went back from 8 to 7"), std::string::npos) << back.why;
    talk.server().next(saying(http(header(9, 10) + "}")));
    const auto other = talk.read();
    EXPECT_EQ(other.kind, Kind::refused);
    EXPECT_NE(other.why.find("cluster 10"), std::string::npos) << other.why;
}

// ---- several endpoints

TEST(ArbiterAnswers, of_the_next_endpoint_are_taken_for_a_read) {
    Talk talk(3);
    talk.servers[0]->next(saying(http("down", "503 Service Unavailable")));
    talk.servers[1]->next({{What::hear}, {What::wait}});
    talk.servers[2]->next(saying(http(found(one, 4))));
    const auto answer = talk.read();
    ASSERT_EQ(answer.kind, Kind::found) << answer.why;
    talk.servers[2]->next(saying(http(found(one, 4))));
    EXPECT_EQ(talk.read().kind, Kind::found);
    EXPECT_EQ(talk.servers[0]->connections(), 1U) << "the one that answered is asked first";
    EXPECT_EQ(talk.servers[1]->connections(), 1U);
}

TEST(ArbiterAnswers, to_a_swap_that_was_sent_are_not_sought_elsewhere) {
    Talk talk(2);
    talk.servers[0]->next(saying(http("down", "503 Service Unavailable")));
    EXPECT_EQ(talk.swap().kind, Kind::unknown);
    EXPECT_EQ(talk.servers[1]->connections(), 0U);
    EXPECT_EQ(talk.servers[0]->requests().size(), 1U) << "and it is sent once";
}

TEST(ArbiterAnswers, to_a_swap_that_could_not_be_sent_are_sought_elsewhere) {
    Talk talk(2);
    talk.servers[0].reset();  // its port is closed
    talk.servers.erase(talk.servers.begin());
    talk.server().next(saying(http(swapped(7))));
    const auto answer = talk.swap();
    EXPECT_EQ(answer.kind, Kind::swapped) << answer.why;
}

TEST(ArbiterAnswers, of_nobody_name_each_endpoint) {
    Talk talk(2);
    const auto ports = {talk.servers[0]->port(), talk.servers[1]->port()};
    talk.servers.clear();
    const auto answer = talk.read();
    EXPECT_EQ(answer.kind, Kind::unknown);
    for (const auto port : ports)
        EXPECT_NE(answer.why.find(":" + std::to_string(port) + ": no connection"),
                  std::string::npos)
            << answer.why;
    EXPECT_EQ(talk.swap().kind, Kind::unknown);
}

TEST(ArbiterAnswers, are_waited_for_no_longer_than_the_whole_time_out) {
    Talk talk(5);
    for (const auto& each : talk.servers) each->next({{What::hear}, {What::wait}});
    const std::int64_t begin = talk.now_ns;
    talk.arbiter->read();
    std::optional<ArbiterAnswer> answer;
    while (!(answer = talk.answer())) talk.now_ns += 100'000'000;
    EXPECT_EQ(answer->kind, Kind::unknown);
    EXPECT_EQ(talk.now_ns - begin, 1'000'000'000) << "five times 300 ms would be more";
}

TEST(ArbiterAnswers, are_not_needed_to_end_in_order) {
    Talk talk;
    talk.server().next({{What::hear}, {What::wait}});
    talk.arbiter->compare_and_swap(4, two);
    EXPECT_FALSE(talk.answer());
    EXPECT_TRUE(talk.arbiter->busy());
    talk.arbiter.reset();  // the connection goes with it
    talk.server().do_work();
}

// ---- anything at all

RC_GTEST_PROP(ArbiterAnswers, changed_at_random_never_crash_it_and_are_told_with_a_reason, ()) {
    sim::Chance chance(*rc::gen::arbitrary<std::uint64_t>());
    Talk talk;
    for (int round = 0; round < 4; ++round) {
        const bool is_read = chance.coin();
        std::string bytes = http(is_read         ? found(one, 4)
                                 : chance.coin() ? swapped(7)
                                                 : not_swapped(one, 6));
        for (std::uint64_t changes = 1 + chance.below(4); changes != 0; --changes) {
            const auto at = chance.below(bytes.size());
            const auto byte = static_cast<char>(chance.below(256));
            if (chance.coin()) bytes[at] = byte;
            if (chance.one_in(4)) bytes.erase(at, chance.below(8));
            if (chance.one_in(4)) bytes.insert(at, chance.below(8), byte);
            if (bytes.empty()) bytes = "x";
        }
        talk.server().next(saying(bytes));
        const auto answer = is_read ? talk.read() : talk.swap();
        const bool needs_reason = answer.kind == Kind::unknown || answer.kind == Kind::refused;
        RC_ASSERT(needs_reason != answer.why.empty());
        RC_ASSERT(is_read || (answer.kind != Kind::found && answer.kind != Kind::absent));
        RC_ASSERT(!is_read || (answer.kind != Kind::swapped && answer.kind != Kind::conflict));
    }
}

}  // namespace
}  // namespace pawl::replication::test
