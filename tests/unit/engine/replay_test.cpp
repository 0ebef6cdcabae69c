// A journal read again: the state at any cut, beside the events that a subscriber has added up.
#include "pawl/replay.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "engine/shard/note.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

using BankReplay = Replay<Account, Book>;
using Balances = std::map<Id, std::int64_t>;

BankReplay replay(const std::string& directory, const Until& until = Until::end()) {
    return BankReplay::open({.directory = directory, .until = until}).value();
}

Balances balances(const BankReplay& replay) {
    Balances balances;
    for (Id id = 1; id <= 9; ++id)
        if (const Account* account = replay.state<Account>(id)) balances[id] = account->balance;
    return balances;
}

// What a subscriber saw of one command.
struct Seen {
    std::uint32_t shard;
    std::uint64_t last_sequence;
    Time time;
    Id id;
    std::int64_t cents;
};

// Deposits, and spendings of several events each, over nine accounts.
void spend_a_day(Bank& bank, int commands) {
    for (int i = 0; i < commands; ++i) {
        const Id id = static_cast<Id>(i % 9 + 1);
        if (i % 4 == 3)
            ask(bank, id, Account::Spend{i % 5 + 1, 2});
        else
            ask(bank, id, Account::Deposit{i % 50 + 10});
    }
}

std::vector<Seen> events_of(Bank& bank) {
    std::vector<Seen> seen;
    auto events = bank.subscribe();
    const auto note = [&](const auto& event) {
        const auto* in = event.template as<Account::Deposited>();
        const auto* out = event.template as<Account::Withdrawn>();
        const std::int64_t cents = in != nullptr ? in->cents : -out->cents;
        if (event.first_of_command()) {
            seen.push_back(
                {event.shard(), event.sequence().value, event.time(), event.id(), cents});
            return;
        }
        seen.back().last_sequence = event.sequence().value;
        seen.back().cents += cents;
    };
    while (events.poll(note, 1000).value() != 0) {
    }
    return seen;
}

template <class Takes>
Balances sum(const std::vector<Seen>& seen, Takes&& takes) {
    Balances balances;
    for (const Seen& command : seen)
        if (takes(command)) balances[command.id] += command.cents;
    return balances;
}

// As a kill between two shards would leave it.
void mark_in_one_shard(Bank& bank, std::string_view name) {
    const detail::MarkRecord body{~std::uint64_t{0}, static_cast<std::uint32_t>(name.size()), 0};
    detail::Note note{detail::RecordKind::mark, &body, sizeof body, name};
    const detail::Note* pointer = &note;
    detail::MessageParts parts;
    parts.header.kind = detail::MessageKind::note;
    parts.header.payload_bytes = sizeof pointer;
    parts.payload = &pointer;
    bank.core().send(0, detail::MessageBuffer(parts), std::chrono::nanoseconds::max());
    bank.state_hash();  // waits for it
    EXPECT_TRUE(note.written);
}

std::map<std::string, std::string> files_below(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        std::ifstream file(entry.path(), std::ios::binary);
        files[entry.path()] = entry.is_regular_file()
                                  ? std::string(std::istreambuf_iterator<char>(file), {})
                                  : std::string("folder");
    }
    return files;
}

TEST(Replay, to_the_end_equals_the_live_state_and_changes_no_byte) {
    TempDirectory directory;
    std::uint64_t hash = 0;
    std::uint64_t count = 0;
    {
        Bank bank = open(small(directory.path(), 3));
        spend_a_day(bank, 2000);
        hash = bank.state_hash();
        count = bank.aggregate_count();
    }
    const auto before = files_below(directory.path());
    const BankReplay all = replay(directory.path());
    EXPECT_EQ(all.state_hash(), hash);
    EXPECT_EQ(all.aggregate_count(), count);
    EXPECT_EQ(all.state<Account>(77), nullptr);
    EXPECT_EQ(all.version<Account>(77), Version{});
    EXPECT_EQ(files_below(directory.path()), before);
}

TEST(Replay, beside_a_running_engine_sees_what_was_committed) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 2));
    for (int round = 0; round < 20; ++round) {
        spend_a_day(bank, 150);
        EXPECT_EQ(replay(directory.path()).state_hash(), bank.state_hash()) << round;
    }
}

TEST(Replay, of_any_sequence_holds_whole_commands_up_to_it) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    spend_a_day(bank, 300);
    const std::vector<Seen> seen = events_of(bank);
    for (std::uint64_t last = 0; last <= seen.back().last_sequence + 1; last += 7) {
        const auto takes = [&](const Seen& command) { return command.last_sequence <= last; };
        const BankReplay cut = replay(directory.path(), Until::sequence(Sequence{last}));
        EXPECT_EQ(balances(cut), sum(seen, takes)) << last;
    }
}

TEST(Replay, of_a_sequence_takes_the_other_shards_to_its_time) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 3));
    spend_a_day(bank, 400);
    const std::vector<Seen> seen = events_of(bank);
    const std::uint32_t shard = seen[200].shard;
    const Seen& last = seen[200];
    const auto takes = [&](const Seen& command) {
        return command.shard == shard ? command.last_sequence <= last.last_sequence
                                      : command.time <= last.time;
    };
    const BankReplay cut =
        replay(directory.path(), Until::sequence(Sequence{last.last_sequence}, shard));
    EXPECT_EQ(balances(cut), sum(seen, takes));
    EXPECT_EQ(
        BankReplay::open({.directory = directory.path(), .until = Until::sequence(Sequence{1}, 3)})
            .error()
            .code,
        ErrorCode::usage);
}

TEST(Replay, of_any_time_is_exact_in_each_shard) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 2));
    spend_a_day(bank, 400);
    const std::vector<Seen> seen = events_of(bank);
    for (std::size_t i = 0; i < seen.size(); i += 37) {
        const Time time = seen[i].time;
        const auto takes = [&](const Seen& command) { return command.time <= time; };
        EXPECT_EQ(balances(replay(directory.path(), Until::time(time))), sum(seen, takes)) << i;
        EXPECT_LE(replay(directory.path(), Until::time(time)).time(), time);
    }
    EXPECT_EQ(balances(replay(directory.path(), Until::time(Time{0}))), Balances{});
}

TEST(Replay, of_a_mark_holds_what_was_answered_before_it_in_every_shard) {
    TempDirectory directory;
    std::vector<std::uint64_t> hashes;
    {
        Bank bank = open(small(directory.path(), 3));
        for (const char* name : {"open", "noon", "close"}) {
            spend_a_day(bank, 100);
            hashes.push_back(bank.state_hash());
            ASSERT_TRUE(bank.mark(name).ok());
        }
        spend_a_day(bank, 50);
    }
    std::size_t i = 0;
    for (const char* name : {"open", "noon", "close"})
        EXPECT_EQ(replay(directory.path(), Until::mark(name)).state_hash(), hashes[i++]) << name;
    const auto unknown =
        BankReplay::open({.directory = directory.path(), .until = Until::mark("evening")});
    ASSERT_FALSE(unknown.ok());
    EXPECT_NE(unknown.error().sentence.find("no mark 'evening'"), std::string::npos)
        << unknown.error().sentence;
}

TEST(Replay, of_several_marks_with_one_name_takes_the_last) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 2));
    for (int round = 0; round < 3; ++round) {
        spend_a_day(bank, 30);
        ASSERT_TRUE(bank.mark("again").ok());
    }
    const std::uint64_t hash = bank.state_hash();
    spend_a_day(bank, 30);
    EXPECT_EQ(replay(directory.path(), Until::mark("again")).state_hash(), hash);
}

TEST(Replay, of_a_mark_that_a_shard_never_got_takes_the_one_before) {
    TempDirectory directory;
    std::uint64_t hash = 0;
    {
        Bank bank = open(small(directory.path(), 2));
        spend_a_day(bank, 30);
        ASSERT_TRUE(bank.mark("cut").ok());
        hash = bank.state_hash();
        spend_a_day(bank, 30);
    }
    Result<Bank> opened = Bank::open(small(directory.path(), 2));
    mark_in_one_shard(*opened, "cut");
    spend_a_day(*opened, 10);
    EXPECT_EQ(replay(directory.path(), Until::mark("cut")).state_hash(), hash);
}

TEST(Replay, steps_through_all_shards_in_order_of_journal_time_to_the_same_end) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 3));
    spend_a_day(bank, 300);
    const std::size_t commands = events_of(bank).size();
    BankReplay steps = replay(directory.path(), Until::beginning());
    EXPECT_EQ(steps.aggregate_count(), 0U);
    Balances added;
    std::size_t with_events = 0;
    Time last;
    for (;;) {
        bool first = true;
        const auto add = [&](const auto& event) {
            with_events += first ? 1 : 0;
            first = false;
            EXPECT_GE(event.time(), last);
            last = event.time();
            const auto* in = event.template as<Account::Deposited>();
            const auto* out = event.template as<Account::Withdrawn>();
            added[event.id()] += in != nullptr ? in->cents : -out->cents;
        };
        const Result<bool> stepped = steps.step(add);
        ASSERT_TRUE(stepped.ok()) << stepped.error().sentence;
        if (!*stepped) break;
        ASSERT_EQ(balances(steps), added);
    }
    EXPECT_EQ(with_events, commands);
    EXPECT_EQ(steps.state_hash(), bank.state_hash());
}

TEST(Replay, goes_on_from_a_cut_to_a_later_one) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 2));
    spend_a_day(bank, 200);
    const std::vector<Seen> seen = events_of(bank);
    BankReplay one = replay(directory.path(), Until::time(seen[50].time));
    ASSERT_TRUE(one.step().value());
    ASSERT_TRUE(one.advance(Until::time(seen[150].time)).ok());
    EXPECT_EQ(one.state_hash(), replay(directory.path(), Until::time(seen[150].time)).state_hash());
    const std::uint64_t there = one.state_hash();
    ASSERT_TRUE(one.advance(Until::time(seen[20].time)).ok());
    EXPECT_EQ(one.state_hash(), there);
    ASSERT_TRUE(one.advance(Until::end()).ok());
    EXPECT_EQ(one.state_hash(), bank.state_hash());
}

TEST(Replay, history_is_every_event_of_one_aggregate_up_to_the_cut) {
    TempDirectory directory;
    Bank bank = open(small(directory.path(), 2));
    spend_a_day(bank, 200);
    const std::vector<Seen> seen = events_of(bank);
    const Time cut = seen[120].time;
    std::int64_t expected = 0;
    for (const Seen& command : seen)
        if (command.id == 4 && command.time <= cut) expected += command.cents;
    const BankReplay replayed = replay(directory.path(), Until::time(cut));
    std::int64_t cents = 0;
    std::uint64_t version = 0;
    const auto add = [&](const auto& event) {
        const auto* in = event.template as<Account::Deposited>();
        cents += in != nullptr ? in->cents : -event.template as<Account::Withdrawn>()->cents;
        EXPECT_EQ(event.version().value, ++version);
    };
    EXPECT_EQ(replayed.history<Account>(4, add).value(), replayed.version<Account>(4).value);
    EXPECT_EQ(cents, expected);
    EXPECT_EQ(replayed.history<Account>(4711, add).value(), 0U);
}

// Snapshots on the way, and a mark before each.
std::map<std::string, std::uint64_t> live_with_snapshots(const EngineOptions& options, int rounds) {
    std::map<std::string, std::uint64_t> hashes;
    Bank bank = open(options);
    for (int round = 0; round < rounds; ++round) {
        spend_a_day(bank, 700);
        const std::string name = "round " + std::to_string(round);
        EXPECT_TRUE(bank.mark(name).ok());
        hashes[name] = bank.state_hash();
        const Status made = bank.snapshot();
        EXPECT_TRUE(made.ok()) << made.error().sentence;
    }
    return hashes;
}

TEST(Replay, begins_at_the_newest_snapshot_before_the_cut_and_is_the_same) {
    TempDirectory directory;
    EngineOptions options = small(directory.path(), 2);
    options.snapshots_kept = 10;
    const auto hashes = live_with_snapshots(options, 4);
    std::uint64_t records_before = 0;
    for (const auto& [name, hash] : hashes) {
        const BankReplay quick = replay(directory.path(), Until::mark(name));
        EXPECT_EQ(quick.state_hash(), hash) << name;
        const auto slow = BankReplay::open(
            {.directory = directory.path(), .until = Until::mark(name), .snapshots = false});
        ASSERT_TRUE(slow.ok()) << slow.error().sentence;
        EXPECT_EQ(slow->state_hash(), hash) << name;
        EXPECT_EQ(slow->positions(), quick.positions()) << name;
        // only what is behind the snapshot of the round before
        EXPECT_EQ(quick.sentences().size(), records_before == 0 ? 0U : 2U) << name;
        EXPECT_LT(quick.records(), slow->records() - records_before + 100) << name;
        records_before = slow->records();
    }
}

TEST(Replay, with_a_snapshot_that_is_damaged_takes_the_one_before_and_says_so) {
    TempDirectory directory;
    const auto hashes = live_with_snapshots(small(directory.path()), 2);
    std::vector<std::string> snapshots;
    for (const auto& file : files_below(directory.path()))
        if (file.first.ends_with(".snap")) snapshots.push_back(file.first);
    ASSERT_EQ(snapshots.size(), 2U);
    std::fstream(snapshots.back(), std::ios::in | std::ios::out | std::ios::binary)
        .seekp(4200)
        .write("x", 1);
    const BankReplay replayed = replay(directory.path());
    EXPECT_EQ(replayed.state_hash(), hashes.rbegin()->second);
    ASSERT_EQ(replayed.sentences().size(), 2U);
    EXPECT_NE(replayed.sentences()[0].find(snapshots.back()), std::string::npos);
    EXPECT_NE(replayed.sentences()[1].find(snapshots.front()), std::string::npos);
}

TEST(Replay, of_what_retention_has_removed_is_refused_and_of_the_archive_is_not) {
    for (const Retention retention : {Retention::archive, Retention::remove}) {
        TempDirectory directory;
        EngineOptions options = small(directory.path());
        options.segment_bytes = 64U << 10;
        options.record_bytes_max = 8192;
        options.retention = retention;
        const auto hashes = live_with_snapshots(options, 5);
        EXPECT_EQ(replay(directory.path()).state_hash(), hashes.rbegin()->second);
        const auto early = BankReplay::open(
            {.directory = directory.path(), .until = Until::sequence(Sequence{100})});
        std::uint64_t events = 0;
        const auto count = [&](const auto&) { ++events; };
        const auto history = replay(directory.path()).history<Account>(1, count);
        ASSERT_TRUE(history.ok()) << history.error().sentence;
        if (retention == Retention::archive) {
            ASSERT_TRUE(early.ok()) << early.error().sentence;
            EXPECT_EQ(events, replay(directory.path()).version<Account>(1).value);
            continue;
        }
        ASSERT_FALSE(early.ok());
        EXPECT_NE(early.error().sentence.find("removed"), std::string::npos);
        EXPECT_LT(events, replay(directory.path()).version<Account>(1).value);
    }
}

TEST(Replay, of_another_domain_is_refused) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        spend_a_day(bank, 5);
    }
    const auto foreign = Replay<Book>::open({.directory = directory.path()});
    ASSERT_FALSE(foreign.ok());
    EXPECT_EQ(foreign.error().code, ErrorCode::mismatch);
    const auto nowhere = BankReplay::open({.directory = directory.path() + "/nowhere"});
    EXPECT_FALSE(nowhere.ok());
}

TEST(Replay, of_a_damaged_journal_says_where_it_ends) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        spend_a_day(bank, 3000);
    }
    const std::string segment = directory.path() + "/s0/00000001.seg";
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100'000);
    file.write("xxxxxxxx", 8);
    file.close();
    const auto damaged = BankReplay::open({.directory = directory.path()});
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code, ErrorCode::damaged);
    EXPECT_NE(damaged.error().sentence.find("shard 0"), std::string::npos);
}

TEST(Until, reads_what_it_prints) {
    const Until all[] = {Until::end(), Until::beginning(), Until::sequence(Sequence{42}, 3),
                         Until::time(Time{-5}), Until::mark("end of day: 1")};
    for (const Until& until : all)
        EXPECT_EQ(Until::parse(until.to_string()).value().to_string(), until.to_string());
    EXPECT_EQ(Until::parse("sequence:7")->to_string(), "sequence:7@0");
    for (const char* text : {"", "later", "sequence:", "sequence:x", "sequence:1@", "sequence:1@x",
                             "time:", "time:noon", "mark:", "end:1", "sequence:-1"})
        EXPECT_FALSE(Until::parse(text).ok()) << text;
}

}  // namespace
}  // namespace pawl::testing
