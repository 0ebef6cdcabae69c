// The generated day: exact, repeatable, and like the day that was measured.
#include "cli/input/generated_day.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

std::vector<Instruction> day(const GeneratedDayOptions& options) {
    Outcome outcome = drain(generate_day(options));
    EXPECT_EQ(outcome.sentence, "");
    return std::move(outcome.instructions);
}

std::uint64_t hash_of(const std::vector<Instruction>& all) {
    std::uint64_t hash = 14695981039346656037U;
    const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 1099511628211U; };
    for (const Instruction& one : all) {
        mix(static_cast<std::uint64_t>(one.kind));
        mix(static_cast<std::uint64_t>(one.side));
        mix(static_cast<std::uint64_t>(one.time_in_force));
        mix(static_cast<std::uint64_t>(one.phase));
        mix(one.instrument);
        mix(one.number);
        mix(static_cast<std::uint64_t>(one.time_ns));
        mix(one.order);
        mix(static_cast<std::uint64_t>(one.price));
        mix(static_cast<std::uint64_t>(one.quantity));
    }
    return hash;
}

TEST(GeneratedDay, the_same_seed_is_the_same_day_everywhere) {
    // Fixed for ever: another compiler, machine or release must not change what a seed means.
    EXPECT_EQ(hash_of(day({.commands = 100'000, .instruments = 4, .seed = 42})),
              13077935643352814644U);
    EXPECT_NE(hash_of(day({.commands = 1'000, .instruments = 4, .seed = 42})),
              hash_of(day({.commands = 1'000, .instruments = 4, .seed = 43})));
}

TEST(GeneratedDay, the_number_of_commands_is_exact) {
    for (const std::uint64_t commands : {8U, 9U, 31U, 1'000U, 54'321U}) {
        EXPECT_EQ(day({.commands = commands, .instruments = 1}).size(), commands);
    }
    EXPECT_EQ(day({.commands = 24, .instruments = 3}).size(), 24U);
    EXPECT_EQ(day({.commands = 40'000, .instruments = 4'096}).size(), 40'000U);
}

TEST(GeneratedDay, every_instrument_has_a_whole_day) {
    std::map<std::uint32_t, std::vector<std::string>> marks;
    for (const Instruction& one : day({.commands = 20'000, .instruments = 8})) {
        if (one.kind == Kind::uncross) marks[one.instrument].push_back("uncross");
        if (one.kind == Kind::phase) {
            marks[one.instrument].push_back(one.phase == Phase::auction ? "auction" : "continuous");
        }
    }
    ASSERT_EQ(marks.size(), 8U);
    const std::vector<std::string> expected{"auction", "uncross", "continuous", "auction",
                                            "uncross"};
    for (const auto& [instrument, seen] : marks) EXPECT_EQ(seen, expected) << instrument;
}

TEST(GeneratedDay, times_rise_numbers_are_dense_and_prices_are_on_the_tick) {
    std::int64_t time = 0;
    std::uint64_t line = 0;
    std::map<std::uint32_t, std::uint64_t> numbers;
    std::set<std::pair<std::uint32_t, std::uint64_t>> orders;
    for (const Instruction& one : day({.commands = 50'000, .instruments = 8})) {
        ASSERT_GE(one.time_ns, time);
        time = one.time_ns;
        ASSERT_EQ(one.line, ++line);
        ASSERT_EQ(one.number, ++numbers[one.instrument]);
        if (one.kind != Kind::add) continue;
        ASSERT_TRUE(orders.emplace(one.instrument, one.order).second);
        ASSERT_GT(one.price, 0);
        ASSERT_EQ(one.price % 100, 0);
        ASSERT_GT(one.quantity, 0);
        ASSERT_EQ(one.quantity % 100, 0);
    }
}

// Price and time priority in a few obvious lines. Knows nothing of how the day was made.
class NaiveBook {
public:
    bool cancel(std::uint64_t order) {
        for (auto* side : {&buys_, &sells_}) {
            for (auto level = side->begin(); level != side->end(); ++level) {
                if (level->second.erase(order) == 0) continue;
                if (level->second.empty()) side->erase(level);
                return true;
            }
        }
        return false;
    }
    // Returns how many orders it met.
    int add(const Instruction& one) {
        auto& own = one.side == 'B' ? buys_ : sells_;
        auto& other = one.side == 'B' ? sells_ : buys_;
        const std::int64_t sign = one.side == 'B' ? 1 : -1;
        std::int64_t left = one.quantity;
        int met = 0;
        while (left > 0 && !other.empty() && other.begin()->first * sign <= one.price * sign) {
            auto& level = other.begin()->second;
            auto& [order, resting] = *level.begin();
            const std::int64_t traded = std::min(left, resting);
            left -= traded;
            resting -= traded;
            ++met;
            if (resting == 0) level.erase(order);
            if (level.empty()) other.erase(other.begin());
        }
        if (left > 0 && one.time_in_force == TimeInForce::day) own[one.price][one.order] = left;
        return met;
    }
    std::int64_t spread() const {
        return buys_.empty() || sells_.empty() ? 0 : sells_.begin()->first - buys_.begin()->first;
    }

private:
    struct FromBest {
        bool descending;
        bool operator()(std::int64_t a, std::int64_t b) const { return descending ? a > b : a < b; }
    };
    using Levels = std::map<std::int64_t, std::map<std::uint64_t, std::int64_t>, FromBest>;
    Levels buys_{FromBest{true}};
    Levels sells_{FromBest{false}};
};

// One long continuous stretch, judged by the naive book; the opening is left out, so the first
// orders settle it.
TEST(GeneratedDay, the_mix_is_that_of_the_measured_day) {
    NaiveBook book;
    bool continuous = false;
    double news = 0;
    double aggressive = 0;
    double met = 0;
    double cancels = 0;
    double hits = 0;
    double narrow = 0;
    for (const Instruction& one : day({.commands = 30'000, .instruments = 1, .seed = 5})) {
        if (one.kind == Kind::phase) continuous = one.phase == Phase::continuous;
        if (one.kind == Kind::cancel) {
            ++cancels;
            hits += book.cancel(one.order) ? 1 : 0;
        }
        if (one.kind != Kind::add) continue;
        const std::int64_t spread = book.spread();
        const int orders_met = book.add(one);
        if (!continuous) continue;
        ++news;
        aggressive += orders_met > 0 ? 1 : 0;
        met += orders_met;
        narrow += spread == 100 ? 1 : 0;
    }
    // Measured over three stocks: 0.19 to 0.22, 0.36 to 0.39, 1.75 to 1.82, 0.53 to 0.85.
    EXPECT_NEAR(cancels / (news + cancels), 0.20, 0.02);
    EXPECT_NEAR(aggressive / news, 0.37, 0.03);
    EXPECT_NEAR(met / aggressive, 1.80, 0.15);
    EXPECT_NEAR(narrow / news, 0.75, 0.12);
    // Some orders of the opening traded in its uncross, which this book does not know.
    EXPECT_GT(hits / cancels, 0.97);
}

TEST(GeneratedDay, the_first_ten_minutes_are_a_fifth_of_the_day) {
    constexpr std::int64_t ten_past = (9 * 60 + 40) * 60'000'000'000;
    const auto all = day({.commands = 100'000, .instruments = 2});
    const auto early = std::count_if(all.begin(), all.end(),
                                     [](const Instruction& one) { return one.time_ns < ten_past; });
    EXPECT_NEAR(static_cast<double>(early) / static_cast<double>(all.size()), 0.23, 0.02);
}

TEST(GeneratedDay, written_as_csv_it_reads_back_the_same) {
    const GeneratedDayOptions options{.commands = 30'000, .instruments = 5, .seed = 3};
    auto source = generate_day(options).value();
    std::ostringstream text;
    EXPECT_EQ(write_csv(*source, text).value(), options.commands);
    Outcome back = drain(csv_reader(in_memory(text.str())));
    ASSERT_EQ(back.sentence, "");
    // The header is line 1 of the file.
    for (Instruction& one : back.instructions) --one.line;
    EXPECT_EQ(back.instructions, day(options));
}

TEST(GeneratedDay, every_command_can_be_written_and_a_feed_cannot) {
    const std::string text =
        "instrument,number,time,command,order,side,price,quantity,tif\n"
        "0,1,09:30:00,market,1,B,,5,ioc\n"
        "0,2,09:30:00.001,market,2,S,,5,day\n"
        "3,9,09:30:00.000001,cancel,1,S,700,5,\n"
        "3,10,09:30:00.000000001,cancel,1,,,,\n"
        "3,11,23:59:59.999999999,add,7,S,700,5,fok\n"
        "3,12,10:00:00,phase,,pre_open,,,\n"
        "3,13,10:00:00,uncross,,,,,\n";
    std::ostringstream again;
    EXPECT_TRUE(write_csv(*csv_reader(in_memory(text)).value(), again).ok());
    EXPECT_EQ(again.str(), text);

    std::ostringstream out;
    const auto feed = write_csv(*lobster_reader(in_memory("34200,1,11,18,900,1\n")).value(), out);
    ASSERT_FALSE(feed.ok());
    EXPECT_EQ(
        feed.error().sentence,
        "instruction 1 follows a feed; only commands (add, cancel, market, phase, uncross) can "
        "be written as csv");
}

TEST(GeneratedDay, a_stream_that_fails_is_reported) {
    std::ostringstream out;
    out.setstate(std::ios::badbit);
    const auto written = write_csv(*generate_day({.commands = 100, .instruments = 1}).value(), out);
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code, ErrorCode::io);
    EXPECT_EQ(written.error().sentence,
              "writing csv failed after 100 instructions; check the room on the disk");
}

TEST(GeneratedDay, options_out_of_range_are_refused) {
    EXPECT_EQ(generate_day({.instruments = 0}).error().sentence,
              "a day of 0 instruments: choose from 1 to 4096");
    EXPECT_EQ(generate_day({.commands = 15, .instruments = 2}).error().sentence,
              "a day of 15 commands over 2 instruments: choose from 16 to 100000000000");
}

}  // namespace
}  // namespace pawl::cli::test
