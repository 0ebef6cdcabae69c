// Several inputs as one, and the door to all formats.
#include "cli/input/merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

// A source of given times; order = its place in the source.
class Times final : public InstructionSource {
public:
    explicit Times(std::vector<std::int64_t> times, std::string failure = "")
        : times_(std::move(times)), failure_(std::move(failure)) {}
    Result<bool> next(Instruction& out) override {
        if (given_ == times_.size()) {
            if (!failure_.empty()) return Error{ErrorCode::bad_input, failure_};
            return false;
        }
        out = {.time_ns = times_[given_]};
        out.order = ++given_;
        return true;
    }
    Progress progress() const override { return {given_, times_.size()}; }

private:
    std::vector<std::int64_t> times_;
    std::string failure_;
    std::size_t given_ = 0;
};

using Sources = std::vector<std::unique_ptr<InstructionSource>>;

Outcome merged(std::vector<std::vector<std::int64_t>> days) {
    Sources sources;
    for (auto& day : days) sources.push_back(std::make_unique<Times>(std::move(day)));
    return drain(merge(std::move(sources), {.count_lines = true}));
}

TEST(Merge, the_earliest_comes_first_and_ties_go_by_file) {
    const Outcome outcome = merged({{10, 30}, {5, 10, 30}, {}, {10}});
    const std::vector<std::pair<std::int64_t, std::uint32_t>> expected{{5, 1},  {10, 0}, {10, 1},
                                                                       {10, 3}, {30, 0}, {30, 1}};
    ASSERT_EQ(outcome.instructions.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(outcome.instructions[i].time_ns, expected[i].first);
        EXPECT_EQ(outcome.instructions[i].instrument, expected[i].second);
        EXPECT_EQ(outcome.instructions[i].line, i + 1);
    }
}

TEST(Merge, each_file_keeps_its_order_even_where_its_times_step_back) {
    const Outcome outcome = merged({{10, 3, 20}, {1, 15}});
    std::vector<std::vector<std::uint64_t>> orders(2);
    for (const Instruction& one : outcome.instructions) orders[one.instrument].push_back(one.order);
    EXPECT_EQ(orders[0], (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(orders[1], (std::vector<std::uint64_t>{1, 2}));
}

// The rule as one would write it down: look at every head, take the first of the earliest.
TEST(Merge, agrees_with_looking_at_every_head) {
    std::uint64_t state = 1;
    const auto chance = [&state](std::uint64_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return (state >> 33U) % below;
    };
    for (int round = 0; round < 200; ++round) {
        std::vector<std::vector<std::int64_t>> days(1 + chance(9));
        for (auto& day : days) {
            day.resize(chance(12));
            for (auto& time : day) time = static_cast<std::int64_t>(chance(8));
        }
        const Outcome outcome = merged(days);
        std::vector<std::size_t> heads(days.size());
        for (const Instruction& one : outcome.instructions) {
            std::size_t best = days.size();
            for (std::size_t i = 0; i < days.size(); ++i) {
                if (heads[i] == days[i].size()) continue;
                if (best == days.size() || days[i][heads[i]] < days[best][heads[best]]) best = i;
            }
            ASSERT_LT(best, days.size());
            ASSERT_EQ(one.instrument, best);
            ASSERT_EQ(one.order, ++heads[best]);
        }
        for (std::size_t i = 0; i < days.size(); ++i) ASSERT_EQ(heads[i], days[i].size());
    }
}

TEST(Merge, an_error_comes_after_what_was_good_before_it) {
    Sources sources;
    sources.push_back(std::make_unique<Times>(std::vector<std::int64_t>{1, 2}, "broken"));
    sources.push_back(std::make_unique<Times>(std::vector<std::int64_t>{5, 6}));
    const Outcome outcome = drain(merge(std::move(sources)));
    EXPECT_EQ(outcome.instructions.size(), 2U);
    EXPECT_EQ(outcome.sentence, "broken");
}

TEST(OpenInput, several_files_are_several_instruments) {
    const std::string header = "number,time,command,order,side,price,quantity\n";
    const TemporaryFile first("a.csv", header + "1,10:00:00,add,1,B,1,1\n2,10:00:02,add,2,B,1,1\n");
    const TemporaryFile second("b.csv", header + "1,10:00:01,add,1,B,1,1\n");
    const Outcome outcome = drain(
        open_input({.files = {first.path(), second.path()}, .format = Format::csv, .seed = ""}));
    ASSERT_EQ(outcome.sentence, "");
    ASSERT_EQ(outcome.instructions.size(), 3U);
    EXPECT_EQ(outcome.instructions[1].instrument, 1U);
    EXPECT_EQ(outcome.instructions[1].line, 2U) << "lines stay those of the file";
    EXPECT_EQ(outcome.instructions[2].instrument, 0U);
}

TEST(OpenInput, wrong_options_are_refused) {
    EXPECT_EQ(format_from("sse").value(), Format::sse);
    EXPECT_EQ(format_from("fix").error().sentence,
              "format 'fix': expected sse, lobster, itch or csv");
    EXPECT_EQ(drain(open_input({})).sentence,
              "no input: name at least one file, or - for standard input");
    EXPECT_EQ(drain(open_input({.files = {"-", "-"}, .format = Format::csv, .seed = ""})).sentence,
              "standard input (-) can be read only once");
    EXPECT_EQ(drain(open_input({.files = {"a"}, .format = Format::csv, .seed = "b"})).sentence,
              "a seed is for the format lobster only");
    EXPECT_EQ(
        drain(open_input({.files = {"a", "b"}, .format = Format::lobster, .seed = "c"})).sentence,
        "one seed for 2 files: name one file");
    const Outcome missing =
        drain(open_input({.files = {"no.csv"}, .format = Format::csv, .seed = ""}));
    EXPECT_EQ(missing.code, ErrorCode::io);
}

TEST(OpenInput, a_stem_is_what_people_call_the_file) {
    EXPECT_EQ(file_stem("day/600536.SH_commands.csv.zst"), "600536.SH_commands");
    EXPECT_EQ(file_stem("aapl.itch50"), "aapl");
    EXPECT_EQ(file_stem("a.csv.gz"), "a");
    EXPECT_EQ(file_stem("plain"), "plain");
    EXPECT_EQ(file_stem(".csv"), ".csv");
    EXPECT_EQ(file_stem("-"), "stdin");
}

}  // namespace
}  // namespace pawl::cli::test
