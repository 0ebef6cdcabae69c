// Directories that cannot be used as asked: which sentence, which exit code, and what is kept.
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

class WrongDirectory : public ::testing::Test {
protected:
    Folder folder_;
    const std::string directory_ = folder_.path("journal");
    const std::string input_ = folder_.write("day.csv", small_day);
};

TEST_F(WrongDirectory, another_shard_count_is_refused_with_both_numbers) {
    expect_small_day(folder_, input_, directory_);
    expect_sentence(run(with(match(input_, "csv", directory_), {"--shards", "2"})), 7,
                    {directory_, "1 shards here", "2", "open it with 1"});
    expect_small_day(folder_, input_, directory_);
}

TEST_F(WrongDirectory, one_of_another_input_is_refused) {
    expect_small_day(folder_, input_, directory_);
    const std::string other = folder_.write("other.csv", small_day);
    const Ran ran = run(match(other, "csv", directory_));
    expect_sentence(ran, 7, {"another input", "choose an empty directory"});
    EXPECT_EQ(ran.out, "");
    expect_small_day(folder_, input_, directory_);
}

TEST_F(WrongDirectory, one_of_another_input_with_the_same_name_is_refused) {
    expect_small_day(folder_, input_, directory_);
    std::filesystem::create_directory(folder_.path("tomorrow"));
    const std::string other =
        folder_.write("tomorrow/day.csv", replaced(small_day, "3,B,101000,50", "3,B,101000,60"));
    const Ran ran = run(match(other, "csv", directory_));
    expect_sentence(ran, 7, {"day.csv:5", "another input", "choose an empty directory"});
    EXPECT_EQ(ran.out, "");
    expect_small_day(folder_, input_, directory_);
}

TEST_F(WrongDirectory, one_in_use_names_the_process_that_has_it) {
    // Slow enough to be there still: the second tool's answer ends the wait.
    Running first(with(match(input_, "csv", directory_), {"--rate", "1"}));
    while (!std::filesystem::exists(directory_ + "/s0/00000001.seg"))
        ASSERT_FALSE(first.ends_within(std::chrono::milliseconds(1))) << first.wait().err;
    expect_sentence(run(match(input_, "csv", directory_)), 6,
                    {directory_, "held by pid", "close that one"});
    const Ran looked = run({"journal", "verify", directory_});
    EXPECT_EQ(looked.exit_code, 0) << looked.out << looked.err;
    first.kill_now();
    expect_small_day(folder_, input_, directory_);
}

TEST_F(WrongDirectory, a_file_is_no_directory) {
    expect_sentence(run(match(input_, "csv", input_)), 4, {input_, "cannot make the directory"});
    EXPECT_EQ(read_file(input_), small_day);
}

TEST_F(WrongDirectory, a_missing_parent_is_named) {
    expect_sentence(run(match(input_, "csv", folder_.path("no/where"))), 4,
                    {folder_.path("no/where"), "check the path"});
}

TEST_F(WrongDirectory, a_folder_of_other_things_is_left_alone) {
    std::filesystem::create_directory(directory_);
    folder_.write("journal/thesis.txt", "chapter 1");
    const Ran ran = run(match(input_, "csv", directory_));
    EXPECT_EQ(ran.signal, 0);
    EXPECT_EQ(read_file(directory_ + "/thesis.txt"), "chapter 1");
}

// As somebody who may not write there: root may write everywhere.
How as_nobody() {
    How how;
    if (::geteuid() == 0)
        how.in_child = [] {
            if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(126);
        };
    return how;
}

TEST_F(WrongDirectory, one_that_may_not_be_written_is_named) {
    namespace fs = std::filesystem;
    fs::create_directory(folder_.path("closed"));
    fs::permissions(folder_.path("closed"), fs::perms(0555));
    fs::permissions(folder_.path(""), fs::perms(0755));
    expect_sentence(
        run(match(input_, "csv", folder_.path("closed/journal")), as_nobody()), 4,
        {folder_.path("closed/journal"), "cannot make the directory", "check owner and mode"});
}

TEST_F(WrongDirectory, a_journal_of_another_owner_is_refused_and_stays_whole) {
    if (::geteuid() != 0) GTEST_SKIP() << "skipped: needs root";
    std::filesystem::permissions(folder_.path(""), std::filesystem::perms(0755));
    expect_small_day(folder_, input_, directory_);
    const Ran ran = run(match(input_, "csv", directory_), as_nobody());
    expect_sentence(ran, 4, {directory_, "permission"});
    expect_small_day(folder_, input_, directory_);
}

TEST_F(WrongDirectory, a_trades_file_that_cannot_be_made_is_refused_before_the_day_is_run) {
    expect_sentence(run(with(match(input_, "csv", directory_),
                             {"--trades", folder_.path("no/where/trades.csv")})),
                    4, {"trades.csv", "cannot create", "choose a place"});
    EXPECT_FALSE(std::filesystem::exists(directory_));
    expect_sentence(run(with(match(input_, "csv", directory_), {"--trades", folder_.path("")})), 4,
                    {"cannot create"});
}

TEST_F(WrongDirectory, missing_heads_are_named) {
    expect_sentence(run(with(match(input_, "csv", directory_), {"--heads", "/no/where"})), 2,
                    {"--heads", "/no/where", "'pawl match --help'"});
    expect_small_day(folder_, input_, directory_);
}

TEST_F(WrongDirectory, a_directory_is_one_by_whatever_way_it_is_named) {
    namespace fs = std::filesystem;
    const std::string odd = folder_.path("a b'c\"d");
    expect_small_day(folder_, input_, odd + "/");
    fs::create_directory_symlink(odd, folder_.path("link"));
    for (const std::string& name :
         {std::string("link"), std::string("./a b'c\"d/"), std::string("a b'c\"d/../link/.")}) {
        How how;
        how.work_folder = folder_.path("");
        const Ran ran = run(match(input_, "csv", name), how);
        EXPECT_EQ(ran.exit_code, 0) << ran.err;
        EXPECT_EQ(json_field(ran.out, "sent"), "0") << name;
    }
}

TEST_F(WrongDirectory, damage_is_refused_and_named_by_verify) {
    expect_small_day(folder_, input_, directory_);
    std::fstream segment(directory_ + "/s0/00000001.seg",
                         std::ios::in | std::ios::out | std::ios::binary);
    segment.seekp(4096 + 600);
    segment.write("damage", 6);
    segment.close();
    const Ran verified = run({"journal", "verify", directory_});
    EXPECT_EQ(verified.exit_code, 1) << verified.out;
    EXPECT_NE(verified.out.find("NOT clean"), std::string::npos);
    const Ran ran = run(match(input_, "csv", directory_));
    expect_sentence(ran, 8, {directory_});
}

TEST_F(WrongDirectory, looking_into_what_is_no_journal_says_so) {
    for (const char* look : {"dump", "tail", "verify", "stat"}) {
        expect_sentence(run({"journal", look, folder_.path("nosuch")}), 4, {"nosuch"});
        expect_sentence(run({"journal", look, input_}), 4, {"day.csv"});
        expect_sentence(run({"journal", look, folder_.path("")}), 4, {"manifest"});
    }
    expect_sentence(run({"counters", folder_.path("nosuch")}), 4, {"nosuch"});
}

}  // namespace
}  // namespace pawl::tool_test
