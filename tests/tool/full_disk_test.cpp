// Disks without room: the tool stops with a sentence, and goes on when there is room.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "cli/input/generated_day.hpp"
#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

class FullDisk : public ::testing::Test {
protected:
    Folder folder_;
    const std::string input_ = folder_.path("day.csv");
    const std::string trades_ = folder_.path("trades.csv");

    void SetUp() override {
        auto day = cli::generate_day({.commands = 60'000, .instruments = 1, .seed = 5});
        std::ofstream file(input_);
        ASSERT_TRUE(cli::write_csv(**day, file).ok());
    }
    std::string undisturbed_trades() const {
        const Ran ran = run(with(match(input_, "csv", folder_.path("undisturbed")),
                                 {"--trades", folder_.path("undisturbed.csv")}));
        EXPECT_NE(read_file(folder_.path("undisturbed.csv")), "");
        return read_file(folder_.path("undisturbed.csv"));
    }
    void expect_whole_day(const std::string& directory) const {
        const Ran verified = run({"journal", "verify", directory});
        EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
        const Ran ran = run(with(match(input_, "csv", directory), {"--trades", trades_}));
        EXPECT_EQ(ran.signal, 0);
        EXPECT_EQ(json_field(ran.out, "commands"), "60000") << ran.err;
        EXPECT_EQ(read_file(trades_) == undisturbed_trades(), true);
    }
};

// A small file system that only this process and its children see.
class SmallDisk {
public:
    SmallDisk(const std::string& where, const std::string& size) : where_(where) {
        std::filesystem::create_directory(where);
        // Once per process: mounts of the test stay its own.
        static const bool own = ::unshare(CLONE_NEWNS) == 0 &&
                                ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        there_ = own && ::mount("none", where.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    }
    ~SmallDisk() {
        if (there_) ::umount2(where_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool there() const { return there_; }
    bool resize(const std::string& size) const {
        return ::mount("none", where_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
    }
    bool make_read_only() const {
        return ::mount("none", where_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") == 0;
    }

private:
    std::string where_;
    bool there_ = false;
};
#define PAWL_SMALL_DISK(name, where, size) \
    const SmallDisk name(where, size);     \
    if (!name.there()) GTEST_SKIP() << "skipped: needs the right to mount"

TEST_F(FullDisk, a_full_disk_stops_the_day_and_room_lets_it_go_on) {
    PAWL_SMALL_DISK(disk, folder_.path("disk"), "5m");
    const std::string directory = folder_.path("disk/journal");
    const Ran ran = run(match(input_, "csv", directory));
    EXPECT_EQ(ran.exit_code, 5) << ran.err;
    EXPECT_EQ(ran.signal, 0);
    EXPECT_NE(ran.err.find(directory + ": the disk is full, before " + input_ + ":"),
              std::string::npos)
        << ran.err;
    EXPECT_NE(ran.err.find("make room and run the same command again"), std::string::npos);
    EXPECT_GT(std::stoi(json_field(ran.out, "commands")), 10'000);
    ASSERT_TRUE(disk.resize("64m"));
    expect_whole_day(directory);
    remove_heads(directory);
}

TEST_F(FullDisk, a_disk_too_small_for_anything_stops_before_the_first_command) {
    PAWL_SMALL_DISK(disk, folder_.path("disk"), "600k");
    const std::string directory = folder_.path("disk/journal");
    expect_sentence(run(match(input_, "csv", directory)), 5, {directory, "full", "make room"});
    ASSERT_TRUE(disk.resize("64m"));
    expect_whole_day(directory);
    remove_heads(directory);
}

TEST_F(FullDisk, heads_without_room_are_named_and_cost_nothing) {
    PAWL_SMALL_DISK(disk, folder_.path("memory"), "512k");
    const std::string directory = folder_.path("journal");
    expect_sentence(run(with(match(input_, "csv", directory), {"--heads", folder_.path("memory")})),
                    5, {folder_.path("memory"), "no space", "another folder"});
    ASSERT_TRUE(disk.resize("64m"));
    const Ran ran = run(with(match(input_, "csv", directory), {"--heads", folder_.path("memory")}));
    EXPECT_EQ(json_field(ran.out, "commands"), "60000") << ran.err;
}

TEST_F(FullDisk, a_trades_file_without_room_leaves_the_old_one_and_the_journal) {
    PAWL_SMALL_DISK(disk, folder_.path("disk"), "64k");
    folder_.write("disk/trades.csv", "the old one");
    const std::string directory = folder_.path("journal");
    const std::string trades = folder_.path("disk/trades.csv");
    const Ran ran = run(with(match(input_, "csv", directory), {"--trades", trades}));
    EXPECT_EQ(ran.exit_code, 5) << ran.err;
    EXPECT_NE(ran.err.find(trades + ": cannot write"), std::string::npos) << ran.err;
    EXPECT_EQ(read_file(trades), "the old one");
    EXPECT_FALSE(std::filesystem::exists(trades + ".part"));
    expect_whole_day(directory);
}

TEST_F(FullDisk, a_read_only_disk_can_be_looked_into_and_is_named_when_it_must_be_written) {
    PAWL_SMALL_DISK(disk, folder_.path("disk"), "64m");
    const std::string directory = folder_.path("disk/journal");
    EXPECT_EQ(json_field(run(match(input_, "csv", directory)).out, "commands"), "60000");
    ASSERT_TRUE(disk.make_read_only());
    for (const char* look : {"verify", "stat"})
        EXPECT_EQ(run({"journal", look, directory}).exit_code, 0) << look;
    EXPECT_NE(run({"journal", "dump", directory, "--count", "4"}).out, "");
    expect_sentence(run(match(input_, "csv", directory)), 4, {directory, "Read-only file system"});
    expect_sentence(run(match(input_, "csv", folder_.path("disk/new"))), 4,
                    {folder_.path("disk/new"), "Read-only file system"});
    expect_sentence(run(with(match(input_, "csv", folder_.path("journal")),
                             {"--trades", folder_.path("disk/new.csv")})),
                    4, {"new.csv", "Read-only file system"});
}

TEST_F(FullDisk, a_limit_on_file_sizes_is_a_sentence_and_no_death) {
    const std::string directory = folder_.path("journal");
    How how;
    how.in_child = [] {
        const rlimit two_mebibytes{2U << 20, 2U << 20};
        ::setrlimit(RLIMIT_FSIZE, &two_mebibytes);
    };
    std::vector<std::string> arguments = match(input_, "csv", directory);
    *(std::find(arguments.begin(), arguments.end(), "--segment-mib") + 1) = "4";
    const Ran ran = run(arguments, how);
    EXPECT_EQ(ran.signal, 0) << ran.err;
    EXPECT_TRUE(ran.exit_code == 4 || ran.exit_code == 5) << ran.exit_code << ran.err;
    EXPECT_NE(ran.err.find(directory), std::string::npos) << ran.err;
    expect_whole_day(directory);
}

}  // namespace
}  // namespace pawl::tool_test
