// When blocks are written, what they hold, and how the head behaves while they are.
#include <algorithm>
#include <cstring>
#include <random>
#include <thread>

#include "journal/block.hpp"
#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

constexpr std::int64_t ms = 1'000'000;

void prepare(Life& life) {
    while (life.preparer().do_work(0) != 0) {
    }
}

TEST(Journaler, nothing_is_written_before_the_interval_has_passed) {
    Life life;
    ASSERT_TRUE(life.open());
    prepare(life);
    ASSERT_TRUE(life.append());
    EXPECT_EQ(life.journaler().do_work(100 * ms), 0U);
    EXPECT_EQ(life.journaler().do_work(109 * ms), 0U);
    EXPECT_EQ(life.journaler().do_work(110 * ms), 96U);
    EXPECT_EQ(life.head().synced(), life.head().committed());
}

TEST(Journaler, a_demand_is_written_at_once) {
    Life life;
    ASSERT_TRUE(life.open());
    prepare(life);
    ASSERT_TRUE(life.append());
    EXPECT_EQ(life.journaler().do_work(0), 0U);
    life.journaler().demand(life.head().committed());
    EXPECT_EQ(life.journaler().do_work(0), 96U);
}

TEST(Journaler, a_full_block_does_not_wait) {
    Life life;
    ASSERT_TRUE(life.open());
    prepare(life);
    while (life.head().committed().value < life.options().inflight_bytes_max)
        ASSERT_TRUE(life.append(100));
    EXPECT_GT(life.journaler().do_work(0), 0U);
    EXPECT_EQ(life.journaler().counters().blocks.load(), 1U);
    EXPECT_LE(life.journaler().counters().disk_bytes.load(), life.options().inflight_bytes_max);
}

// A life whose segments could be reserved, with this many blocks written behind each other: what
// was reserved of the segment behind the second one.
std::uint64_t reserved_after(int blocks, std::uint64_t block_bytes) {
    DirectoryOptions options = small_options();
    options.segment_bytes = std::uint64_t{4} << 20;
    Life life(options);
    life.storage.let_reserve();
    EXPECT_TRUE(life.open());
    prepare(life);
    const auto write = [&] {
        while (life.head().committed().value - life.head().synced().value < block_bytes)
            EXPECT_TRUE(life.append(100));
        life.journaler().demand(life.head().committed());
        EXPECT_GT(life.journaler().do_work(0), 0U);
    };
    write();
    EXPECT_EQ(life.storage.reserved_bytes(), 0U) << "nothing was known of this journal's blocks";
    for (int block = 1; block < blocks; ++block) write();
    prepare(life);
    return life.storage.reserved_bytes();
}

// Zeros make small blocks cheap. They double what the disk has to take when it is full blocks.
TEST(Journaler, while_full_blocks_come_the_next_segment_is_not_filled_with_zeros) {
    const std::uint64_t full = small_options().inflight_bytes_max;
    EXPECT_GT(reserved_after(6, full), 0U);
    EXPECT_EQ(reserved_after(3, full), 0U) << "that may be a hiccup";
    EXPECT_EQ(reserved_after(200, full / 8), 0U);
}

TEST(Journaler, a_block_holds_whole_records_and_says_who_and_where_it_is) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(7));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.append_many(2));
    ASSERT_TRUE(life.sync());
    const auto& bytes = life.bytes(1);
    BlockHeader first{}, second{};
    std::memcpy(&first, bytes.data() + 4096, sizeof first);
    std::memcpy(&second, bytes.data() + 8192, sizeof second);
    EXPECT_TRUE(intact(first, 4096));
    EXPECT_EQ(first.record_count, 7U);
    EXPECT_EQ(first.payload_bytes, 7 * 96U);
    EXPECT_EQ(first.last_sequence, 7U);
    EXPECT_EQ(second.first_position, 7 * 96U);
    EXPECT_EQ(second.durable_position, 7 * 96U);
    EXPECT_EQ(second.previous_hash, first.header_hash);
    EXPECT_EQ(second.epoch, 1U);
    EXPECT_EQ(second.identity, life.directory().manifest().identity);
}

TEST(Journaler, a_record_of_the_largest_size_is_written_and_read_back) {
    Life life;
    life.options().inflight_bytes_max = inflight_bytes_default;
    ASSERT_TRUE(life.open());
    const auto largest = life.directory().record_bytes_max();
    ASSERT_TRUE(life.append(10));
    ASSERT_TRUE(life.append(largest - 72));
    ASSERT_EQ(life.written.back().bytes.size(), largest);
    ASSERT_TRUE(life.sync());
    life.cut_power();
    ASSERT_TRUE(life.open());
    EXPECT_TRUE(is_prefix(life.replayed, life.written, 2));
}

TEST(Journaler, memory_that_was_overwritten_never_becomes_durable) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(5));
    life.head().at(life.written[3].position)[80] ^= std::byte{1};
    EXPECT_FALSE(life.sync());
    EXPECT_EQ(life.journaler().state(), JournalerState::failed);
    EXPECT_NE(life.journaler().failure().find("damaged in memory"), std::string::npos);
    EXPECT_EQ(life.head().synced(), Position{0});
}

TEST(Head, the_shard_may_not_write_beyond_what_the_journaler_has_read) {
    Life life;
    ASSERT_TRUE(life.open());
    int appended = 0;
    while (life.append(100)) ++appended;
    EXPECT_GT(appended, 300);
    EXPECT_LE(life.head().committed(), life.head().writable_end());
    EXPECT_TRUE(life.sync());
    EXPECT_TRUE(life.append(100));
}

TEST(Head, a_record_never_wraps) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(3000, 133));
    for (std::size_t i = life.written.size() - 100; i < life.written.size(); ++i) {
        const auto& entry = life.written[i];
        EXPECT_EQ(
            std::memcmp(life.head().at(entry.position), entry.bytes.data(), entry.bytes.size()), 0);
    }
}

TEST(Head, a_copy_of_overwritten_bytes_is_refused) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(10));
    std::vector<std::byte> bytes(96);
    EXPECT_TRUE(life.head().copy(Position{0}, bytes));
    EXPECT_EQ(bytes, life.written[0].bytes);
    ASSERT_TRUE(life.append_many(3000));
    EXPECT_FALSE(life.head().copy(Position{0}, bytes));
    EXPECT_TRUE(life.head().copy(life.written.back().position, bytes));
    EXPECT_EQ(bytes, life.written.back().bytes);
}

TEST(Head, copies_beside_a_running_writer_are_whole_or_refused) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(1));
    std::atomic<bool> done{false};
    std::uint64_t copied = 0;
    std::uint64_t wrong = 0;
    std::thread reader([&] {
        std::vector<std::byte> bytes(96);
        Head& head = life.head();
        while (!done.load(std::memory_order_relaxed)) {
            const auto committed = head.committed().value;
            const std::uint64_t back = 96 * ((copied * 7) % 600);
            const std::uint64_t from = committed > back + 96 ? committed - back - 96 : 0;
            if (!head.copy(Position{from}, bytes)) {
                ++copied;
                continue;
            }
            ++copied;
            const auto& header = *reinterpret_cast<const detail::RecordHeader*>(bytes.data());
            if (header.length != 96 || header.sequence != from / 96 + 1) ++wrong;
        }
    });
    EXPECT_TRUE(life.append_many(200'000));
    done.store(true, std::memory_order_relaxed);
    reader.join();
    EXPECT_GT(copied, 0U);
    EXPECT_EQ(wrong, 0U);
}

TEST(Reader, every_record_is_found_by_its_position) {
    Life life;
    ASSERT_TRUE(life.open());
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(life.append_many(i % 50, 60));
        ASSERT_TRUE(life.sync());
    }
    auto reader = life.directory().reader(0);
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < life.written.size(); i += 3) {
        const auto& entry = life.written[(i * 7919) % life.written.size()];
        const auto status = reader->read_record(entry.position, bytes);
        ASSERT_TRUE(status.ok()) << status.error().sentence;
        EXPECT_EQ(bytes, entry.bytes);
    }
    EXPECT_FALSE(reader->read_record(Position{8}, bytes).ok());
    EXPECT_FALSE(reader->read_record(life.head().committed(), bytes).ok());
}

// Beside a list of all records: the longest run that the bound, the block and the size allow.
TEST(Reader, runs_end_where_they_are_told_to) {
    Life life;
    ASSERT_TRUE(life.open());
    std::vector<Position> ends;  // of blocks
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(life.append_many(1 + i * 7 % 20));  // one block
        ASSERT_TRUE(life.sync());
        ends.push_back(life.head().synced());
    }
    const Position last = life.head().synced();
    const auto end_of = [&](std::size_t i) {
        return Position{life.written[i].position.value + life.written[i].bytes.size()};
    };
    std::mt19937 random(3);
    auto reader = life.directory().reader(0);
    int whole_blocks = 0;
    int cut_by_bound = 0;
    for (std::size_t next = 0; next < life.written.size();) {
        const Position at = life.written[next].position;
        const Position block_end = *std::upper_bound(ends.begin(), ends.end(), at);
        // Anywhere, also in the middle of a record.
        const Position bound{std::min(last.value, at.value + random() % 3000 / 8 * 8)};
        const std::size_t bytes_max = random() % 3 == 0 ? random() % 200 : random() % 5000;
        const bool or_one = random() % 2 == 0;
        std::size_t behind = next;
        while (behind < life.written.size() && end_of(behind) <= std::min(bound, block_end) &&
               (end_of(behind).value - at.value <= bytes_max || (or_one && behind == next)))
            ++behind;
        const auto run = reader->next_run(bound, bytes_max, or_one);
        ASSERT_TRUE(run.ok()) << run.error().sentence;
        const std::uint64_t bytes = behind == next ? 0 : end_of(behind - 1).value - at.value;
        ASSERT_EQ(run->records.size(), bytes) << "at " << at.value;
        ASSERT_EQ(reader->position().value, at.value + bytes);
        if (bytes == 0) continue;
        ASSERT_EQ(run->position, at);
        whole_blocks += end_of(behind - 1) == block_end ? 1 : 0;
        cut_by_bound += bound < block_end ? 1 : 0;
        // Looking elsewhere leaves the run where it is, and the place in the stream too.
        const std::size_t other = random() % life.written.size();
        ASSERT_TRUE(reader->checksum_before(life.written[other].position).ok());
        for (std::uint64_t seen = 0; seen < bytes; ++next) {
            const auto& entry = life.written[next];
            ASSERT_EQ(
                std::memcmp(run->records.data() + seen, entry.bytes.data(), entry.bytes.size()), 0);
            seen += entry.bytes.size();
        }
        if (random() % 4 != 0 || next == life.written.size()) continue;
        const auto one = reader->next(last);
        ASSERT_TRUE(one.ok() && *one);
        ASSERT_EQ(one->position, life.written[next].position);
        if (random() % 2 == 0)
            reader->seek(life.written[next].position);
        else
            ++next;
    }
    EXPECT_GT(whole_blocks, 10);
    EXPECT_GT(cut_by_bound, 10);
}

TEST(Reader, records_come_in_order_from_any_position_and_go_on_while_it_is_written) {
    Life life;
    ASSERT_TRUE(life.open());
    auto reader = life.directory().reader(0);
    std::size_t seen = 0;
    for (int round = 0; round < 30; ++round) {
        ASSERT_TRUE(life.append_many(100, 90));
        ASSERT_TRUE(life.sync());
        for (;;) {
            auto found = reader->next(life.head().synced());
            ASSERT_TRUE(found.ok()) << found.error().sentence;
            if (!*found) break;
            ASSERT_EQ(found->position, life.written[seen].position);
            ASSERT_EQ(found->view().header().sequence, life.written[seen].sequence);
            ++seen;
        }
        ASSERT_EQ(seen, life.written.size());
    }
    reader->seek(life.written[1234].position);
    auto found = reader->next(life.head().synced());
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->view().header().sequence, 1235U);
    reader->seek(Position{life.written[50].position.value + 8});
    EXPECT_FALSE(reader->next(life.head().synced()).ok());
}

// A primary asks for one checksum while its standby waits for a sign of life: what the answer costs
// must not grow with the journal.
TEST(Reader, finds_a_place_among_many_segments_by_reading_few) {
    Life life;
    ASSERT_TRUE(life.open());
    while (list_segments(life.storage, "dir", 0).value().size() < 150) {
        ASSERT_TRUE(life.append_many(400, 5000));
        ASSERT_TRUE(life.sync());
    }
    std::uint64_t most_calls = 0;
    for (std::size_t i = 0; i < life.written.size(); i += 7) {
        const std::uint64_t before = life.storage.calls();
        const auto found = life.directory().reader(0)->checksum_before(
            Position{life.written[i].position.value + life.written[i].bytes.size()});
        ASSERT_TRUE(found.ok()) << found.error().sentence;
        ASSERT_EQ(*found, detail::RecordView(life.written[i].bytes.data()).header().checksum);
        most_calls = std::max(most_calls, life.storage.calls() - before);
    }
    EXPECT_LT(most_calls, 150U) << "as many as there are segments";

    // What stands below one that cannot be opened is as near as before.
    const auto segments = list_segments(life.storage, "dir", 0).value();
    life.storage.refuse_to_open(segment_path("dir", 0, segments[segments.size() / 2]));
    bool all = true;
    for (std::size_t i = 0; i < life.written.size(); i += 7) {
        const auto found = life.directory().reader(0)->checksum_before(
            Position{life.written[i].position.value + life.written[i].bytes.size()});
        all = all && found.ok();
        if (found.ok()) continue;
        ASSERT_GT(i, life.written.size() / 3) << found.error().sentence;
        ASSERT_EQ(found.error().code, ErrorCode::io) << found.error().sentence;
    }
    EXPECT_FALSE(all);
}

}  // namespace
}  // namespace pawl::journal::testing
