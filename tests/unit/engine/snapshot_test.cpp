// Snapshots through the façade: made beside the engine, loaded at opening, passed over when they
// cannot be used. Knows the files' names.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "pawl/counters.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> snapshots_of(const std::string& directory, std::uint32_t shard = 0) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(directory + "/s" + std::to_string(shard)))
        if (entry.path().extension() == ".snap") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

// Changes one byte of the file's body.
void spoil(const fs::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(4096);
    const int byte = file.get();
    file.seekp(4096);
    file.put(static_cast<char>(byte ^ 0x40));
}

bool said(const std::vector<std::string>& sentences, const std::string& what) {
    return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
        return sentence.find(what) != std::string::npos;
    });
}

std::string all_of(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) text += sentence + "\n";
    return text;
}

// Every aggregate type, several outcomes, a session.
void live_a_little(Bank& bank, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t number = from; number < to; ++number) {
        const Id id = number % 37;
        const auto cents = static_cast<std::int64_t>(number);
        switch (number % 6) {
            case 0:
                ask(bank, id, Account::Withdraw{cents}, as("teller", number));
                break;
            case 1:
                ask(bank, id, Account::Spend{1 + cents % 5, 3}, as("teller", number));
                break;
            case 2:
                ask(bank, id, Book::Open{number}, as("teller", number));
                break;
            case 3:
                if (number % 5 == 0) ask(bank, id, Book::Close{}, as("teller", number));
                break;
            default:
                ask(bank, id, Account::Deposit{cents}, as("teller", number));
        }
    }
}

TEST(Snapshot, an_engine_goes_on_from_it_with_the_same_state) {
    for (const Threading threading : {Threading::own, Threading::shared, Threading::none}) {
        TempDirectory directory;
        EngineOptions options = small(directory.path(), 3);
        options.threading = threading;
        std::uint64_t hash = 0;
        {
            Bank bank = open(options);
            live_a_little(bank, 1, 400);
            const Status made = bank.snapshot();
            ASSERT_TRUE(made.ok()) << made.error().sentence;
            live_a_little(bank, 400, 450);
            hash = bank.state_hash();
        }
        for (std::uint32_t shard = 0; shard < 3; ++shard)
            EXPECT_EQ(snapshots_of(directory.path(), shard).size(), 1U);
        Bank bank = open(options);
        EXPECT_EQ(bank.state_hash(), hash);
        EXPECT_LT(bank.replayed_records(), 100U) << all_of(bank.recovery_sentences());
        EXPECT_GT(bank.recovered_records(), 300U);
        live_a_little(bank, 450, 500);
    }
}

TEST(Snapshot, the_same_life_without_one_ends_the_same) {
    std::uint64_t hash = 0;
    for (const bool with : {false, true}) {
        TempDirectory directory;
        std::optional<Bank> bank(open(small(directory.path(), 2)));
        for (std::uint64_t part = 0; part < 6; ++part) {
            live_a_little(*bank, part * 60 + 1, part * 60 + 61);
            EXPECT_TRUE(!with || bank->snapshot().ok());
            bank.reset();
            bank.emplace(open(small(directory.path(), 2)));
        }
        if (with)
            EXPECT_EQ(bank->state_hash(), hash);
        else
            hash = bank->state_hash();
    }
}

bool forgotten(const Reply& reply) {
    return reply.refused() && reply.refusal() == Refusal::number_forgotten;
}

TEST(Snapshot, a_retry_after_it_hears_the_first_outcome) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.session_window = 8;
    std::map<std::uint64_t, Reply> first;
    const auto send = [](Bank& bank, std::uint64_t number) {
        if (number % 3 == 0) return ask(bank, 1, Account::Withdraw{1'000'000}, as("a", number));
        return ask(bank, 1, Account::Deposit{static_cast<std::int64_t>(number)}, as("a", number));
    };
    {
        Bank bank = open(options);
        for (std::uint64_t number = 1; number <= 20; ++number)
            first.emplace(number, send(bank, number));
        ASSERT_TRUE(bank.snapshot().ok());
    }
    Bank bank = open(options);
    EXPECT_EQ(bank.replayed_records(), 0U);
    const std::uint64_t hash = bank.state_hash();
    for (std::uint64_t number = 13; number <= 20; ++number) {
        const Reply again = send(bank, number);
        EXPECT_TRUE(again.repeat()) << number;
        EXPECT_EQ(again.outcome(), first.at(number).outcome());
        EXPECT_EQ(again.reason_number(), first.at(number).reason_number());
        EXPECT_EQ(again.version(), first.at(number).version());
        EXPECT_EQ(again.sequence(), first.at(number).sequence());
    }
    EXPECT_TRUE(forgotten(send(bank, 12)));
    EXPECT_EQ(bank.state_hash(), hash);
    EXPECT_EQ(bank.highest_numbers(session_id("a")), std::vector<std::uint64_t>{20});
}

TEST(Snapshot, a_larger_window_never_takes_a_forgotten_number_for_a_fresh_one) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.session_window = 4;
    {
        Bank bank = open(options);
        for (std::uint64_t number = 1; number <= 10; ++number)
            ask(bank, 1, Account::Deposit{1}, as("a", number));
        ASSERT_TRUE(bank.snapshot().ok());
    }
    options.session_window = 64;
    Bank bank = open(options);
    for (std::uint64_t number = 1; number <= 6; ++number)
        EXPECT_TRUE(forgotten(ask(bank, 1, Account::Deposit{1}, as("a", number)))) << number;
    for (std::uint64_t number = 7; number <= 10; ++number)
        EXPECT_TRUE(ask(bank, 1, Account::Deposit{1}, as("a", number)).repeat());
    EXPECT_EQ(balance(bank, 1), 10);
}

TEST(Snapshot, when_the_newest_is_corrupt_the_older_is_used_and_then_the_whole_journal) {
    TempDirectory directory;
    std::uint64_t hash = 0;
    {
        Bank bank = open(small(directory.path()));
        live_a_little(bank, 1, 200);
        ASSERT_TRUE(bank.snapshot().ok());
        live_a_little(bank, 200, 300);
        ASSERT_TRUE(bank.snapshot().ok());
        live_a_little(bank, 300, 320);
        hash = bank.state_hash();
    }
    const std::vector<fs::path> files = snapshots_of(directory.path());
    ASSERT_EQ(files.size(), 2U);
    std::uint64_t replayed = 0;
    {
        Bank bank = open(small(directory.path()));
        EXPECT_EQ(bank.state_hash(), hash);
        EXPECT_TRUE(said(bank.recovery_sentences(), files[1].filename()))
            << all_of(bank.recovery_sentences());
        replayed = bank.replayed_records();
    }
    spoil(files[1]);
    {
        Bank bank = open(small(directory.path()));
        EXPECT_EQ(bank.state_hash(), hash);
        EXPECT_TRUE(said(bank.recovery_sentences(), files[0].filename()));
        EXPECT_TRUE(said(bank.recovery_sentences(), files[1].filename()));
        EXPECT_GT(bank.replayed_records(), replayed + 50);
    }
    spoil(files[0]);
    {
        Bank bank = open(small(directory.path()));
        EXPECT_EQ(bank.state_hash(), hash);
        EXPECT_EQ(bank.replayed_records(), bank.recovered_records());
        EXPECT_TRUE(said(bank.recovery_sentences(), files[0].filename()));
        EXPECT_TRUE(said(bank.recovery_sentences(), files[1].filename()));
        // The next one is made from the first record on.
        const Status made = bank.snapshot();
        EXPECT_TRUE(made.ok()) << made.error().sentence;
    }
    Bank bank = open(small(directory.path()));
    EXPECT_EQ(bank.state_hash(), hash);
    EXPECT_EQ(bank.replayed_records(), 0U);
}

TEST(Snapshot, remembers_the_schema_so_that_it_is_not_written_again) {
    TempDirectory directory;
    {
        Bank bank = open(small(directory.path()));
        live_a_little(bank, 1, 20);
        ASSERT_TRUE(bank.snapshot().ok());
    }
    EXPECT_EQ(open(small(directory.path())).replayed_records(), 0U);
    EXPECT_EQ(open(small(directory.path())).replayed_records(), 1U) << "an epoch, no schema";
}

// ---- states whose layout changes between two programs ----

template <std::uint32_t version, bool forgets>
struct Diary {
    struct Note {
        struct Write {
            std::int64_t value;
        };
        struct Written {
            std::int64_t value;
        };
        using Commands = pawl::Commands<Write>;
        using Events = pawl::Events<Written>;
        static constexpr std::uint32_t snapshot_version = version;
        std::vector<std::int64_t> values;
        Verdict decide(const Write& ask, Context<Note>& ctx) const {
            ctx.emit(Written{ask.value});
            return accept;
        }
        void apply(const Written& event) noexcept { values.push_back(event.value); }
        template <class Archive>
        void snapshot(Archive& archive) {
            const std::size_t count = archive.count(values.size());
            if constexpr (Archive::loading) values.resize(count);
            for (std::int64_t& value : values) archive.value(value);
            if constexpr (Archive::loading && forgets) values.assign(count, 0);
        }
    };
};
using Note = Diary<1, false>::Note;
using NoteOfAnotherLayout = Diary<2, false>::Note;
using NoteThatForgets = Diary<1, true>::Note;

struct Plain {
    struct Add {
        std::int64_t value;
    };
    struct Added {
        std::int64_t value;
    };
    using Commands = pawl::Commands<Add>;
    using Events = pawl::Events<Added>;
    std::int64_t sum = 0;
    Verdict decide(const Add& ask, Context<Plain>& ctx) const {
        ctx.emit(Added{ask.value});
        return accept;
    }
    void apply(const Added& event) noexcept { sum += event.value; }
};

template <class... As>
std::uint64_t write_and_snapshot(const std::string& directory) {
    auto engine = Engine<As...>::open(small(directory)).value();
    using First = std::tuple_element_t<0, std::tuple<As...>>;
    for (std::int64_t i = 1; i <= 30; ++i)
        engine.submit(static_cast<Id>(i % 4), typename First::Write{i}, use_future).get();
    EXPECT_TRUE(engine.snapshot().ok());
    return engine.state_hash();
}

template <class... As>
void reopened_is(const std::string& directory, std::uint64_t hash, bool from_snapshot,
                 const std::string& sentence = {}) {
    auto engine = Engine<As...>::open(small(directory)).value();
    EXPECT_EQ(engine.state_hash(), hash);
    EXPECT_EQ(engine.replayed_records() < engine.recovered_records(), from_snapshot);
    EXPECT_TRUE(said(engine.recovery_sentences(), sentence)) << sentence << "\n"
                                                             << all_of(engine.recovery_sentences());
}

TEST(Snapshot, of_another_layout_is_passed_over_and_the_journal_replayed) {
    TempDirectory directory;
    const std::uint64_t hash = write_and_snapshot<Note>(directory.path());
    reopened_is<Note>(directory.path(), hash, true);
    reopened_is<NoteOfAnotherLayout>(directory.path(), hash, false, "layout");
}

TEST(Snapshot, that_does_not_load_what_it_saves_is_never_believed) {
    TempDirectory directory;
    const std::uint64_t hash = write_and_snapshot<NoteThatForgets>(directory.path());
    reopened_is<NoteThatForgets>(directory.path(), hash, false, "snapshot()");
}

TEST(Snapshot, holds_when_another_aggregate_type_is_appended) {
    TempDirectory directory;
    const std::uint64_t hash = write_and_snapshot<Note>(directory.path());
    reopened_is<Note, Plain>(directory.path(), hash, true);
    auto engine = Engine<Note, Plain>::open(small(directory.path())).value();
    EXPECT_TRUE(engine.submit(1, Plain::Add{4}, use_future).get().accepted());
    EXPECT_TRUE(engine.snapshot().ok());
}

// ---- when they are made ----

std::uint64_t counter(const std::string& directory, const std::string& name) {
    const auto counters = read_counters(directory);
    if (counters.ok())
        for (const NamedCounter& one : *counters)
            if (one.name == name) return one.value;
    return 0;
}

TEST(Snapshot, is_made_by_itself_when_the_journal_has_grown) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.snapshot_every_bytes = 32U << 10;
    options.snapshots_kept = 3;
    Bank bank = open(options);
    std::uint64_t number = 0;
    until([&] {
        live_a_little(bank, number + 1, number + 50);
        number += 50;
        return counter(directory.path(), "shard0.snapshots") >= 5;
    });
    const std::vector<fs::path> files = snapshots_of(directory.path());
    EXPECT_GE(files.size(), 3U);
    EXPECT_LE(files.size(), 4U);  // one may be on its way
    EXPECT_GT(counter(directory.path(), "shard0.snapshot_position"),
              4 * options.snapshot_every_bytes);
}

TEST(Snapshot, is_made_by_itself_when_time_has_passed) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.threading = Threading::none;
    options.snapshot_every = std::chrono::minutes(5);
    journal::PosixStorage storage;
    detail::ManualClock clock(1'000'000'000);
    Bank bank = open_in(options, storage, clock).value();
    const auto settle = [&] {
        ASSERT_TRUE(bank.sync().ok());
        while (bank.poll() != 0) {
        }
    };
    ask(bank, 1, Account::Deposit{1});
    settle();
    EXPECT_TRUE(snapshots_of(directory.path()).empty());
    EXPECT_GT(bank.poll_timeout_ms(), 299'000);
    clock.advance(299'000'000'000);
    settle();
    EXPECT_TRUE(snapshots_of(directory.path()).empty());
    clock.advance(2'000'000'000);
    settle();
    EXPECT_EQ(snapshots_of(directory.path()).size(), 1U);
    clock.advance(600'000'000'000);
    settle();
    EXPECT_EQ(snapshots_of(directory.path()).size(), 1U) << "nothing new, nothing to do";
}

TEST(Snapshot, of_a_transient_engine_is_refused_with_a_sentence) {
    EngineOptions options;
    options.transient = true;
    Bank bank = open(options);
    const Status made = bank.snapshot();
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().sentence.find("transient"), std::string::npos);
}

TEST(Snapshot, an_unfinished_one_is_gone_when_the_engine_is_closed_or_killed) {
    TempDirectory directory;
    EngineOptions options = small(directory.path());
    options.threading = Threading::none;
    options.snapshot_every_bytes = 1;
    std::uint64_t hash = 0;
    {
        Bank bank = open(options);
        live_a_little(bank, 1, 300);
        ASSERT_TRUE(bank.sync().ok());
        for (int i = 0; i < 4; ++i) bank.poll();
        hash = bank.state_hash();
    }
    for (const auto& entry : fs::directory_iterator(directory.path() + "/s0"))
        EXPECT_NE(entry.path().extension(), ".new") << entry.path();
    EXPECT_EQ(open(options).state_hash(), hash);
}

}  // namespace
}  // namespace pawl::testing
