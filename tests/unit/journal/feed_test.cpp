// A reader outside follows a journal through everything that can happen to it, and has each record
// once.
#include "journal/inspect_feed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <utility>

#include "journal/inspect_verify.hpp"
#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

// What somebody who follows has seen, as a list.
class Follower final : public RecordSink {
public:
    explicit Follower(Life& life) : feed(life.storage, life.options().path, 0) {}

    void on_record(const detail::RecordView& record, Position position) override {
        while (!seen.empty() && seen.back().position >= position) seen.pop_back();
        Position end = begun_ ? Position{} : feed.begin();
        if (!seen.empty()) end = Position{seen.back().position.value + seen.back().bytes.size()};
        begun_ = true;
        if (position != end) {  // a gap: only with a sentence
            seen.clear();
            ++gaps;
        }
        seen.push_back({position, record.header().sequence,
                        std::vector<std::byte>(record.bytes(), record.bytes() + record.length())});
    }
    // Everything that is there; false: an error.
    bool poll() {
        feed.look_anew();
        for (;;) {
            const auto more = feed.read_on(*this);
            for (auto& sentence : feed.take_sentences()) sentences.push_back(std::move(sentence));
            if (!more.ok()) error = more.error().sentence;
            if (!more.ok() || !*more) return more.ok();
        }
    }
    // One run only, and no further than the last poll() would have gone.
    bool glance() {
        const auto more = feed.read_on(*this);
        if (!more.ok()) error = more.error().sentence;
        return more.ok();
    }
    std::size_t said(const std::string& words) const {
        return static_cast<std::size_t>(
            std::count_if(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
                return sentence.find(words) != std::string::npos;
            }));
    }

    ShardFeed feed;
    History seen;  // without a gap
    std::size_t gaps = 0;
    std::vector<std::string> sentences;
    std::string error;

private:
    bool begun_ = false;
};

::testing::AssertionResult is_end_of(const History& seen, const History& all) {
    if (seen.size() > all.size())
        return ::testing::AssertionFailure() << seen.size() << " records of " << all.size();
    const std::size_t before = all.size() - seen.size();
    for (std::size_t i = 0; i < seen.size(); ++i)
        if (seen[i].position != all[before + i].position || seen[i].bytes != all[before + i].bytes)
            return ::testing::AssertionFailure() << "record " << before + i << " differs";
    return ::testing::AssertionSuccess();
}

class Feed : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(life.open()) << life.error().sentence; }
    void expect_all_seen() {
        ASSERT_TRUE(follower.poll()) << follower.error;
        EXPECT_EQ(follower.seen.size(), life.written.size());
        EXPECT_TRUE(is_prefix(follower.seen, life.written, life.written.size()));
    }
    Life life;
    Follower follower{life};
};

TEST_F(Feed, has_what_is_only_in_the_head_and_has_it_once_when_it_is_in_segments_too) {
    life.append_many(10);
    expect_all_seen();
    life.sync();
    expect_all_seen();
    life.append_many(3);
    life.sync();
    life.append_many(4);
    expect_all_seen();
    EXPECT_TRUE(follower.feed.end_status().ok());
}

TEST_F(Feed, goes_on_over_the_end_of_segments_and_of_the_ring) {
    for (int round = 0; round < 20; ++round) {
        life.append_many(150, 200);
        if (round % 3 == 0) expect_all_seen();
    }
    expect_all_seen();
}

TEST_F(Feed, leaves_nothing_out_that_was_committed_while_it_read) {
    life.append_many(10);
    ASSERT_TRUE(follower.glance());
    life.append_many(10);
    life.sync();
    ASSERT_TRUE(follower.glance());
    ASSERT_TRUE(follower.glance());
    life.append_many(10);
    expect_all_seen();
}

TEST_F(Feed, goes_on_when_the_engine_is_killed_and_opened_again_and_closed) {
    for (int round = 0; round < 4; ++round) {
        life.append_many(50);
        expect_all_seen();
        life.append_many(5);
        life.kill();
        expect_all_seen();
        ASSERT_TRUE(life.open());
        expect_all_seen();
        life.append_many(5);
        ASSERT_TRUE(life.close().ok());
        expect_all_seen();
        ASSERT_TRUE(life.open());
    }
    EXPECT_TRUE(follower.sentences.empty()) << follower.sentences.front();
}

TEST_F(Feed, says_when_what_it_has_seen_was_lost_with_the_head) {
    life.append_many(20);
    life.sync();
    life.append_many(10, 48);
    expect_all_seen();
    life.cut_power();
    ASSERT_TRUE(life.open());
    life.believe_replayed();
    EXPECT_EQ(life.written.size(), 20U);
    ASSERT_TRUE(follower.poll());
    EXPECT_EQ(follower.seen.size(), 30U) << "nothing has come that it could know of";
    life.append_many(2, 96);
    expect_all_seen();
    EXPECT_EQ(follower.said("gone with the head"), 1U);
    life.sync();
    expect_all_seen();
    EXPECT_EQ(follower.said("gone with the head"), 1U);
}

TEST_F(Feed, reads_archived_segments_and_those_that_are_archived_while_it_stands_in_them) {
    life.append_many(800, 100);
    life.sync();
    ASSERT_TRUE(life.snapshot().ok());
    // It stands inside a segment that goes.
    Follower early(life);
    ASSERT_TRUE(early.feed.read_on(early).ok());
    life.append_many(800, 100);
    life.sync();
    ASSERT_TRUE(life.snapshot().ok());
    life.append_many(800, 100);
    life.sync();
    ASSERT_TRUE(life.snapshot().ok());
    const auto report = life.retain(Retention::archive);
    ASSERT_TRUE(report.ok());
    EXPECT_GT(report->segments_gone, 1U);
    expect_all_seen();
    ASSERT_TRUE(early.poll()) << early.error;
    EXPECT_TRUE(is_prefix(early.seen, life.written, life.written.size()));
}

TEST_F(Feed, begins_at_the_first_record_that_is_kept_and_says_what_was_removed_under_it) {
    life.append_many(100, 100);
    life.sync();
    expect_all_seen();
    for (int round = 0; round < 3; ++round) {
        life.append_many(800, 100);
        life.sync();
        ASSERT_TRUE(life.snapshot().ok());
    }
    const auto report = life.retain(Retention::remove);
    ASSERT_TRUE(report.ok());
    ASSERT_GT(report->segments_gone, 1U);
    ASSERT_TRUE(follower.poll()) << follower.error;
    EXPECT_EQ(follower.gaps, 1U);
    EXPECT_EQ(follower.said("removed by retention"), 1U);
    EXPECT_TRUE(is_end_of(follower.seen, life.written));
    EXPECT_EQ(follower.seen.back().position, life.written.back().position);
    Follower late(life);
    ASSERT_TRUE(late.poll()) << late.error;
    EXPECT_EQ(late.feed.begin(), report->kept.position);
    EXPECT_EQ(late.seen.front().position, report->kept.position);
    EXPECT_TRUE(is_end_of(late.seen, life.written));
}

TEST_F(Feed, that_has_seen_only_the_head_learns_that_the_first_segments_have_come_and_gone) {
    life.append_many(12);
    expect_all_seen();
    for (int round = 0; round < 3; ++round) {
        life.append_many(800, 100);
        life.sync();
        ASSERT_TRUE(life.snapshot().ok());
    }
    ASSERT_GT(life.retain(Retention::remove)->segments_gone, 1U);
    ASSERT_TRUE(follower.poll()) << follower.error;
    EXPECT_EQ(follower.said("removed by retention"), 1U);
    EXPECT_EQ(follower.sentences.size(), 1U);
    EXPECT_TRUE(is_end_of(follower.seen, life.written));
    EXPECT_EQ(follower.seen.back().position, life.written.back().position);
}

TEST_F(Feed, damage_is_an_end_that_is_not_ok_and_what_is_before_it_is_given) {
    life.append_many(100);
    life.sync();
    life.append_many(100);
    life.sync();
    ASSERT_TRUE(life.close().ok());
    const std::uint64_t second = blocks_of(life.bytes(1)).at(1);
    life.bytes(1)[second + 1000] ^= std::byte{4};
    ASSERT_TRUE(follower.poll());
    EXPECT_FALSE(follower.seen.empty());
    EXPECT_TRUE(is_prefix(follower.seen, life.written, 100));
    const Status end = follower.feed.end_status();
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error().code, ErrorCode::damaged);
}

TEST_F(Feed, another_directory_under_the_same_name_is_said) {
    life.append_many(10);
    expect_all_seen();
    life.kill();
    for (const std::string& path : life.storage.paths())
        if (path.starts_with("dir/")) life.storage.remove(path).ok();
    life.options().random = [] { return std::uint64_t{11}; };
    ASSERT_TRUE(life.open()) << life.error().sentence;
    EXPECT_FALSE(follower.poll());
    EXPECT_NE(follower.error.find("another journal now"), std::string::npos) << follower.error;
}

// Somebody else's doing between two calls of a reader: here before it maps the head.
class Interrupted final : public Storage {
public:
    explicit Interrupted(Storage& storage) : real_(storage) {}
    std::function<void()> before_map;  // once

    StorageStatus open(const std::string& path, OpenMode mode,
                       std::unique_ptr<File>& file) override {
        return real_.open(path, mode, file);
    }
    StorageStatus list(const std::string& path, std::vector<std::string>& names) override {
        return real_.list(path, names);
    }
    StorageStatus rename(const std::string& from, const std::string& to) override {
        return real_.rename(from, to);
    }
    StorageStatus remove(const std::string& path) override { return real_.remove(path); }
    StorageStatus make_directory(const std::string& path) override {
        return real_.make_directory(path);
    }
    StorageStatus sync_directory(const std::string& path) override {
        return real_.sync_directory(path);
    }
    StorageStatus free_bytes(const std::string& path, std::uint64_t& bytes) override {
        return real_.free_bytes(path, bytes);
    }
    StorageStatus lock(const std::string& path, std::unique_ptr<FileLock>& lock,
                       std::string& holder) override {
        return real_.lock(path, lock, holder);
    }
    StorageStatus probe_lock(const std::string& path, std::string& holder) override {
        return real_.probe_lock(path, holder);
    }
    StorageStatus map_ring(const std::string& path, std::uint64_t bytes, RingMode mode,
                           std::unique_ptr<SharedRing>& ring) override {
        if (const auto call = std::exchange(before_map, nullptr)) call();
        return real_.map_ring(path, bytes, mode, ring);
    }

private:
    Storage& real_;
};

TEST_F(Feed, has_everything_of_a_directory_that_is_closed_between_two_calls) {
    life.append_many(100);
    Interrupted storage(life.storage);
    storage.before_map = [&] { ASSERT_TRUE(life.close().ok()); };
    ShardFeed feed(storage, life.options().path, 0);
    Collector collector;
    Result<bool> more = true;
    while (more.ok() && *more) more = feed.read_on(collector);
    ASSERT_TRUE(more.ok()) << more.error().sentence;
    EXPECT_EQ(collector.history.size(), 100U);
    EXPECT_TRUE(feed.end_status().ok());
}

TEST_F(Feed, a_directory_that_is_closed_between_two_calls_is_verified_to_its_end) {
    life.append_many(100);
    Interrupted storage(life.storage);
    storage.before_map = [&] { ASSERT_TRUE(life.close().ok()); };
    const auto report = verify_directory(storage, life.options().path);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->clean);
    EXPECT_FALSE(report->live);
    EXPECT_EQ(report->shards[0].records, 100U);
}

TEST_F(Feed, has_everything_of_a_directory_that_is_opened_between_two_calls) {
    life.append_many(100);
    life.kill();
    Interrupted storage(life.storage);
    storage.before_map = [&] { ASSERT_TRUE(life.open()); };
    ShardFeed feed(storage, life.options().path, 0);
    Collector collector;
    Result<bool> more = true;
    while (more.ok() && *more) more = feed.read_on(collector);
    ASSERT_TRUE(more.ok()) << more.error().sentence;
    EXPECT_EQ(collector.history.size(), 100U);
    EXPECT_TRUE(feed.end_status().ok());
}

// What may happen to a directory, one after the other, and a look in between.
enum class Step : std::uint8_t {
    append,
    sync,
    close,
    kill,
    power,
    snapshot,
    archive,
    remove,
    glance,
    poll
};

void showValue(Step step, std::ostream& out) {
    constexpr const char* words[] = {"append",   "sync",    "close",  "kill",   "power",
                                     "snapshot", "archive", "remove", "glance", "poll"};
    out << words[static_cast<std::size_t>(step)];
}

void take(Step step, std::uint8_t size, Life& life, Follower& follower) {
    switch (step) {
        case Step::append:
            RC_ASSERT(life.append_many(1 + size, 8 + size % 3 * 800U));
            return;
        case Step::sync:
            RC_ASSERT(life.sync());
            return;
        case Step::close:
            RC_ASSERT(life.close().ok());
            RC_ASSERT(life.open());
            return;
        case Step::kill:
            life.kill();
            if (size % 2 == 0) RC_ASSERT(follower.poll());
            RC_ASSERT(life.open());
            return;
        case Step::power:
            life.cut_power(size % 2 == 0 ? Unsynced::lost : Unsynced::kept);
            if (size % 3 == 0) RC_ASSERT(follower.poll());
            RC_ASSERT(life.open());
            life.believe_replayed();
            return;
        case Step::snapshot:
            if (life.written.empty()) return;
            RC_ASSERT(life.sync());
            RC_ASSERT(life.snapshot().ok());
            return;
        case Step::archive:
            RC_ASSERT(life.retain(Retention::archive).ok());
            return;
        case Step::remove:
            RC_ASSERT(life.retain(Retention::remove).ok());
            return;
        case Step::glance:
            if (!follower.glance()) RC_FAIL(follower.error);
            return;
        case Step::poll:
            if (!follower.poll()) RC_FAIL(follower.error);
            return;
    }
}

RC_GTEST_PROP(FeedStory, whatever_happens_each_record_is_seen_once_and_in_order, ()) {
    const auto steps = *rc::gen::container<std::vector<std::pair<Step, std::uint8_t>>>(
        rc::gen::pair(rc::gen::weightedElement<Step>({{10, Step::append},
                                                      {4, Step::sync},
                                                      {1, Step::close},
                                                      {1, Step::kill},
                                                      {1, Step::power},
                                                      {2, Step::snapshot},
                                                      {1, Step::archive},
                                                      {1, Step::remove},
                                                      {3, Step::glance},
                                                      {4, Step::poll}}),
                      rc::gen::arbitrary<std::uint8_t>()));
    Life life;
    RC_ASSERT(life.open());
    Follower follower(life);
    for (const auto& [step, size] : steps) take(step, size, life, follower);
    // A last record shows whether what it has seen is still what happened.
    RC_ASSERT(life.append_many(1, 40));
    RC_ASSERT(follower.poll());
    RC_ASSERT(!follower.seen.empty());
    RC_ASSERT(is_end_of(follower.seen, life.written));
    // Two removals may be said before the first record behind them is there.
    const std::size_t said = follower.said("removed by retention");
    RC_ASSERT(follower.gaps <= said && (follower.gaps == 0) == (said == 0));
    RC_ASSERT(follower.gaps != 0 || follower.seen.size() == life.written.size() ||
              follower.feed.begin() != Position{});
}

}  // namespace
}  // namespace pawl::journal::testing
