// Whose copy a directory is, and who calls itself what: mistakes of whoever starts the processes.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/replication/role_machine.hpp"
#include "engine/runtime/directory_owner.hpp"
#include "journal/posix_storage.hpp"
#include "tests/unit/node/kit.hpp"

namespace pawl::testing {
namespace {

namespace fs = std::filesystem;

// Of everything in it.
std::string content_of(const std::string& directory) {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        if (!entry.is_regular_file() || entry.path().filename() == "lock") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        all += entry.path().string() + ":";
        all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
}

class NodeNames : public ::testing::Test {
protected:
    void write_as_a() {
        Bank bank = pair_.reign("a");
        EXPECT_TRUE(ask(bank, 1, Account::Deposit{100}, at(Durability::synced)).accepted());
    }

    Pair pair_{soon};
};

TEST_F(NodeNames, a_directory_of_another_node_is_refused_and_stays_as_it_is) {
    write_as_a();
    EngineOptions options = pair_.options("b");
    options.directory = pair_.options("a").directory;
    const std::string before = content_of(options.directory);
    const auto opened = Follower::open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::mismatch);
    EXPECT_NE(opened.error().sentence.find("the copy of node a, and this is node b"),
              std::string::npos)
        << opened.error().sentence;
    EXPECT_EQ(content_of(options.directory), before);
}

// Who may not have it leaves no name there that would keep its owner out.
TEST_F(NodeNames, a_start_that_is_refused_writes_no_name) {
    const EngineOptions plain = small(pair_.options("a").directory, 2);
    const Bank bank = open(plain);
    EngineOptions options = pair_.options("b");
    options.directory = plain.directory;
    EXPECT_FALSE(Follower::open(options).ok()) << "it is held by another engine";
    EXPECT_FALSE(fs::exists(plain.directory + "/node"));
}

// It would not know what it may have lost, and hide it from who does.
TEST_F(NodeNames, a_nodes_directory_is_no_plain_engines) {
    write_as_a();
    const EngineOptions options = small(pair_.options("a").directory, 2);
    const std::string before = content_of(options.directory);
    const auto opened = Bank::open(options);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::mismatch);
    EXPECT_NE(opened.error().sentence.find("is the copy of node a"), std::string::npos)
        << opened.error().sentence;
    EXPECT_EQ(content_of(options.directory), before);
    fs::remove(options.directory + "/node");
    EXPECT_TRUE(Bank::open(options).ok()) << "nobody's any more";
}

TEST_F(NodeNames, a_name_that_was_not_written_whole_is_none) {
    write_as_a();
    const std::string path = pair_.options("a").directory + "/node";
    for (const char* torn : {"", "b"}) {
        std::ofstream(path, std::ios::trunc) << torn;
        write_as_a();
        std::string name;
        std::ifstream(path) >> name;
        EXPECT_EQ(name, "a");
    }
}

// The second one was started with the first one's words. One of them has to go, at once: each
// would take over from the other for ever, both with clients.
TEST_F(NodeNames, of_two_processes_of_one_name_the_one_that_is_replaced_does_not_come_back) {
    Bank first = pair_.reign("a");
    EngineOptions same = pair_.options("a");
    same.directory = pair_.folder().file("another");
    same.heads = pair_.folder().file("heads-another");
    same.replication.address = address_of(2);
    Follower other = Follower::open(same).value();
    other.accept_loss();
    const Bank second = Pair::promote(std::move(other));
    ASSERT_TRUE(comes_true([&] { return first.failed(); }));
    const auto stepped = std::move(first).step_down();
    ASSERT_FALSE(stepped.ok());
    EXPECT_EQ(stepped.error().code, ErrorCode::mismatch);
    EXPECT_NE(stepped.error().sentence.find("another process calls itself node a"),
              std::string::npos)
        << stepped.error().sentence;
    EXPECT_FALSE(second.failed());
}

// A copy from before its last life, or another process with a copy of it: either way it has not
// what was answered since.
TEST_F(NodeNames, an_older_copy_of_a_directory_does_not_take_its_own_later_reign_for_its_past) {
    write_as_a();
    EngineOptions older = pair_.options("a");
    older.directory = pair_.folder().file("older");
    older.heads = pair_.folder().file("heads-older");
    fs::copy(pair_.options("a").directory, older.directory, fs::copy_options::recursive);
    write_as_a();
    {
        Follower follower = Follower::open(older).value();
        EXPECT_TRUE(comes_true([&] {
            return follower.status().why.find("this directory is an older copy") !=
                   std::string::npos;
        })) << follower.status().why;
        const auto turn = follower.wait_for_turn(milliseconds(100));
        ASSERT_TRUE(turn.ok());
        EXPECT_FALSE(*turn);
        EXPECT_NE(pair_.said().find("another process calls itself node a"), std::string::npos);
    }
    write_as_a();  // the newer one is not kept out by that
    Follower follower = Follower::open(older).value();
    follower.accept_loss();
    const Bank bank = Pair::promote(std::move(follower));
    EXPECT_FALSE(bank.failed());
}

// A restart an instant, for hours: the life that reigns is not forgotten meanwhile, and the file
// does not grow.
TEST_F(NodeNames, the_life_that_reigns_is_not_pushed_out_by_those_that_do_not) {
    pawl::journal::PosixStorage storage;
    const std::string folder = pair_.folder().path();
    ASSERT_TRUE(pawl::detail::note_owner(storage, folder, "a").ok());
    const auto knows = [&](std::uint64_t boot) {
        const auto lives = pawl::detail::lives_in(storage, folder).value();
        return std::find(lives.begin(), lives.end(), boot) != lives.end();
    };
    EXPECT_TRUE(knows(pawl::replication::any_life)) << "nobody has noted any";
    constexpr std::uint64_t reigns = 1;
    for (std::uint64_t life = 10; life < 5'000; life += 2) {
        const std::vector<std::uint64_t> boots{reigns, life, life + 1};
        ASSERT_TRUE(pawl::detail::note_lives(storage, folder, "a", boots, true).ok());
        ASSERT_TRUE(knows(reigns) && knows(life) && knows(life + 1)) << life;
    }
    EXPECT_FALSE(knows(10)) << "its room is given to others";
    EXPECT_FALSE(knows(pawl::replication::any_life));
    EXPECT_EQ(fs::file_size(folder + "/node"), 4096U);
    EXPECT_TRUE(pawl::detail::check_owner(storage, folder, "a").ok());
    EXPECT_FALSE(pawl::detail::check_owner(storage, folder, "b").ok());
}

// Killed and started again it knows its reign, however often it was started in between, and
// whatever the copy was before: begun here, taken over in memory, or another node's.
TEST_F(NodeNames, a_life_knows_the_lives_before_it) {
    for (int round = 0; round < 3; ++round) {  // the file has room for 124
        write_as_a();
        for (int i = 0; i < 100; ++i) static_cast<void>(pair_.follow("a"));
    }
    write_as_a();
    EXPECT_EQ(fs::file_size(pair_.options("a").directory + "/node"), 4096U);
    Bank bank = pair_.reign("a");
    Follower b = pair_.follow("b");
    ASSERT_TRUE(comes_true([&] { return is_in_sync(bank.node_status(), "b"); }));
    ASSERT_TRUE(bank.hand_over("b").ok());
    Bank after = Pair::promote(std::move(b));
    ASSERT_TRUE(comes_true([&] { return bank.failed(); }));
    Follower a = std::move(bank).step_down().value();
    ASSERT_TRUE(comes_true([&] { return is_in_sync(after.node_status(), "a"); }));
    ASSERT_TRUE(after.hand_over("a").ok());
    {
        const Bank back = Pair::promote(std::move(a));
    }
    {
        const Bank stays = std::move(after);
    }
    write_as_a();
}

}  // namespace
}  // namespace pawl::testing
