// Which reign may follow which, against rules that are told a second time and more simply; and the
// text of a reign. Knows no arbiter.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/replication/reign.hpp"

namespace pawl::replication {
namespace {

const std::vector<std::string> names{"a", "b", "c"};

// ---- the same rules, naively

struct NaiveReign {
    std::uint64_t epoch = 0;
    std::string node;
    std::uint64_t boot = 0;
    std::set<std::string> in_sync;

    explicit NaiveReign(const Reign& reign)
        : epoch(reign.epoch()),
          node(reign.primary().node),
          boot(reign.primary().boot),
          in_sync(reign.in_sync().begin(), reign.in_sync().end()) {
        RC_ASSERT(in_sync.size() == reign.in_sync().size());
    }
};

void legal_in_itself(const NaiveReign& one) {
    RC_ASSERT(one.epoch >= 1U);
    RC_ASSERT(!one.in_sync.empty());
    RC_ASSERT(one.in_sync.count(one.node) == 1U);
    RC_ASSERT(one.boot != 0U);
}

// What must hold between any two neighbours in the arbiter's history, whoever made the step.
void legal_step(const NaiveReign& before, const NaiveReign& after) {
    legal_in_itself(after);
    if (after.epoch == before.epoch) {
        RC_ASSERT(after.node == before.node);
        RC_ASSERT(after.boot == before.boot);
        std::vector<std::string> changed;
        std::set_symmetric_difference(before.in_sync.begin(), before.in_sync.end(),
                                      after.in_sync.begin(), after.in_sync.end(),
                                      std::back_inserter(changed));
        RC_ASSERT(changed.size() == 1U);
    } else {
        RC_ASSERT(after.epoch == before.epoch + 1);
        RC_ASSERT(before.in_sync.count(after.node) == 1U);
        RC_ASSERT(after.node != before.node || after.boot != before.boot);
        // nobody joins by a change of the primary
        RC_ASSERT(std::includes(before.in_sync.begin(), before.in_sync.end(), after.in_sync.begin(),
                                after.in_sync.end()));
    }
}

enum class Step : std::uint8_t { take_over, remove_standby, add_standby, hand_over, hand_over_all };

struct Try {
    Step step{};
    NodeBoot by;
    NodeBoot other;
};

bool allowed(const NaiveReign& now, const Try& one) {
    const bool is_primary = one.by.node == now.node && one.by.boot == now.boot;
    const bool by_in_sync = now.in_sync.count(one.by.node) != 0;
    const bool other_in_sync = now.in_sync.count(one.other.node) != 0;
    switch (one.step) {
        case Step::take_over:
            return by_in_sync && !is_primary;
        case Step::remove_standby:
            return is_primary && other_in_sync && one.other.node != now.node;
        case Step::add_standby:
            return is_primary && !other_in_sync;
        case Step::hand_over:
        case Step::hand_over_all:
            return is_primary && other_in_sync && one.other.node != now.node;
    }
    return false;
}

Result<Reign> tried(const Reign& now, const Try& one) {
    switch (one.step) {
        case Step::take_over:
            return take_over(now, one.by);
        case Step::remove_standby:
            return remove_standby(now, one.by, one.other.node);
        case Step::add_standby:
            return add_standby(now, one.by, one.other.node);
        case Step::hand_over:
            return hand_over(now, one.by, one.other, OldPrimary::leaves);
        case Step::hand_over_all:
            return hand_over(now, one.by, one.other, OldPrimary::stays);
    }
    return Error{};
}

rc::Gen<NodeBoot> some_node() {
    return rc::gen::map(rc::gen::tuple(rc::gen::elementOf(names), rc::gen::inRange(1, 4)),
                        [](const std::tuple<std::string, int>& drawn) {
                            return NodeBoot{std::get<0>(drawn),
                                            static_cast<std::uint64_t>(std::get<1>(drawn))};
                        });
}

rc::Gen<Try> some_try() {
    return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 5), some_node(), some_node()),
                        [](const std::tuple<int, NodeBoot, NodeBoot>& drawn) {
                            return Try{static_cast<Step>(std::get<0>(drawn)), std::get<1>(drawn),
                                       std::get<2>(drawn)};
                        });
}

RC_GTEST_PROP(Reign, whoever_tries_whatever_only_legal_steps_are_made_and_all_of_them, ()) {
    Reign now = first(*some_node(), *rc::gen::inRange<std::uint64_t>(0, 5)).value();
    legal_in_itself(NaiveReign(now));
    std::set<std::uint64_t> epochs{now.epoch()};
    for (int i = 0; i < 60; ++i) {
        // half of the tries come from the primary of the day, or nothing would ever happen
        Try one = *rc::gen::resize(100, some_try());
        if (*rc::gen::inRange(0, 2) == 0) one.by = now.primary();
        const auto next = tried(now, one);
        RC_ASSERT(next.ok() == allowed(NaiveReign(now), one));
        if (!next.ok()) {
            RC_ASSERT(next.error().code == ErrorCode::mismatch);
            RC_ASSERT(next.error().sentence.size() > 20U);
            continue;
        }
        legal_step(NaiveReign(now), NaiveReign(*next));
        RC_ASSERT(may_follow(now, *next).ok());
        if (next->epoch() != now.epoch()) {
            RC_ASSERT(epochs.insert(next->epoch()).second);
            RC_ASSERT(!may_follow(*next, now).ok());
        }
        const auto again = parse_reign(print_reign(*next), "key");
        RC_ASSERT(again.ok());
        RC_ASSERT(*again == *next);
        now = *next;
    }
}

// The heart of it: a member that left the set, or was never in it, must not come to power, because
// the primary acknowledges without it.
RC_GTEST_PROP(Reign, only_who_is_in_sync_can_become_primary, ()) {
    Reign now = first({"a", 1}, 0).value();
    for (int i = 0; i < 60; ++i) {
        const auto next = tried(now, *rc::gen::resize(100, some_try()));
        if (!next.ok()) continue;
        if (next->primary() != now.primary()) RC_ASSERT(now.is_in_sync(next->primary().node));
        now = *next;
    }
}

TEST(Reign, of_a_planned_switchover_keeps_the_others_and_of_a_take_over_does_not) {
    const Reign alone = first({"a", 1}, 7).value();
    EXPECT_EQ(alone.epoch(), 8U);
    const Reign both = add_standby(alone, {"a", 1}, "b").value();
    EXPECT_EQ(both.epoch(), 8U);
    const Reign three = add_standby(both, {"a", 1}, "c").value();
    const Reign after = hand_over(three, {"a", 1}, {"b", 2}, OldPrimary::leaves).value();
    EXPECT_EQ(describe(after), "epoch 9, primary b (boot 0000000000000002), in sync: b c");
    const Reign strict = hand_over(three, {"a", 1}, {"b", 2}, OldPrimary::stays).value();
    EXPECT_EQ(describe(strict), "epoch 9, primary b (boot 0000000000000002), in sync: a b c");
    const Reign taken = take_over(both, {"b", 2}).value();
    EXPECT_EQ(describe(taken), "epoch 9, primary b (boot 0000000000000002), in sync: b");
}

TEST(Reign, of_a_primary_that_was_started_again_is_a_new_one) {
    const Reign before = first({"a", 1}, 0).value();
    const Reign after = take_over(before, {"a", 2}).value();
    EXPECT_EQ(after.epoch(), 2U);
    EXPECT_FALSE(remove_standby(after, {"a", 1}, "b").ok());
    EXPECT_FALSE(add_standby(after, {"a", 1}, "b").ok()) << "the old boot is fenced off";
    EXPECT_TRUE(add_standby(after, {"a", 2}, "b").ok());
}

TEST(Reign, only_the_primary_takes_somebody_out_of_the_set) {
    Reign now = first({"a", 1}, 0).value();
    now = add_standby(now, {"a", 1}, "b").value();
    now = add_standby(now, {"a", 1}, "c").value();
    EXPECT_TRUE(remove_standby(now, {"a", 1}, "b").ok());
    EXPECT_FALSE(remove_standby(now, {"b", 9}, "b").ok());
    const auto other = remove_standby(now, {"b", 9}, "c");
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().sentence,
              "removing a standby: b (boot 0000000000000009) is not the primary of epoch 1, which "
              "is a (boot 0000000000000001): read the arbiter again");
}

TEST(Reign, an_epoch_never_wraps_around) {
    constexpr auto last = std::numeric_limits<std::uint64_t>::max();
    EXPECT_FALSE(first({"a", 1}, last).ok());
    const Reign now = first({"a", 1}, last - 1).value();
    EXPECT_EQ(parse_reign(print_reign(now), "key").value(), now);
    const Reign both = add_standby(now, {"a", 1}, "b").value();
    EXPECT_FALSE(take_over(both, {"b", 1}).ok());
    EXPECT_FALSE(hand_over(both, {"a", 1}, {"b", 1}, OldPrimary::stays).ok());
}

TEST(Reign, the_set_has_an_end) {
    Reign now = first({"n0", 1}, 0).value();
    for (std::size_t i = 1; i < in_sync_max; ++i)
        now = add_standby(now, {"n0", 1}, "n" + std::to_string(i)).value();
    EXPECT_EQ(now.in_sync().size(), in_sync_max);
    EXPECT_FALSE(add_standby(now, {"n0", 1}, "one_more").ok());
    EXPECT_EQ(parse_reign(print_reign(now), "key").value(), now);
}

TEST(Reign, the_longest_text_fits) {
    const auto longest = [](char letter) { return std::string(node_name_bytes_max, letter); };
    const NodeBoot self{longest('a'), ~std::uint64_t{0}};
    Reign now = first(self, std::numeric_limits<std::uint64_t>::max() - 1).value();
    for (char letter = 'b'; now.in_sync().size() < in_sync_max; ++letter)
        now = add_standby(now, self, longest(letter)).value();
    const std::string text = print_reign(now);
    EXPECT_LE(text.size(), reign_text_bytes_max);
    EXPECT_EQ(parse_reign(text, "key").value(), now);
}

TEST(Reign, wrong_names_and_boots_are_refused_by_a_sentence) {
    for (const char* name : {"", "-a", ".", "a b", "a\"b", "a\n", "ä"}) {
        EXPECT_FALSE(is_node_name(name)) << name;
        EXPECT_FALSE(first({name, 1}, 0).ok()) << name;
    }
    EXPECT_FALSE(is_node_name(std::string(node_name_bytes_max + 1, 'a')));
    EXPECT_FALSE(is_node_name(std::string_view("a\0b", 3)));
    EXPECT_TRUE(is_node_name("node-1.example_x"));
    EXPECT_FALSE(first({"a", 0}, 0).ok()) << "boot 0 is none";
    const Reign now = first({"a", 1}, 0).value();
    EXPECT_FALSE(add_standby(now, {"a", 1}, "no name").ok());
}

TEST(Reign, an_arbiter_that_went_back_is_noticed) {
    const Reign old = first({"a", 1}, 0).value();
    const Reign both = add_standby(old, {"a", 1}, "b").value();
    const Reign later = take_over(both, {"b", 1}).value();
    EXPECT_TRUE(may_follow(both, later).ok());
    EXPECT_TRUE(may_follow(both, old).ok()) << "a standby was taken out again";
    EXPECT_FALSE(may_follow(later, both).ok());
    const Reign other = take_over(both, {"a", 2}).value();
    ASSERT_FALSE(may_follow(later, other).ok()) << "one epoch, two primaries";
    EXPECT_NE(may_follow(later, other).error().sentence.find("epoch 2 belongs to a"),
              std::string::npos);
}

// ---- the text

const std::string good =
    R"({"reign":1,"epoch":3,"primary":"a","boot":"00000000000000ff","in_sync":["a","b"]})";

TEST(ReignText, is_one_line_of_json) {
    const auto read = parse_reign(good, "key");
    ASSERT_TRUE(read.ok()) << read.error().sentence;
    EXPECT_EQ(read->epoch(), 3U);
    EXPECT_EQ(read->primary(), (NodeBoot{"a", 255}));
    EXPECT_EQ(read->in_sync(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(print_reign(*read), good);
}

std::string changed(const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(ReignText, anything_odd_is_an_error_with_a_sentence) {
    const std::vector<std::string> odd{
        "",
        "{}",
        "null",
        good + "\n",
        " " + good,
        good + good,
        changed(":3", ": 3"),
        changed(":3", ":03"),
        changed(":3", ":3.0"),
        changed(":3", ":3e0"),
        changed(":3", ":-3"),
        changed(":3", ":+3"),
        changed(":3", ":\"3\""),
        changed(":3", ":0"),
        changed(":3", ":18446744073709551616"),
        changed("00ff", "00FF"),
        changed("00ff", "0ff"),
        changed("00ff", "000ff"),
        changed("00ff", "0000"),
        changed("00ff", "0x0f"),
        changed("\"primary\":\"a\"", "\"primary\":\"c\""),
        changed("\"primary\":\"a\"", "\"primary\":\"\""),
        changed("\"primary\":\"a\"", "\"primary\":\"\\u0061\""),
        changed("\"primary\":\"a\"", "\"primary\":null"),
        changed("\"primary\":\"a\"", "\"primary\":\"a\",\"primary\":\"b\""),
        changed("[\"a\",\"b\"]", "[]"),
        changed("[\"a\",\"b\"]", "[\"b\",\"a\"]"),
        changed("[\"a\",\"b\"]", "[\"a\",\"a\"]"),
        changed("[\"a\",\"b\"]", "[\"a\",\"b\",]"),
        changed("[\"a\",\"b\"]", "[\"b\"]"),
        changed("]}", "],\"extra\":1}"),
        changed("\"in_sync\"", "\"In_sync\""),
        std::string(1'000'000, '{'),
    };
    for (const std::string& text : odd) {
        const auto read = parse_reign(text, "etcd key k");
        ASSERT_FALSE(read.ok()) << text.substr(0, 200);
        EXPECT_EQ(read.error().code, ErrorCode::damaged);
        EXPECT_TRUE(read.error().sentence.starts_with("etcd key k: ")) << read.error().sentence;
        EXPECT_LT(read.error().sentence.size(), 400U);
    }
}

TEST(ReignText, with_more_nodes_than_there_can_be_is_refused) {
    std::string list;
    for (std::size_t i = 0; i <= in_sync_max; ++i)
        list += (i == 0 ? "\"a" : ",\"b") + std::to_string(10 + i) + "\"";
    const auto read = parse_reign(changed("\"a\",\"b\"", list), "key");
    ASSERT_FALSE(read.ok());
    EXPECT_NE(read.error().sentence.find("17 nodes"), std::string::npos) << read.error().sentence;
}

TEST(ReignText, of_a_later_version_says_so) {
    const auto read = parse_reign(R"({"reign":2,"anything":true})", "key");
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::mismatch);
    EXPECT_EQ(read.error().sentence,
              "key: a reign of version 2, this program reads 1: run the same release of pawl on "
              "every node");
}

TEST(ReignText, no_cut_and_no_changed_byte_reads_as_what_it_was) {
    const Reign right = parse_reign(good, "key").value();
    for (std::size_t at = 0; at < good.size(); ++at) {
        EXPECT_FALSE(parse_reign(good.substr(0, at), "key").ok()) << at;
        for (int byte = 0; byte < 256; ++byte) {
            std::string text = good;
            if (static_cast<unsigned char>(text[at]) == byte) continue;
            text[at] = static_cast<char>(byte);
            const auto read = parse_reign(text, "key");
            // another name or number is another value; nothing is a second spelling of this one
            EXPECT_TRUE(!read.ok() || (*read != right && print_reign(*read) == text)) << text;
        }
    }
}

}  // namespace
}  // namespace pawl::replication
