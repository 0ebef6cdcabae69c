// pawl journal dump, grep, tail and diff: what they print, what they return, beside an engine that
// is killed too.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class Records : public ::testing::Test {
protected:
    Folder folder_;
    const std::string directory_ = folder_.path("journal");
    const std::string input_ = folder_.write("day.csv", small_day);

    void SetUp() override { expect_small_day(folder_, input_, directory_); }
    Ran look(const std::string& command, const std::vector<std::string>& more = {}) const {
        return run(with({"journal", command, directory_}, more));
    }
    Ran grep(const std::string& pattern, const std::vector<std::string>& more = {}) const {
        return run(with({"journal", "grep", pattern, directory_}, more));
    }
};

TEST_F(Records, conditions_are_all_met) {
    const std::size_t all = lines_of(look("dump").out);
    EXPECT_EQ(lines_of(look("dump", {"--event", "Traded"}).out), 2U);
    EXPECT_EQ(lines_of(look("dump", {"--event", "Traded,OrderRested"}).out), 3U);
    EXPECT_EQ(lines_of(look("dump", {"--event", "Traded", "--event", "OrderRested"}).out), 3U);
    EXPECT_EQ(lines_of(look("dump", {"--event", "Traded", "--number", "3"}).out), 1U);
    EXPECT_EQ(lines_of(look("dump", {"--command", "NewOrder"}).out), 3U);
    EXPECT_EQ(lines_of(look("dump", {"--command", "NewOrder,CancelOrder", "--count", "2"}).out),
              2U);
    EXPECT_EQ(lines_of(look("dump", {"--kind", "session"}).out), 2U);
    EXPECT_EQ(lines_of(look("dump", {"--session", "match:day"}).out), 6U);
    EXPECT_EQ(lines_of(look("dump", {"--session", "nobody"}).out), 0U);
    EXPECT_EQ(lines_of(look("dump", {"--type", "Book", "--aggregate", "1"}).out), 6U);
    EXPECT_EQ(lines_of(look("dump", {"--aggregate", "2"}).out), 0U);
    EXPECT_EQ(lines_of(look("dump", {"--since", "2020-01-01T00:00:00Z"}).out), all);
    EXPECT_EQ(lines_of(look("dump", {"--until", "2020-01-01T00:00:00+02:00"}).out), 0U);
    const std::string last = look("tail", {"-n", "1"}).out;
    EXPECT_EQ(lines_of(look("dump", {"--until", json_field(last, "decided_ns")}).out), all);
}

TEST_F(Records, a_condition_that_nothing_can_meet_is_a_sentence) {
    expect_sentence(look("dump", {"--event", "Tradd"}), 2, {"'Tradd'", "Traded", "Uncrossed"});
    expect_sentence(look("dump", {"--command", "Buy"}), 2, {"'Buy'", "NewOrder"});
    expect_sentence(look("dump", {"--type", "Order"}), 2, {"'Order'", "Book"});
    expect_sentence(look("dump", {"--kind", "good"}), 2, {"'good'", "accepted, rejected"});
    expect_sentence(look("dump", {"--since", "monday"}), 2, {"'monday'", "2026-03-02T09:30:00Z"});
    expect_sentence(look("dump", {"--from", "9", "--to", "3"}), 2, {"9", "3", "exchange"});
    expect_sentence(look("dump", {"--shard", "7"}), 2, {"no shard 7", "there are 1"});
    expect_sentence(look("tail", {"--since", "9", "--until", "3"}), 2, {"9 ns", "exchange"});
    expect_sentence(look("tail", {"-n", "-3"}), 2, {"--last"});
}

TEST_F(Records, grep_finds_expressions_and_fixed_texts_and_says_by_its_code_whether) {
    EXPECT_EQ(lines_of(grep("\"quantity\":(200|50),").out), 3U);
    EXPECT_EQ(grep("\"quantity\":(200|50),", {"--event", "Traded"}).exit_code, 0);
    EXPECT_EQ(lines_of(grep("traded").out), 0U);
    EXPECT_EQ(grep("traded").exit_code, 1);
    EXPECT_EQ(lines_of(grep("traded", {"-i"}).out), 2U);
    EXPECT_EQ(lines_of(grep("Traded", {"-v"}).out), lines_of(look("dump").out) - 2);
    EXPECT_EQ(grep("Trade.", {"-F"}).exit_code, 1);
    EXPECT_EQ(lines_of(grep("[{\"TYPE\":\"Traded\"", {"--fixed", "-i"}).out), 0U);
    EXPECT_EQ(lines_of(grep("{\"TYPE\":\"Traded\"", {"--fixed", "-i", "--count", "1"}).out), 1U);
    expect_sentence(grep("quantity\":(200"), 2, {"'quantity\":(200'", "--fixed"});
    expect_sentence(run({"journal", "grep", "x", folder_.path("nosuch")}), 4, {"nosuch"});
}

TEST_F(Records, tail_prints_the_last_ones) {
    const std::string all = look("dump").out;
    const std::string last = look("tail", {"--last", "3"}).out;
    EXPECT_EQ(lines_of(last), 3U);
    EXPECT_TRUE(all.ends_with(last));
    EXPECT_EQ(look("tail", {"-n", "1000"}).out, all);
    EXPECT_EQ(look("tail", {"-n", "0"}).out, "");
    EXPECT_EQ(lines_of(look("tail", {"--event", "Traded"}).out), 2U);
}

TEST_F(Records, a_day_in_many_shards_is_dumped_shard_by_shard_and_tailed_by_time) {
    const std::string directory = folder_.path("sharded");
    EXPECT_EQ(run({"day", "--directory", directory, "--commands", "2000", "--shards", "3",
                   "--segment-mib", "1", "--head-mib", "1", "--idle", "park"})
                  .exit_code,
              0);
    std::string by_shard;
    for (const char* shard : {"0", "1", "2"})
        by_shard += run({"journal", "dump", directory, "--shard", shard}).out;
    EXPECT_EQ(run({"journal", "dump", directory}).out, by_shard);
    const std::string tail = run({"journal", "tail", directory, "-n", "500"}).out;
    std::string before = "0";
    for (std::size_t at = 0; at < tail.size();) {
        const std::size_t end = tail.find('\n', at);
        const std::string now = json_field(tail.substr(at, end - at), "decided_ns");
        EXPECT_LE(std::stoll(before), std::stoll(now));
        before = now;
        at = end + 1;
    }
}

TEST_F(Records, following_beside_a_tool_that_is_killed_again_and_again_prints_each_record_once) {
    const std::string directory = folder_.path("killed");
    std::string day = "number,command,order,side,price,quantity\n";
    for (int i = 1; i <= 60'000; ++i)
        day += std::to_string(i) + ",add," + std::to_string(i) + ",B,100000,100\n";
    const std::string input = folder_.write("long.csv", day);
    const auto arguments = with(match(input, "csv", directory),
                                {"--snapshot-every", "1MiB", "--retention", "archive"});
    {
        // There must be something to follow.
        Running first(with(arguments, {"--rate", "20000"}));
        while (!std::filesystem::exists(directory + "/s0/00000002.seg"))
            ASSERT_FALSE(first.ends_within(std::chrono::milliseconds(2))) << first.wait().err;
        first.kill_now();
    }
    const std::string out = folder_.path("followed");
    How how;
    how.output = out;
    Running follower({"journal", "tail", directory, "--follow", "-n", "100000000"}, how);
    for (int round = 0; round < 4; ++round) {
        Running writer(with(arguments, {"--rate", "50000"}));
        EXPECT_FALSE(writer.ends_within(std::chrono::milliseconds(120 + 30 * round)));
        writer.kill_now();
    }
    const Ran whole = run(arguments);
    EXPECT_EQ(whole.exit_code, 0) << whole.err;
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(run({"snapshot", directory, "--retention", "archive"}).exit_code, 0);
    const std::string all = run({"journal", "dump", directory}).out;
    EXPECT_GT(lines_of(all), 60'000U);
    // It ends by itself only when it is told to.
    while (read_file(out).size() < all.size())
        ASSERT_FALSE(follower.ends_within(std::chrono::milliseconds(5))) << follower.wait().err;
    ::kill(follower.pid(), SIGINT);
    const Ran ended = follower.wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    EXPECT_TRUE(read_file(out) == all);
    EXPECT_GT(std::distance(std::filesystem::directory_iterator(directory + "/archive/s0"), {}), 0);
    EXPECT_EQ(run({"journal", "verify", directory}).exit_code, 0);
}

TEST_F(Records, following_ends_when_nobody_reads_and_when_the_disk_behind_it_is_full) {
    const std::string command = "bash -c '\"" PAWL_TOOL "\" journal tail --follow " + directory_ +
                                " | head -1 > /dev/null; exit ${PIPESTATUS[0]}'";
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 0);
    How how;
    how.output = "/dev/full";
    expect_sentence(run({"journal", "tail", "--follow", directory_}, how), 4, {"standard output"});
    expect_sentence(run({"journal", "grep", "Book", directory_}, how), 4, {"standard output"});
    expect_sentence(run({"journal", "diff", directory_, directory_}, how), 4, {"standard output"});
    how = {};
    how.in_child = [] { ::close(STDOUT_FILENO); };
    expect_sentence(run({"journal", "tail", directory_}, how), 4, {"standard output"});
}

TEST_F(Records, a_damaged_journal_prints_what_is_before_the_damage_and_says_so) {
    const std::string all = look("dump").out;
    {
        std::fstream segment(directory_ + "/s0/00000001.seg",
                             std::ios::in | std::ios::out | std::ios::binary);
        segment.seekp(4096 + 600);
        segment.write("damage", 6);
    }
    const Ran ran = look("dump");
    expect_sentence(ran, 8, {directory_, "damage at position", "pawl journal verify"});
    EXPECT_LT(ran.out.size(), all.size());
    EXPECT_TRUE(all.starts_with(ran.out));
    expect_sentence(run({"journal", "diff", directory_, directory_}), 8, {"damage"});
}

TEST_F(Records, a_copy_is_the_same_and_the_first_difference_is_named) {
    const std::string copy = folder_.path("copy");
    std::filesystem::copy(directory_, copy, std::filesystem::copy_options::recursive);
    const Ran same = run({"journal", "diff", directory_, copy});
    EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
    EXPECT_NE(same.out.find("identities, checksums"), std::string::npos) << same.out;

    // The same day once more, and one order of another size.
    const std::string again = folder_.path("again");
    expect_small_day(folder_, input_, again);
    EXPECT_EQ(run({"journal", "diff", directory_, again, "--no-times"}).exit_code, 0);
    const Ran times = run({"journal", "diff", directory_, again, "--json"});
    EXPECT_EQ(times.exit_code, 1);
    EXPECT_EQ(json_field(times.out, "records_same"), "0");
    EXPECT_EQ(json_field(times.out, "path"), "decided_ns");
    const std::string other = folder_.path("other");
    std::filesystem::create_directory(folder_.path("elsewhere"));
    const std::string changed =
        folder_.write("elsewhere/day.csv", replaced(small_day, "101000,50", "101000,60"));
    EXPECT_EQ(run(match(changed, "csv", other)).exit_code, 0);
    const Ran size = run({"journal", "diff", directory_, other, "--no-times"});
    EXPECT_EQ(size.exit_code, 1) << size.err;
    EXPECT_NE(size.out.find("events[0].data.quantity: 50, 60"), std::string::npos) << size.out;
}

TEST_F(Records, one_that_is_the_beginning_of_the_other_is_said_to_be) {
    const std::string longer = folder_.path("longer");
    std::filesystem::copy(directory_, longer, std::filesystem::copy_options::recursive);
    EXPECT_EQ(run(match(input_, "csv", longer)).exit_code, 0);
    const Ran ran = run({"journal", "diff", directory_, longer});
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_NE(ran.out.find("it is the beginning of " + longer), std::string::npos) << ran.out;
    const Ran json = run({"journal", "diff", longer, directory_, "--json"});
    EXPECT_EQ(json_field(json.out, "found"), "b_ends");
    EXPECT_EQ(json_field(json.out, "records_more"), "1");
    EXPECT_EQ(run({"journal", "diff", directory_, longer, "--no-openings"}).exit_code, 0);
}

TEST_F(Records, journals_that_cannot_be_compared_are_a_sentence) {
    const std::string sharded = folder_.path("sharded");
    EXPECT_EQ(run(with(match(input_, "csv", sharded), {"--shards", "2"})).exit_code, 0);
    expect_sentence(run({"journal", "diff", directory_, sharded}), 7, {"1 shards", "2"});
    expect_sentence(run({"journal", "diff", directory_, folder_.path("nosuch")}), 4, {"nosuch"});
    expect_sentence(run({"journal", "diff", directory_}), 2, {"b", "'pawl journal diff --help'"});
}

}  // namespace
}  // namespace pawl::tool_test
