// Two nodes of the matching core as processes: what a feed is told and reads back does not depend
// on who is killed or asked to step aside.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/memory_folder.hpp"
#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

using std::chrono::milliseconds;

class Nodes : public ::testing::Test {
protected:
    Nodes() {
        // Addresses of their own for each process: nobody else listens there.
        const int pid = static_cast<int>(::getpid());
        host_ =
            "127." + std::to_string(1 + (pid / 250) % 250) + "." + std::to_string(1 + pid % 250);
        std::string day = "number,command,order,side,price,quantity\n1,phase,,continuous,,\n";
        for (int i = 1; i <= pairs; ++i) {
            const std::string n = std::to_string(2 * i);
            const std::string m = std::to_string(2 * i + 1);
            day += n + ",add," + n + ",B,100000,100\n" + m + ",add," + m + ",S,100000,60\n";
        }
        input_ = folder_.write("day.csv", day);
    }
    ~Nodes() override {
        for (const char* name : {"a", "b"}) node(name).reset();
    }
    std::unique_ptr<Running>& node(const std::string& name) { return name == "a" ? a_ : b_; }
    std::string at(const std::string& name, int port) const {
        return host_ + (name == "a" ? ".1:" : ".2:") + std::to_string(port);
    }
    std::string clients(const std::string& name) const { return at(name, 7431); }
    void start(const std::string& name, const std::vector<std::string>& more = {}) {
        const std::string peer = name == "a" ? "b" : "a";
        std::vector<std::string> words{name == "a" ? "match" : "standby", "--node", name};
        words = with(words, {"--arbiter", "file://" + folder_.path("arbiter")});
        words = with(words, {"--replicate", at(name, 7430), "--listen", clients(name)});
        words = with(words, {name == "a" ? "--peer" : "--primary",
                             peer + "=" + at(peer, 7430) + "," + clients(peer)});
        words = with(words, {"--directory", folder_.path(name), "--heads", heads(name)});
        words = with(words, {"--segment-mib", "1", "--head-mib", "1", "--idle", "park"});
        words = with(words, {"--fail-after", "500"});
        node(name) = std::make_unique<Running>(with(words, more));
    }
    std::string heads(const std::string& name) const {
        const std::string path = folder_.path("heads-" + name);
        std::filesystem::create_directories(path);
        return path;
    }
    Ran stop(const std::string& name) {
        ::kill(node(name)->pid(), SIGTERM);
        const Ran ran = node(name)->wait();
        node(name).reset();
        return ran;
    }
    Ran status(const std::string& name) const { return run({"status", clients(name), "--json"}); }
    // Until what a node says of itself has this in it.
    void await(const std::string& name, const std::string& words) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        Ran last;
        while (std::chrono::steady_clock::now() < give_up) {
            last = status(name);
            if (last.exit_code == 0 && last.out.find(words) != std::string::npos) return;
            ASSERT_FALSE(node(name)->ends_within(milliseconds(5))) << node(name)->wait().err;
        }
        FAIL() << last.out << last.err << node(name)->printed();
    }
    void start_both() {
        start("a");
        start("b");
        await("a", "\"in_sync\": [\"a\", \"b\"]");
    }
    std::vector<std::string> feed() const {
        return {"feed",        "--to",     clients("a") + "," + clients("b"),
                "--session",   "desk",     "--input",
                input_,        "--format", "csv",
                "--rate",      "4000",     "--acknowledged",
                acknowledged_, "--trades", trades_};
    }
    std::size_t acknowledged_lines() const {
        std::ifstream list(acknowledged_);
        std::size_t lines = 0;
        for (std::string line; std::getline(list, line);) ++lines;
        return lines;
    }
    void await_acknowledged(Running& feeding, std::size_t lines) {
        while (acknowledged_lines() < lines) ASSERT_FALSE(feeding.ends_within(milliseconds(2)));
    }
    // The file is the one of a run without network and nodes.
    void expect_whole_day(const Ran& fed) {
        EXPECT_EQ(fed.exit_code, 0) << fed.err;
        EXPECT_EQ(json_field(fed.out, "accepted"), std::to_string(2 * pairs + 2)) << fed.out;
        EXPECT_EQ(json_field(fed.out, "lost"), "0") << fed.out;
        EXPECT_EQ(json_field(fed.out, "doubled"), "0") << fed.out;
        const std::string local = folder_.path("local.csv");
        const Ran ran = run(with(match(input_, "csv", folder_.path("local")), {"--trades", local}));
        EXPECT_EQ(ran.exit_code, 0) << ran.err;
        EXPECT_EQ(read_file(trades_), read_file(local));
        EXPECT_GT(read_file(trades_).size(), 1'000U);
    }

    static constexpr int pairs = 1'500;
    Folder folder_{testing::memory_folder()};
    std::string host_;
    std::string input_;
    const std::string acknowledged_ = folder_.path("acknowledged");
    const std::string trades_ = folder_.path("trades.csv");
    std::unique_ptr<Running> a_;
    std::unique_ptr<Running> b_;
};

// Who is primary when the kill comes is not looked at: a machine that stands still may have them
// change places before.
TEST_F(Nodes, a_day_in_which_a_node_is_killed_has_the_same_trades) {
    ASSERT_NO_FATAL_FAILURE(start_both());
    Running feeding(feed());
    ASSERT_NO_FATAL_FAILURE(await_acknowledged(feeding, 700));
    node("a")->kill_now();
    start("a");
    const Ran fed = feeding.wait();
    expect_whole_day(fed);
    ASSERT_NO_FATAL_FAILURE(await("b", "\"in_sync\": [\"a\", \"b\"]"));
    EXPECT_EQ(stop("a").exit_code, 0);
    EXPECT_EQ(stop("b").exit_code, 0);
    for (const char* name : {"a", "b"})
        EXPECT_EQ(run({"journal", "verify", folder_.path(name)}).exit_code, 0) << name;
}

TEST_F(Nodes, an_operator_changes_the_primary_and_the_feed_goes_on) {
    ASSERT_NO_FATAL_FAILURE(start_both());
    Running feeding(feed());
    ASSERT_NO_FATAL_FAILURE(await_acknowledged(feeding, 700));
    // A standby that a busy machine has left behind comes back by itself.
    Ran changed;
    for (int i = 0; i < 50; ++i) {
        changed = run({"switchover", clients("a") + "," + clients("b"), "--json"});
        if (changed.err.find("is alone in the in-sync set") == std::string::npos) break;
        ASSERT_FALSE(node("a")->ends_within(milliseconds(100))) << node("a")->wait().err;
    }
    EXPECT_EQ(changed.exit_code, 0) << changed.err;
    const std::string from = json_field(changed.out, "from");
    EXPECT_TRUE(from == "\"a\"" || from == "\"b\"" || from == "a" || from == "b") << changed.out;
    // Ended in order, a primary hands over by itself.
    ASSERT_NO_FATAL_FAILURE(await_acknowledged(feeding, 1'500));
    ASSERT_NO_FATAL_FAILURE(await("b", "\"in_sync\": [\"a\", \"b\"]"));
    const Ran ended = stop("b");
    EXPECT_EQ(ended.exit_code, 0) << ended.err << ended.out;
    EXPECT_NE(ended.out.find("b: ended\n"), std::string::npos) << ended.out;
    expect_whole_day(feeding.wait());
    EXPECT_EQ(stop("a").exit_code, 0);
    const Ran closed = run({"status", folder_.path("a"), "--json"});
    EXPECT_EQ(json_field(closed.out, "commands_at_risk"), "0") << closed.out;
}

TEST_F(Nodes, a_switchover_that_waits_for_the_arbiter_says_so) {
    ASSERT_NO_FATAL_FAILURE(start_both());
    // Somebody holds the arbiter's lock and does nothing.
    const int lock = ::open(folder_.path("arbiter/lock").c_str(), O_RDWR | O_CLOEXEC);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(lock, F_OFD_SETLKW, &whole), 0);
    expect_sentence(run({"switchover", clients("a"), "--within", "1"}), 11,
                    {"switchover to b: a is handing over after 1 s: the arbiter is asked to name b",
                     "it may still happen"});
    ::close(lock);
    ASSERT_NO_FATAL_FAILURE(await("b", "\"role\": \"primary\""));
    ASSERT_NO_FATAL_FAILURE(await("b", "\"in_sync\": [\"a\", \"b\"]"));
    EXPECT_EQ(stop("b").exit_code, 0);
    EXPECT_EQ(stop("a").exit_code, 0);
}

// What rots on one disk is put back from the other, in both directions, and nothing is lost by it.
TEST_F(Nodes, a_block_that_is_damaged_on_one_node_comes_back_from_the_other) {
    ASSERT_NO_FATAL_FAILURE(start_both());
    Running feeding(feed());
    expect_whole_day(feeding.wait());
    EXPECT_EQ(stop("b").exit_code, 0);
    EXPECT_EQ(stop("a").exit_code, 0);
    // A byte of the first record of the n-th block: no part of it can be read any more.
    const auto damage = [&](const std::string& name, int nth) {
        const std::string path = folder_.path(name) + "/s0/00000001.seg";
        std::string segment = read_file(path);
        std::size_t at = 0;
        while (nth >= 0 && (at += 4096) < segment.size())
            if (segment.compare(at, 8, "pwblock1") == 0) --nth;
        ASSERT_LT(at, segment.size()) << name;
        segment[at + 128 + 20] ^= 0x20;
        std::ofstream(path, std::ios::binary) << segment;
    };
    damage("b", 3);
    // Alone it cannot, and says so.
    start("b");
    const Ran alone = node("b")->wait();
    expect_sentence(alone, 8, {"damage at position", "was not healed"});
    start("a");
    ASSERT_NO_FATAL_FAILURE(await("a", "\"role\": \"primary\""));
    start("b");
    ASSERT_NO_FATAL_FAILURE(await("a", "\"in_sync\": [\"a\", \"b\"]"));
    EXPECT_EQ(stop("a").exit_code, 0);
    ASSERT_NO_FATAL_FAILURE(await("b", "\"role\": \"primary\""));
    damage("a", 5);
    start("a");
    ASSERT_NO_FATAL_FAILURE(await("b", "\"in_sync\": [\"a\", \"b\"]"));
    EXPECT_EQ(stop("a").exit_code, 0);
    damage("a", 7);
    const std::string directory = folder_.path("a");
    expect_sentence(run({"journal", "heal", directory, "--from", folder_.path("none")}), 4,
                    {"none", "HOST:PORT"});
    const Ran healed = run({"journal", "heal", directory, "--from", clients("b"), "--json"});
    EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err;
    EXPECT_NE(healed.out.find("\"fetched\": true"), std::string::npos) << healed.out;
    damage("a", 9);
    const Ran copied = run({"journal", "heal", directory, "--from", folder_.path("b")});
    EXPECT_NE(copied.out.find("1 healed, 0 left"), std::string::npos) << copied.out << copied.err;
    const Ran ended = stop("b");
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_NE(ended.err.find("is what it was again, with the records of node a"), std::string::npos)
        << ended.err;
    for (const char* name : {"a", "b"})
        EXPECT_EQ(run({"journal", "verify", folder_.path(name)}).exit_code, 0) << name;
}

TEST_F(Nodes, an_operator_accepts_the_loss_of_a_machine_that_was_alone) {
    ASSERT_NO_FATAL_FAILURE(start_both());
    EXPECT_EQ(stop("b").exit_code, 0);
    ASSERT_NO_FATAL_FAILURE(await("a", "\"in_sync\": [\"a\"]"));
    ::kill(node("a")->pid(), SIGKILL);
    node("a").reset();
    std::filesystem::remove_all(folder_.path("a"));
    std::filesystem::remove_all(folder_.path("heads-a"));
    start("b");
    ASSERT_NO_FATAL_FAILURE(await("b", "\"role\": \"learner\""));
    EXPECT_EQ(stop("b").exit_code, 0);
    start("b", {"--accept-loss"});
    ASSERT_NO_FATAL_FAILURE(await("b", "\"role\": \"primary\""));
    start("a");
    ASSERT_NO_FATAL_FAILURE(await("b", "\"in_sync\": [\"a\", \"b\"]"));
    Running feeding(feed());
    expect_whole_day(feeding.wait());
}

TEST_F(Nodes, what_cannot_be_is_one_sentence) {
    const std::string secret = folder_.write("secret", "0123456789abcdef\n");
    start("a", {"--secret-file", secret});
    const Ran nobody = run({"status", clients("b"), "--within", "1"});
    expect_sentence(nobody, 11, {clients("b"), "does a node listen?"});
    EXPECT_EQ(nobody.err.find('?'), nobody.err.rfind('?')) << nobody.err;  // one next step
    const auto asks = [&](const std::vector<std::string>& more) {
        return run(with({"status", clients("a")}, more));
    };
    expect_sentence(asks({}), 7, {"secret"});
    EXPECT_EQ(asks({"--secret-file", secret}).exit_code, 0);
    expect_sentence(run({"switchover", clients("a"), "--secret-file", secret}), 7, {"alone"});
    expect_sentence(run({"status", folder_.path("none")}), 4, {"none"});
    expect_sentence(run({"standby", "--node", "b", "--arbiter", "file:///x", "--replicate", ":1",
                         "--listen", ":2", "--primary", "a", "--directory", folder_.path("b")}),
                    2, {"NAME=HOST:PORT"});
    expect_sentence(run({"standby", "--node", "b", "--directory", folder_.path("b")}), 2,
                    {"pawl standby --help"});
    EXPECT_EQ(stop("a").exit_code, 0);
}

}  // namespace
}  // namespace pawl::tool_test
