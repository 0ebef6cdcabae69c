// Flags and standard descriptors: what a wrong one says, and what an odd one must not break.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

struct WrongFlag {
    std::vector<std::string> arguments;
    std::vector<std::string> words;
};

TEST(Flags, a_wrong_one_is_named_with_the_help_that_knows_better) {
    const std::vector<std::string> csv = match("x", "csv", "y");
    const std::vector<WrongFlag> wrong{
        {{}, {"subcommand", "'pawl --help'"}},
        {{"frob"}, {"'frob'", "'pawl --help'"}},
        {{"--frob"}, {"'--frob'", "'pawl --help'"}},
        {{"journal"}, {"subcommand", "'pawl journal --help'"}},
        {{"journal", "frob", "x"}, {"'frob'", "'pawl journal --help'"}},
        {{"journal", "verify"}, {"directory", "'pawl journal verify --help'"}},
        {{"match"}, {"--directory", "'pawl match --help'"}},
        {{"match", "--directory", "x"}, {"--input", "--listen"}},
        {{"match", "--directory", "x", "--input", "y"}, {"--input y", "--format"}},
        {{"match", "--directory", "x", "--format", "csv", "--listen", ":0"},
         {"--format", "--input"}},
        {{"match", "--frob"}, {"'--frob'", "'pawl match --help'"}},
        {{"match", "--input", "x", "--format", "csv"}, {"--directory", "'pawl match --help'"}},
        {{"match", "--shards", "0"}, {"--shards", "1", "1024"}},
        {{"match", "--shards", "two"}, {"--shards", "two"}},
        {{"match", "--in-flight", "5000"}, {"--in-flight", "4096"}},
        {with(csv, {"--rate", "-5"}), {"--rate", "-5"}},
        {with(csv, {"--durability", "hopeful"}), {"--durability", "hopeful", "synced"}},
        {with(csv, {"--rate", "1", "--rate", "2"}), {"--rate"}},
        {with(csv, {"--durability", "replicated"}), {"--durability", "replicated"}},
        {{"day", "--directory"}, {"--directory", "'pawl day --help'"}},
        {{"day", "--instruments", "0", "--directory", "x"}, {"--instruments"}},
        {{"journal", "tail"}, {"directory", "'pawl journal tail --help'"}},
        {{"journal", "grep", "x"}, {"directory", "'pawl journal grep --help'"}},
        {{"counters"}, {"directory", "'pawl counters --help'"}},
    };
    for (const WrongFlag& one : wrong) expect_sentence(run(one.arguments), 2, one.words);
}

TEST(Flags, values_that_only_the_engine_or_the_day_can_judge_are_usage_too) {
    Folder folder;
    const std::string input = folder.write("day.csv", small_day);
    const std::string directory = folder.path("journal");
    expect_sentence(run(match(input, "nope", directory)), 2, {"'nope'", "sse, lobster, itch"});
    expect_sentence(run({"match", "--input", input, "--format", "csv", "--directory", directory,
                         "--head-mib", "3"}),
                    2, {"head_bytes", "power of two"});
    expect_sentence(run({"day", "--directory", directory, "--commands", "3"}), 2, {"3", "8"});
    expect_sentence(run(with(match(input, "csv", directory), {"--seed", input})), 2,
                    {"seed", "lobster"});
    expect_sentence(run(match("-,-", "csv", directory)), 2, {"standard input", "once"});
    EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(Flags, every_command_has_help) {
    const std::vector<std::vector<std::string>> commands{{},
                                                         {"match"},
                                                         {"standby"},
                                                         {"status"},
                                                         {"switchover"},
                                                         {"feed"},
                                                         {"day"},
                                                         {"bench"},
                                                         {"journal"},
                                                         {"journal", "dump"},
                                                         {"journal", "grep"},
                                                         {"journal", "tail"},
                                                         {"journal", "diff"},
                                                         {"replay"},
                                                         {"snapshot"},
                                                         {"journal", "stat"},
                                                         {"journal", "verify"},
                                                         {"counters"}};
    for (const auto& command : commands) {
        const Ran ran = run(with(command, {"--help"}));
        EXPECT_EQ(ran.exit_code, 0);
        EXPECT_EQ(ran.err, "");
        EXPECT_NE(ran.out.find("Usage: pawl"), std::string::npos) << ran.out;
    }
    EXPECT_TRUE(run({"--version"}).out.starts_with("pawl 0."));
}

class Descriptors : public ::testing::Test {
protected:
    Folder folder_;
    const std::string input_ = folder_.write("day.csv", small_day);
    const std::string directory_ = folder_.path("journal");

    static How closed(int descriptor) {
        How how;
        how.in_child = [descriptor] { ::close(descriptor); };
        return how;
    }
};

TEST_F(Descriptors, the_day_may_come_on_standard_input) {
    How how;
    how.input = input_;
    const std::string trades = folder_.path("trades.csv");
    const Ran ran = run(with(match("-", "csv", directory_), {"--trades", trades}), how);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(read_file(trades), small_day_trades);
}

TEST_F(Descriptors, a_closed_standard_input_is_a_sentence) {
    expect_sentence(run(match("-", "csv", directory_), closed(STDIN_FILENO)), 4,
                    {"standard input", "reading failed"});
    EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(Descriptors, a_closed_standard_output_never_becomes_a_journals_file) {
    const Ran ran = run(match(input_, "csv", directory_), closed(STDOUT_FILENO));
    expect_sentence(ran, 4, {"standard output", "cannot write"});
    expect_small_day(folder_, input_, directory_);
}

TEST_F(Descriptors, a_closed_standard_error_never_becomes_a_journals_file) {
    const std::string rejected =
        folder_.write("day.csv", replaced(small_day, "cancel,1", "cancel,9"));
    EXPECT_EQ(run(match(rejected, "csv", directory_), closed(STDERR_FILENO)).exit_code, 12);
    EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
}

TEST_F(Descriptors, a_full_disk_behind_standard_output_is_a_sentence) {
    How how;
    how.output = "/dev/full";
    expect_sentence(run(match(input_, "csv", directory_), how), 4, {"standard output", "No space"});
    expect_sentence(run({"--help"}, how), 4, {"standard output"});
    expect_sentence(run({"journal", "dump", directory_}, how), 4, {"standard output"});
    expect_small_day(folder_, input_, directory_);
}

// What a shell makes of `pawl … | head -1`.
int status_of_pipe_to_head(const std::string& arguments) {
    const std::string command = "bash -c '\"" PAWL_TOOL "\" " + arguments +
                                " 2>&1 | head -1 > /dev/null; exit ${PIPESTATUS[0]}'";
    return WEXITSTATUS(std::system(command.c_str()));
}

TEST_F(Descriptors, a_reader_that_leaves_ends_the_tool_and_harms_no_journal) {
    std::string day = "number,command,order,side,price,quantity\n";
    for (int i = 1; i <= 3000; ++i)
        day += std::to_string(i) + ",add," + std::to_string(i) + ",B,100000,100\n";
    const std::string input = folder_.write("long.csv", day);
    const Ran whole = run(match(input, "csv", directory_));
    EXPECT_EQ(whole.exit_code, 0) << whole.err;
    const int dumped = status_of_pipe_to_head("journal dump " + directory_);
    EXPECT_EQ(dumped, 128 + SIGPIPE);
    EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
    EXPECT_EQ(json_field(run(match(input, "csv", directory_)).out, "state_hash"),
              json_field(whole.out, "state_hash"));
}

TEST_F(Descriptors, what_is_printed_into_a_pipe_has_no_colours_and_no_progress_bar) {
    const Ran ran = run({"day", "--directory", directory_, "--commands", "20000", "--head-mib", "1",
                         "--segment-mib", "1"});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
    EXPECT_EQ(ran.err, "");
    EXPECT_NE(ran.out.find("the same"), std::string::npos);
}

}  // namespace
}  // namespace pawl::tool_test
