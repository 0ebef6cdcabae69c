// The file arbiter against what files do: damage, faults of the disk, loss of power, other
// processes and their death. Knows the folder's layout.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "arbiter_history.hpp"
#include "engine/replication/file_arbiter.hpp"
#include "journal/posix_storage.hpp"
#include "testing/chance.hpp"
#include "tests/sim/slowness.hpp"
#include "tests/unit/journal/memory_storage.hpp"

namespace pawl::replication::test {
namespace {

using journal::StorageFault;
using journal::testing::MemoryStorage;
using journal::testing::Unsynced;
using Kind = ArbiterAnswer::Kind;

const Reign one = first({"a", 1}, 0).value();
const Reign two = add_standby(one, {"a", 1}, "b").value();

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

std::unique_ptr<FileArbiter> open(journal::Storage& storage, const std::string& folder = "/d/a") {
    auto arbiter = FileArbiter::open(storage, folder, {});
    EXPECT_TRUE(arbiter.ok()) << arbiter.error().sentence;
    return std::move(arbiter).value();
}
ArbiterAnswer finish(Arbiter& arbiter) {
    for (;;)
        if (auto answer = arbiter.do_work(now_ns())) return *answer;
}
ArbiterAnswer read(Arbiter& arbiter) {
    arbiter.read();
    return finish(arbiter);
}
ArbiterAnswer swap(Arbiter& arbiter, std::uint64_t expected_revision, const Reign& wanted) {
    arbiter.compare_and_swap(expected_revision, wanted);
    return finish(arbiter);
}

// ---- damage

std::vector<std::byte> as_bytes(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    return {bytes.begin(), bytes.end()};
}

class ArbiterFile : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(storage_.make_directory("/d").ok()); }
    ArbiterAnswer read_of(const std::string& content) {
        const auto arbiter = open(storage_);
        storage_.put_file("/d/a/reign", as_bytes(content));
        return read(*arbiter);
    }
    MemoryStorage storage_;
};

TEST_F(ArbiterFile, with_any_bit_flipped_is_refused_by_its_name) {
    const std::string good = print_file_value({3, two});
    ASSERT_EQ(read_of(good).kind, Kind::found);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
        const auto answer = read_of(bad);
        ASSERT_EQ(answer.kind, Kind::refused) << "bit " << bit;
        ASSERT_NE(answer.why.find("/d/a/reign: "), std::string::npos) << answer.why;
        const auto arbiter = open(storage_);
        ASSERT_EQ(swap(*arbiter, 3, one).kind, Kind::refused) << "bit " << bit;
    }
}

TEST_F(ArbiterFile, cut_anywhere_or_longer_is_refused) {
    const std::string good = print_file_value({3, two});
    for (std::size_t bytes = 0; bytes < good.size(); ++bytes)
        ASSERT_EQ(read_of(good.substr(0, bytes)).kind, Kind::refused) << bytes;
    EXPECT_EQ(read_of(good + "\n").kind, Kind::refused);
    EXPECT_EQ(read_of(good + good).kind, Kind::refused);
    const auto large = read_of(std::string(1'000'000, 'x'));
    EXPECT_EQ(large.kind, Kind::refused);
    EXPECT_NE(large.why.find("1000000 bytes"), std::string::npos) << large.why;
}

TEST_F(ArbiterFile, has_one_text_for_each_value) {
    const std::string good = print_file_value({18'446'744'073'709'551'615U, two});
    const auto value = parse_file_value(good, "f");
    ASSERT_TRUE(value.ok()) << value.error().sentence;
    EXPECT_EQ(value->revision, ~std::uint64_t{0});
    EXPECT_EQ(print_file_value(*value), good);
}

TEST_F(ArbiterFile, whose_folder_went_is_refused_and_not_made_again) {
    const auto arbiter = open(storage_);
    ASSERT_EQ(swap(*arbiter, 0, one).kind, Kind::swapped);
    arbiter->read();
    storage_.fail_call(1, StorageFault::missing);  // what the lock says when its folder is gone
    const auto answer = finish(*arbiter);
    EXPECT_EQ(answer.kind, Kind::refused);
    EXPECT_NE(answer.why.find("/d/a/lock: cannot take the lock"), std::string::npos) << answer.why;
}

TEST_F(ArbiterFile, cannot_be_below_a_folder_that_is_not_there) {
    const auto arbiter = FileArbiter::open(storage_, "no_slash", {});
    ASSERT_FALSE(arbiter.ok());
    EXPECT_EQ(arbiter.error().code, ErrorCode::usage);
    journal::PosixStorage real;
    EXPECT_FALSE(FileArbiter::open(real, "/nowhere/at/all", {}).ok());
    const auto options = FileArbiter::open(storage_, "/d/a", {.attempt_timeout_ns = 0});
    EXPECT_FALSE(options.ok());
}

// ---- the disk fails, the process dies, the power goes

// Of a swap that goes well, from the lock on.
std::uint64_t calls_of_a_swap() {
    MemoryStorage storage;
    EXPECT_TRUE(storage.make_directory("/d").ok());
    const auto arbiter = open(storage);
    EXPECT_EQ(swap(*arbiter, 0, one).revision, 1U);
    const std::uint64_t before = storage.calls();
    EXPECT_EQ(swap(*arbiter, 1, two).revision, 2U);
    return storage.calls() - before;
}

TEST_F(ArbiterFile, any_failing_call_leaves_the_old_value_or_the_new_one) {
    int refused = 0, unknown = 0;
    for (std::uint64_t call = 1; call <= calls_of_a_swap(); ++call) {
        for (const auto fault : {StorageFault::io, StorageFault::no_space, StorageFault::denied}) {
            MemoryStorage storage;
            ASSERT_TRUE(storage.make_directory("/d").ok());
            const auto arbiter = open(storage);
            ASSERT_EQ(swap(*arbiter, 0, one).revision, 1U);
            storage.fail_call(call, fault);
            const auto answer = swap(*arbiter, 1, two);
            const auto after = read(*open(storage));
            ASSERT_EQ(after.kind, Kind::found) << "call " << call << ": " << after.why;
            const bool is_new = after.revision == 2;
            ASSERT_EQ(after.reign, is_new ? two : one);
            ASSERT_TRUE(answer.kind == Kind::unknown || is_new == (answer.kind == Kind::swapped))
                << "call " << call << ": " << answer.why;
            refused += answer.kind == Kind::refused ? 1 : 0;
            unknown += answer.kind == Kind::unknown ? 1 : 0;
            ASSERT_TRUE(answer.kind == Kind::swapped || !answer.why.empty());
            // and it goes on
            const auto next = swap(*arbiter, after.revision, one);
            ASSERT_EQ(next.kind, Kind::swapped) << next.why;
        }
    }
    EXPECT_GE(refused, 15) << "lock, look and write, each by three faults";
    EXPECT_EQ(unknown, 6) << "rename and sync of the folder";
}

TEST_F(ArbiterFile, after_any_loss_of_power_what_was_answered_is_there) {
    for (const auto unsynced : {Unsynced::lost, Unsynced::kept, Unsynced::every_other_sector}) {
        for (std::uint64_t call = 1; call <= calls_of_a_swap(); ++call) {
            MemoryStorage storage;
            ASSERT_TRUE(storage.make_directory("/d").ok());
            ASSERT_TRUE(storage.sync_directory("/").ok());
            auto arbiter = open(storage);
            ASSERT_EQ(swap(*arbiter, 0, one).revision, 1U);
            storage.die_at_call(call);
            const auto answer = swap(*arbiter, 1, two);
            arbiter.reset();
            storage.revive();
            storage.cut_power(unsynced);
            const auto after = read(*open(storage));
            ASSERT_EQ(after.kind, Kind::found) << "call " << call << ": " << after.why;
            ASSERT_EQ(after.reign, after.revision == 2 ? two : one) << "call " << call;
            ASSERT_TRUE(answer.kind == Kind::unknown ||
                        (after.revision == 2) == (answer.kind == Kind::swapped))
                << "call " << call << ": " << answer.why;
        }
    }
}

TEST_F(ArbiterFile, what_one_node_has_read_no_loss_of_power_takes_back) {
    for (std::uint64_t call = 1; call <= calls_of_a_swap(); ++call) {
        MemoryStorage storage;
        ASSERT_TRUE(storage.make_directory("/d").ok());
        ASSERT_TRUE(storage.sync_directory("/").ok());
        auto arbiter = open(storage);
        ASSERT_EQ(swap(*arbiter, 0, one).revision, 1U);
        storage.die_at_call(call);  // perhaps between the rename and the sync
        arbiter->compare_and_swap(1, two);
        static_cast<void>(finish(*arbiter));
        arbiter.reset();
        storage.revive();
        const auto seen = read(*open(storage));
        storage.cut_power(Unsynced::lost);
        const auto after = read(*open(storage));
        ASSERT_EQ(after.revision, seen.revision) << "call " << call;
    }
}

// ---- other processes, on real files

class ArbiterFolder : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name =
            (std::filesystem::temp_directory_path() / "pawl_arbiter_XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::unique_ptr<FileArbiter> open_here() { return open(storage_, folder_ + "/arbiter"); }

    journal::PosixStorage storage_;
    std::string folder_;
};

TEST_F(ArbiterFolder, held_by_a_process_that_hangs_is_unknown_in_time_and_goes_on_after) {
    const auto arbiter = open_here();
    ASSERT_EQ(swap(*arbiter, 0, one).kind, Kind::swapped);
    std::unique_ptr<journal::FileLock> lock;
    std::string holder;
    ASSERT_TRUE(storage_.lock(folder_ + "/arbiter/lock", lock, holder).ok());
    arbiter->compare_and_swap(1, two);
    EXPECT_FALSE(arbiter->do_work(0));
    EXPECT_FALSE(arbiter->do_work(999'999'999)) << "the time begins with the first call";
    const auto answer = arbiter->do_work(1'000'000'000);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->kind, Kind::unknown);
    EXPECT_NE(answer->why.find("pid " + std::to_string(::getpid())), std::string::npos)
        << answer->why;
    arbiter->read();
    EXPECT_FALSE(arbiter->do_work(2'000'000'000));
    lock.reset();
    const auto found = arbiter->do_work(2'000'000'001);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->revision, 1U);
}

// A line of a child's report: what it asked and what it heard. Values are numbers of boots.
struct Line {
    std::int64_t begin, end;
    std::uint64_t boot, expected_revision, revision, found_boot;
    Kind kind;
};

Reign of_boot(std::uint64_t boot) {
    return first({"n", boot}, 0).value();
}

void race(const std::string& folder, std::uint64_t child, int report, int swaps) {
    journal::PosixStorage storage;
    const auto arbiter = open(storage, folder);
    std::uint64_t revision = 0;
    for (int i = 0; i < swaps; ++i) {
        Line line{};
        line.boot = i % 4 == 3 ? 0 : child * 1000 + static_cast<unsigned>(i) + 1;
        line.expected_revision = revision;
        line.begin = now_ns();
        const auto answer =
            line.boot == 0 ? read(*arbiter) : swap(*arbiter, revision, of_boot(line.boot));
        line.end = now_ns();
        line.kind = answer.kind;
        revision = line.revision = answer.revision;
        line.found_boot = answer.reign ? answer.reign->primary().boot : 0;
        if (::write(report, &line, sizeof line) != sizeof line) ::_exit(2);
    }
    ::_exit(0);
}

TEST_F(ArbiterFolder, several_processes_race_and_the_history_is_one_chain) {
    constexpr int children = 3, swaps = 60;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::vector<pid_t> processes;
    for (int child = 1; child <= children; ++child) {
        processes.push_back(::fork());
        if (processes.back() == 0)
            race(folder_ + "/arbiter", static_cast<unsigned>(child), ends[1], swaps);
    }
    ::close(ends[1]);
    std::vector<Heard> all;
    for (Line line{}; ::read(ends[0], &line, sizeof line) == sizeof line;) {
        Heard heard{line.begin, line.end, {}, line.expected_revision, {}};
        if (line.boot != 0) heard.wanted = of_boot(line.boot);
        heard.answer.kind = line.kind;
        heard.answer.revision = line.revision;
        if (line.found_boot != 0) heard.answer.reign = of_boot(line.found_boot);
        all.push_back(heard);
    }
    ::close(ends[0]);
    for (const pid_t process : processes) {
        int status = 0;
        ::waitpid(process, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(all.size(), std::size_t{children * swaps});
    EXPECT_EQ(contradiction(all), "");
}

// Swaps until it is killed; says each revision that it got.
[[noreturn]] void swap_forever(const std::string& folder, int report) {
    journal::PosixStorage storage;
    const auto arbiter = open(storage, folder);
    std::uint64_t revision = read(*arbiter).revision;
    for (;;) {
        const auto answer = swap(*arbiter, revision, of_boot(revision + 1));
        if (answer.kind != Kind::swapped) ::_exit(2);
        revision = answer.revision;
        if (::write(report, &revision, sizeof revision) != sizeof revision) ::_exit(3);
    }
}

TEST_F(ArbiterFolder, a_process_killed_in_the_middle_of_a_swap_leaves_a_whole_value) {
    const std::uint64_t kills = 60 / sim::slowness + 1;
    sim::Chance chance(1);
    std::uint64_t last = 0;
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const pid_t process = ::fork();
        if (process == 0) swap_forever(folder_ + "/arbiter", ends[1]);
        ::close(ends[1]);
        std::uint64_t said = last;
        for (std::uint64_t heard = 1 + chance.below(3); heard != 0; --heard)
            ASSERT_EQ(::read(ends[0], &said, sizeof said), ssize_t{sizeof said});
        const std::int64_t moment = now_ns() + static_cast<std::int64_t>(chance.below(4'000'000));
        while (now_ns() < moment) std::this_thread::yield();
        ::kill(process, SIGKILL);
        ::waitpid(process, nullptr, 0);
        while (::read(ends[0], &said, sizeof said) == ssize_t{sizeof said}) {
        }
        ::close(ends[0]);
        const auto found = read(*open_here());
        ASSERT_EQ(found.kind, Kind::found) << found.why;
        ASSERT_GE(found.revision, said);
        ASSERT_LE(found.revision, said + 1);
        ASSERT_EQ(found.reign, of_boot(found.revision));
        last = found.revision;
    }
}

}  // namespace
}  // namespace pawl::replication::test
