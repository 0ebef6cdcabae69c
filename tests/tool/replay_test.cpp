// pawl replay and pawl snapshot: the same state from the journal alone, at any cut, whatever became
// of old segments.
#include <chrono>
#include <fstream>

#include "cli/trading/feeder.hpp"
#include "cli/trading/translate.hpp"
#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

class ReplayTool : public ::testing::Test {
protected:
    Folder folder_;
    const std::string directory_ = folder_.path("journal");
    const std::string input_ = folder_.write("day.csv", small_day);

    std::vector<std::string> day(const std::vector<std::string>& more = {}) const {
        return with({"day", "--directory", directory_, "--commands", "60000", "--instruments", "3",
                     "--segment-mib", "1", "--head-mib", "1", "--idle", "park", "--json"},
                    more);
    }
    Ran replay(const std::vector<std::string>& more = {}) const {
        return run(with({"replay", directory_, "--json"}, more));
    }
};

TEST_F(ReplayTool, has_the_state_hash_of_the_day_with_one_shard_and_with_several) {
    for (const char* shards : {"1", "3"}) {
        std::filesystem::remove_all(directory_);
        const Ran ran = run(day({"--shards", shards}));
        EXPECT_EQ(ran.exit_code, 0) << ran.err;
        const Ran replayed = replay();
        EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
        EXPECT_EQ(json_field(replayed.out, "state_hash"), json_field(ran.out, "state_hash"));
        EXPECT_EQ(json_field(replayed.out, "aggregates"), "3");
    }
}

TEST_F(ReplayTool, cuts_at_a_sequence_a_time_and_a_mark) {
    expect_small_day(folder_, input_, directory_);
    EXPECT_EQ(json_field(replay({"--until", "beginning"}).out, "aggregates"), "0");
    const Ran whole = replay({"--show", "1"});
    EXPECT_EQ(json_field(whole.out, "open_orders"), "0");
    // Before the cancellation, the fourth of the order commands, one order is open.
    const Ran cancel = run({"journal", "dump", directory_, "--command", "CancelOrder"});
    const std::uint64_t sequence = std::stoull(json_field(cancel.out, "sequence"));
    const Ran before =
        replay({"--until", "sequence:" + std::to_string(sequence - 1), "--show", "1"});
    EXPECT_EQ(json_field(before.out, "open_orders"), "1") << before.out << before.err;
    const Ran after = replay({"--until", "sequence:" + std::to_string(sequence), "--show", "1"});
    EXPECT_EQ(json_field(after.out, "open_orders"), "0");
    EXPECT_EQ(json_field(after.out, "state_hash"), json_field(whole.out, "state_hash"));
    const std::string time = "time:" + json_field(cancel.out, "decided_ns");
    EXPECT_EQ(json_field(replay({"--until", time}).out, "state_hash"),
              json_field(whole.out, "state_hash"));
    EXPECT_EQ(json_field(replay({"--until", "time:2020-01-01T00:00:00Z"}).out, "aggregates"), "0");
    {
        EngineOptions options;
        options.directory = directory_;
        options.segment_bytes = options.head_bytes = 1U << 20;
        auto engine = cli::TradingEngine::open(options);
        ASSERT_TRUE(engine.ok()) << engine.error().sentence;
        ASSERT_TRUE(engine->mark("evening").ok());
        static_cast<void>(engine->submit(2, cli::terms_for(cli::Format::csv), use_future).get());
        ASSERT_TRUE(engine->close().ok());
    }
    EXPECT_EQ(json_field(replay().out, "aggregates"), "2");
    EXPECT_EQ(json_field(replay({"--until", "mark:evening"}).out, "state_hash"),
              json_field(whole.out, "state_hash"));
    EXPECT_EQ(run({"journal", "dump", directory_, "--kind", "mark"}).out.find("\"evening\"") ==
                  std::string::npos,
              false);
}

TEST_F(ReplayTool, prints_what_happened_to_one_book_up_to_the_cut) {
    expect_small_day(folder_, input_, directory_);
    const std::string all = run({"journal", "dump", directory_, "--aggregate", "1"}).out;
    EXPECT_EQ(run({"replay", directory_, "--history", "1"}).out, all);
    const std::string some =
        run({"replay", directory_, "--history", "1", "--until", "sequence:3"}).out;
    EXPECT_TRUE(all.starts_with(some));
    EXPECT_LT(some.size(), all.size());
    EXPECT_FALSE(some.empty());
}

TEST_F(ReplayTool, a_snapshot_makes_it_short_and_changes_nothing) {
    const Ran ran = run(day());
    const Ran made = run({"snapshot", directory_, "--json"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(json_field(made.out, "state_hash"), json_field(ran.out, "state_hash"));
    const Ran fast = replay();
    EXPECT_EQ(json_field(fast.out, "records_replayed"), "0");
    EXPECT_NE(fast.out.find("begun at the snapshot"), std::string::npos) << fast.out;
    const Ran slow = replay({"--no-snapshots"});
    EXPECT_GT(std::stoi(json_field(slow.out, "records_replayed")), 60'000);
    for (const Ran* one : {&fast, &slow})
        EXPECT_EQ(json_field(one->out, "state_hash"), json_field(ran.out, "state_hash"));
    EXPECT_EQ(json_field(run({"journal", "stat", directory_, "--json"}).out, "snapshots"), "1");
}

TEST_F(ReplayTool, snapshots_and_retention_by_flags_keep_the_day_and_its_trades) {
    const std::string trades = folder_.path("trades.csv");
    const Ran plain = run(day({"--trades", trades}));
    EXPECT_EQ(plain.exit_code, 0) << plain.err;
    const std::string expected = read_file(trades);
    std::filesystem::remove_all(directory_);
    const Ran archived =
        run(day({"--trades", trades, "--snapshot-every", "1MiB", "--retention", "archive"}));
    EXPECT_EQ(archived.exit_code, 0) << archived.err;
    EXPECT_EQ(json_field(archived.out, "state_hash"), json_field(plain.out, "state_hash"));
    EXPECT_TRUE(read_file(trades) == expected);
    // Two snapshots are needed before anything may go: two are certain now.
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(run({"snapshot", directory_, "--retention", "archive"}).exit_code, 0);
    const Ran stat = run({"journal", "stat", directory_, "--json"});
    EXPECT_GT(std::stoi(json_field(stat.out, "archived_segments")), 1) << stat.out;
    EXPECT_EQ(json_field(stat.out, "begin"), "0");
    EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
    EXPECT_EQ(json_field(replay({"--no-snapshots"}).out, "state_hash"),
              json_field(plain.out, "state_hash"));
}

TEST_F(ReplayTool, what_was_removed_is_said_and_the_rest_goes_on) {
    const Ran plain = run(day());
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(run({"snapshot", directory_, "--retention", "remove"}).exit_code, 0);
    const Ran stat = run({"journal", "stat", directory_, "--json"});
    const std::string begin = json_field(stat.out, "begin");
    EXPECT_NE(begin, "0");
    EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
    const Ran first = run({"journal", "dump", directory_, "--count", "1"});
    EXPECT_EQ(json_field(first.out, "position"), begin) << first.err;
    EXPECT_EQ(json_field(replay().out, "state_hash"), json_field(plain.out, "state_hash"));
    expect_sentence(replay({"--until", "beginning"}), 3, {"below position " + begin, "removed"});
    expect_sentence(replay({"--no-snapshots"}), 3, {"below position " + begin, "removed"});
    // The same day again: nothing acts twice, and the figures are said to be partial.
    const Ran again = run(day());
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(json_field(again.out, "sent"), "0");
    EXPECT_EQ(json_field(again.out, "state_hash"), json_field(plain.out, "state_hash"));
    EXPECT_NE(again.err.find("removed the beginning"), std::string::npos) << again.err;
    expect_sentence(run(day({"--trades", folder_.path("trades.csv"), "--retention", "remove"})), 2,
                    {"--retention archive"});
    const Ran trades = run(day({"--trades", folder_.path("trades.csv")}));
    EXPECT_EQ(trades.exit_code, 2);
    EXPECT_NE(trades.err.find("leave the file out"), std::string::npos) << trades.err;
}

TEST_F(ReplayTool, a_damaged_snapshot_is_found_and_passed_over) {
    const Ran ran = run(day());
    EXPECT_EQ(run({"snapshot", directory_}).exit_code, 0);
    std::string path;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/s0"))
        if (entry.path().extension() == ".snap") path = entry.path().string();
    ASSERT_NE(path, "");
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096 + 100);
        file.write("damage", 6);
    }
    const Ran verified = run({"journal", "verify", directory_});
    EXPECT_EQ(verified.exit_code, 1) << verified.out;
    EXPECT_NE(verified.out.find(path), std::string::npos) << verified.out;
    EXPECT_EQ(json_field(replay().out, "state_hash"), json_field(ran.out, "state_hash"));
}

TEST_F(ReplayTool, beside_a_running_day_it_reads_what_is_there) {
    Running live(with(day(), {"--rate", "20000"}));
    while (!std::filesystem::exists(directory_ + "/s0/00000002.seg"))
        ASSERT_FALSE(live.ends_within(std::chrono::milliseconds(2))) << live.wait().err;
    // It has just begun: the first look may find fewer.
    for (std::string aggregates; aggregates != "3";) {
        ASSERT_FALSE(live.ends_within(std::chrono::milliseconds(2))) << live.wait().err;
        const Ran replayed = replay();
        ASSERT_EQ(replayed.exit_code, 0) << replayed.err;
        aggregates = json_field(replayed.out, "aggregates");
    }
    expect_sentence(run({"snapshot", directory_}), 6,
                    {directory_, "held by pid", "Engine::snapshot"});
    live.kill_now();
    const std::string hash = json_field(replay().out, "state_hash");
    EXPECT_EQ(json_field(run({"snapshot", directory_, "--json"}).out, "state_hash"), hash);
}

TEST_F(ReplayTool, a_journal_of_another_program_is_said_to_be_one) {
    const std::string golden = std::string(PAWL_SOURCE_DIR) + "/tests/golden/format-1/closed";
    std::filesystem::copy(golden, directory_, std::filesystem::copy_options::recursive);
    expect_sentence(run({"snapshot", directory_}), 7, {"another program", "Engine::snapshot"});
    expect_sentence(replay(), 7, {directory_});
}

TEST_F(ReplayTool, what_cannot_be_done_is_a_sentence) {
    for (const char* command : {"replay", "snapshot"}) {
        expect_sentence(run({command, folder_.path("nosuch")}), 4, {"nosuch"});
        expect_sentence(run({command, input_}), 4, {"day.csv"});
        expect_sentence(run({command, folder_.path("")}), 4, {"manifest"});
        expect_sentence(run({command}), 2, {"directory", "--help"});
    }
    EXPECT_FALSE(std::filesystem::exists(folder_.path("nosuch")));
    expect_small_day(folder_, input_, directory_);
    expect_sentence(replay({"--until", "lunch"}), 2, {"'lunch'", "sequence:N"});
    expect_sentence(replay({"--until", "time:noon"}), 2, {"'noon'", "point in time"});
    expect_sentence(replay({"--until", "mark:noon"}), 3, {"'noon'"});
    expect_sentence(replay({"--show", "9"}), 2, {"book 9"});
    expect_sentence(replay({"--show", "first"}), 2, {"--show"});
    expect_sentence(run({"snapshot", directory_, "--retention", "burn"}), 2, {"burn", "archive"});
    expect_sentence(run({"snapshot", directory_, "--kept", "0"}), 2, {"--kept"});
    expect_sentence(run(with(match(input_, "csv", directory_), {"--snapshot-every", "7"})), 2,
                    {"'7'", "64MiB or 30s"});
    How how;
    how.output = "/dev/full";
    expect_sentence(run({"replay", directory_}, how), 4, {"standard output"});
}

}  // namespace
}  // namespace pawl::tool_test
