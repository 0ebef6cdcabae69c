// Durable cursors and what retention leaves to them: through the façade, on a real directory.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

namespace fs = std::filesystem;

SubscribeOptions named(const std::string& name) {
    SubscribeOptions options;
    options.durable_name = name;
    return options;
}

// Cents of the deposits that a subscription hands out, at most `limit` events.
std::vector<std::int64_t> read(Subscription<Account, Book>& from, std::size_t limit = 1'000'000) {
    std::vector<std::int64_t> seen;
    const auto handled = from.poll(
        [&](const auto& event) {
            if (const auto* deposited = event.template as<Account::Deposited>())
                seen.push_back(deposited->cents);
        },
        limit);
    EXPECT_TRUE(handled.ok()) << handled.error().sentence;
    return seen;
}

std::string error_of(Subscription<Account, Book>& from) {
    const auto handled = from.poll([](const auto&) {}, 10);
    return handled.ok() ? std::string() : handled.error().sentence;
}

std::size_t segments_in(const fs::path& folder) {
    if (!fs::exists(folder)) return 0;
    return static_cast<std::size_t>(std::count_if(
        fs::directory_iterator(folder), fs::directory_iterator(),
        [](const fs::directory_entry& entry) { return entry.path().extension() == ".seg"; }));
}

void deposit(Bank& bank, std::int64_t from, std::int64_t to) {
    for (std::int64_t cents = from; cents < to; ++cents) bank.submit(1, Account::Deposit{cents});
    ask(bank, 1, Account::Draw{});
}

// Enough to fill several segments of 64 KiB.
void fill_segments(Bank& bank) {
    for (int i = 0; i < 6; ++i) {
        ask(bank, 2, Account::Flood{40});
        ASSERT_TRUE(bank.sync().ok());
    }
}

EngineOptions tiny(const std::string& directory, Retention retention) {
    EngineOptions options = small(directory);
    options.segment_bytes = 64U << 10;
    options.snapshots_kept = 1;
    options.retention = retention;
    return options;
}

TEST(DurableCursor, goes_on_where_it_was_kept) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path(), 2));
        deposit(bank, 1, 11);
        auto events = bank.subscribe(named("billing"));
        EXPECT_EQ(read(events, 4), (std::vector<std::int64_t>{1, 2, 3, 4}));
        ASSERT_TRUE(events.keep().ok());
        read(events, 3);  // seen, and not kept
    }
    Bank bank = open(small(directory.path(), 2));
    auto events = bank.subscribe(named("billing"));
    EXPECT_EQ(read(events, 3), (std::vector<std::int64_t>{5, 6, 7}));
    auto other = bank.subscribe(named("audit"));
    EXPECT_EQ(read(other).size(), 10U);
    const auto cursors = bank.cursors();
    ASSERT_TRUE(cursors.ok());
    ASSERT_EQ(cursors->size(), 2U);
    EXPECT_EQ((*cursors)[0].name, "audit");
    EXPECT_EQ((*cursors)[1].name, "billing");
    EXPECT_EQ((*cursors)[1].cursor.places().size(), 2U);
}

TEST(DurableCursor, in_the_middle_of_a_record_goes_on_behind_the_events_it_has_seen) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        ask(bank, 1, Account::Flood{5});
        deposit(bank, 7, 8);
        auto events = bank.subscribe(named("a"));
        ASSERT_EQ(events.poll([](const auto&) {}, 3).value(), 3U);
        ASSERT_TRUE(events.keep().ok());
    }
    Bank bank = open(small(directory.path()));
    auto events = bank.subscribe(named("a"));
    std::vector<std::uint64_t> numbers;
    ASSERT_TRUE(events
                    .poll(
                        [&](const auto& event) {
                            if (const auto* filled = event.template as<Account::Filled>())
                                numbers.push_back(filled->number);
                        },
                        10)
                    .ok());
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{3, 4}));
}

TEST(DurableCursor, begins_where_it_is_told_only_when_the_name_is_new) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    deposit(bank, 1, 4);
    SubscribeOptions options = named("late");
    options.from_end = true;
    {
        auto events = bank.subscribe(options);
        EXPECT_TRUE(read(events).empty());
    }
    deposit(bank, 4, 6);
    auto events = bank.subscribe(options);
    EXPECT_EQ(read(events), (std::vector<std::int64_t>{4, 5})) << "it was kept when it was new";
}

TEST(DurableCursor, is_one_readers_at_a_time) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    std::optional<Subscription<Account, Book>> first(bank.subscribe(named("a")));
    auto second = bank.subscribe(named("a"));
    EXPECT_NE(error_of(second).find("another subscription"), std::string::npos);
    EXPECT_FALSE(bank.forget_cursor("a").ok());
    first.reset();
    auto third = bank.subscribe(named("a"));
    EXPECT_EQ(error_of(third), "");
}

TEST(DurableCursor, has_a_name_that_is_a_file_name_or_none) {
    TempDirectory directory;
    Bank bank = open(small(directory.path()));
    for (const std::string& name :
         {std::string("../up"), std::string("a/b"), std::string("a.new"), std::string("-a"),
          std::string("a b"), std::string(65, 'a'), std::string("a\0b", 3)}) {
        auto events = bank.subscribe(named(name));
        EXPECT_NE(error_of(events).find("name"), std::string::npos) << name;
        EXPECT_FALSE(events.keep().ok());
    }
    auto nameless = bank.subscribe();
    EXPECT_FALSE(nameless.keep().ok());
    EXPECT_TRUE(bank.forget_cursor("never-there").ok());
}

TEST(DurableCursor, that_is_damaged_is_told_and_forgotten_on_request) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        deposit(bank, 1, 3);
        auto events = bank.subscribe(named("a"));
        read(events);
        ASSERT_TRUE(events.keep().ok());
    }
    std::string text;
    const std::string path = directory.file("cursors/a");
    {
        std::ifstream in(path);
        text.assign(std::istreambuf_iterator<char>(in), {});
    }
    Bank bank = open(small(directory.path()));
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        std::ofstream(path, std::ios::trunc) << changed;
        auto events = bank.subscribe(named("a"));
        EXPECT_NE(error_of(events).find("forget it"), std::string::npos) << at << "\n" << changed;
    }
    EXPECT_FALSE(bank.cursors().ok());
    ASSERT_TRUE(bank.forget_cursor("a").ok());
    auto events = bank.subscribe(named("a"));
    EXPECT_EQ(read(events).size(), 2U);
}

TEST(DurableCursor, is_never_ahead_of_the_journal_that_survives_with_it) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.threading = Threading::none;
    options.flush_interval = std::chrono::hours(1);
    Bank bank = open(options);
    deposit(bank, 1, 4);
    auto events = bank.subscribe(named("a"));
    EXPECT_EQ(read(events).size(), 3U);
    auto& core = dynamic_cast<detail::EngineCore&>(bank.core());
    EXPECT_LT(core.part(0).head->synced().value, events.cursor().places()[0].position);
    ASSERT_TRUE(events.keep().ok());
    EXPECT_GE(core.part(0).head->synced().value, events.cursor().places()[0].position);
}

TEST(Retention, spares_what_a_durable_cursor_has_not_seen) {
    for (const Retention retention : {Retention::archive, Retention::remove}) {
        TempDirectory directory;
        Bank bank = open(tiny(directory.path(), retention));
        deposit(bank, 1, 4);
        std::optional<Subscription<Account, Book>> slow(bank.subscribe(named("slow")));
        fill_segments(bank);
        const std::size_t before = segments_in(directory.path() + "/s0");
        ASSERT_GE(before, 4U);
        ASSERT_TRUE(bank.snapshot().ok());
        EXPECT_GE(segments_in(directory.path() + "/s0"), before);
        EXPECT_EQ(read(*slow, 3), (std::vector<std::int64_t>{1, 2, 3}));
        slow.reset();
        ASSERT_TRUE(bank.forget_cursor("slow").ok());
        ASSERT_TRUE(bank.snapshot().ok());
        EXPECT_LT(segments_in(directory.path() + "/s0"), before - 1);
        const std::size_t archived = segments_in(directory.path() + "/archive/s0");
        EXPECT_EQ(archived != 0, retention == Retention::archive);
    }
}

TEST(Retention, waits_while_a_cursor_cannot_be_read) {
    TempDirectory directory;
    EngineOptions options = tiny(directory.path(), Retention::remove);
    std::vector<std::string> failures;
    options.on_notice = [&](const Notice& notice) {
        if (notice.kind == Notice::Kind::snapshot_failed) failures.push_back(notice.sentence);
    };
    Bank bank = open(options);
    {
        auto events = bank.subscribe(named("a"));
    }
    std::ofstream(directory.file("cursors/a"), std::ios::trunc) << "nonsense\n";
    fill_segments(bank);
    const std::size_t before = segments_in(directory.path() + "/s0");
    ASSERT_TRUE(bank.snapshot().ok());
    EXPECT_GE(segments_in(directory.path() + "/s0"), before);
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_NE(failures[0].find("cursors/a"), std::string::npos) << failures[0];
}

TEST(Retention, archived_history_is_read_and_removed_history_is_named) {
    for (const Retention retention : {Retention::archive, Retention::remove}) {
        TempDirectory directory;
        std::uint64_t hash = 0;
        Cursor early;
        {
            Bank bank = open(tiny(directory.path(), retention));
            deposit(bank, 1, 4);
            auto events = bank.subscribe();
            read(events, 2);
            early = events.cursor();
            fill_segments(bank);
            ASSERT_TRUE(bank.snapshot().ok());
            hash = bank.state_hash();
        }
        Bank bank = open(tiny(directory.path(), retention));
        EXPECT_EQ(bank.state_hash(), hash);
        auto events = bank.subscribe({.from = early});
        auto beginning = bank.subscribe(named("new"));
        if (retention == Retention::archive) {
            EXPECT_EQ(read(events), (std::vector<std::int64_t>{3}));
            EXPECT_EQ(read(beginning), (std::vector<std::int64_t>{1, 2, 3}));
        } else {
            EXPECT_NE(error_of(events).find("begins at position"), std::string::npos);
            EXPECT_NE(error_of(beginning).find("begins at position"), std::string::npos);
        }
    }
}

TEST(Retention, keeps_everything_unless_it_is_told_otherwise) {
    TempDirectory directory;
    EngineOptions options = tiny(directory.path(), Retention::keep);
    Bank bank = open(options);
    for (int i = 0; i < 3; ++i) {
        fill_segments(bank);
        ASSERT_TRUE(bank.snapshot().ok());
    }
    EXPECT_GE(segments_in(directory.path() + "/s0"), 12U);
    EXPECT_FALSE(fs::exists(directory.path() + "/archive"));
}

}  // namespace
}  // namespace pawl::testing
