// A small life with a fault at every single storage call: fail, die, tear, fill up. Nothing
// acknowledged may be lost, and nothing may crash.
#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

enum class After { restart, killed, power_lost, power_torn };

// What happens in a life, and how many records it writes when nothing fails.
struct Story {
    const char* name;
    void (*live)(Life&);
    std::size_t records;
};

// Opens, writes in several syncs over more than one segment, closes, opens again and writes on.
// Stops wherever something fails.
void live(Life& life) {
    if (!life.open()) return;
    for (int i = 0; i < 4; ++i)
        if (!life.append_many(150, 150) || !life.sync()) return;
    if (!life.close().ok()) return;
    if (!life.open()) return;
    if (!life.append_many(100, 150) || !life.sync()) return;
    if (!life.append_many(5)) return;
}

// The same with snapshots, and with retention that archives first and removes later. A snapshot or
// retention that fails stops nothing.
void live_with_snapshots(Life& life) {
    const auto history = [&](Retention segments) {
        if (life.snapshot().ok()) static_cast<void>(life.retain(segments).ok());
    };
    if (!life.open()) return;
    for (int i = 0; i < 4; ++i) {
        if (!life.append_many(200, 150) || !life.sync()) return;
        history(Retention::archive);
    }
    if (!life.append_many(100, 150)) return;
    if (!life.close().ok()) return;
    if (!life.open()) return;
    for (int i = 0; i < 2; ++i) {
        if (!life.append_many(200, 150) || !life.sync()) return;
        history(Retention::remove);
    }
    if (!life.append_many(5)) return;
}

constexpr Story plain{"plain", &live, 705};
constexpr Story with_snapshots{"with_snapshots", &live_with_snapshots, 1305};

constexpr std::uint64_t calls_between = sanitized ? 7 : 1;

class Faults : public ::testing::TestWithParam<Story> {
protected:
    void live(Life& life) const { GetParam().live(life); }
    std::uint64_t calls_of_a_whole_life() const {
        Life life;
        live(life);
        EXPECT_EQ(life.written.size(), GetParam().records);
        if (GetParam().live == &live_with_snapshots) {
            EXPECT_EQ(life.snapshots().size(), 2U);
            EXPECT_GT(life.directory().kept(0).segment_index, 3U);
        }
        return life.storage.calls();
    }
};

INSTANTIATE_TEST_SUITE_P(Lives, Faults, ::testing::Values(plain, with_snapshots),
                         [](const auto& story) { return story.param.name; });

void end(Life& life, After after) {
    life.kill();
    if (after == After::power_lost) life.storage.cut_power(Unsynced::lost);
    if (after == After::power_torn) life.storage.cut_power(Unsynced::every_other_sector);
}

void check(Life& life, After after, std::uint64_t n) {
    const bool memory_survives = after == After::restart || after == After::killed;
    const auto acknowledged = memory_survives ? life.written.size() : life.synced_count;
    ASSERT_TRUE(life.open()) << "call " << n << ": " << life.error().sentence;
    ASSERT_TRUE(is_prefix(life.replayed, life.written, acknowledged)) << "call " << n;
    life.believe_replayed();
    ASSERT_TRUE(life.append_many(20)) << "call " << n;
    ASSERT_TRUE(life.close().ok()) << "call " << n;
    ASSERT_TRUE(life.open()) << "call " << n << ": " << life.error().sentence;
    ASSERT_TRUE(is_prefix(life.replayed, life.written, life.written.size())) << "call " << n;
}

TEST_P(Faults, one_failing_call_loses_nothing_acknowledged) {
    const auto calls = calls_of_a_whole_life();
    for (std::uint64_t n = 1; n <= calls; n += calls_between) {
        Life life;
        life.storage.fail_call(n);
        live(life);
        end(life, After::restart);
        check(life, After::restart, n);
        if (HasFatalFailure()) return;
    }
}

TEST_P(Faults, a_failing_call_and_then_a_power_cut_lose_nothing_that_was_synced) {
    const auto calls = calls_of_a_whole_life();
    for (std::uint64_t n = 1; n <= calls; n += calls_between) {
        Life life;
        life.storage.fail_call(n);
        live(life);
        end(life, After::power_torn);
        check(life, After::power_torn, n);
        if (HasFatalFailure()) return;
    }
}

TEST_P(Faults, a_full_disk_at_any_call_loses_nothing_acknowledged) {
    const auto calls = calls_of_a_whole_life();
    for (std::uint64_t n = 1; n <= calls; n += calls_between) {
        Life life;
        life.storage.fail_call(n, StorageFault::no_space);
        live(life);
        end(life, After::killed);
        check(life, After::killed, n);
        if (HasFatalFailure()) return;
    }
}

TEST_P(Faults, a_kill_at_any_call_keeps_every_committed_record) {
    const auto calls = calls_of_a_whole_life();
    for (std::uint64_t n = 1; n <= calls; n += calls_between) {
        Life life;
        life.storage.die_at_call(n);
        live(life);
        end(life, After::killed);
        check(life, After::killed, n);
        if (HasFatalFailure()) return;
    }
}

TEST_P(Faults, a_power_cut_at_any_call_keeps_every_synced_record) {
    const auto calls = calls_of_a_whole_life();
    for (const auto after : {After::power_lost, After::power_torn}) {
        for (std::uint64_t n = 1; n <= calls; n += calls_between) {
            Life life;
            life.storage.die_at_call(n);
            live(life);
            end(life, after);
            check(life, after, n);
            if (HasFatalFailure()) return;
        }
    }
}

// Dying while recovering from a death, at every call of the recovery.
TEST_P(Faults, a_recovery_that_dies_anywhere_is_taken_up_by_the_next) {
    const auto whole = calls_of_a_whole_life();
    for (std::uint64_t n = whole / 3; n <= whole; n += whole / 9) {
        for (const auto after : {After::killed, After::power_torn}) {
            const std::uint64_t step = sanitized                             ? 17
                                       : GetParam().records == plain.records ? 2
                                                                             : 11;
            for (std::uint64_t again = 1 + n % step; again < 160; again += step) {
                Life life;
                life.storage.die_at_call(n);
                live(life);
                end(life, after);
                const bool memory_survives = after == After::killed;
                const auto acknowledged = memory_survives ? life.written.size() : life.synced_count;
                life.storage.die_at_call(again);
                life.open();
                life.kill();
                ASSERT_TRUE(life.open()) << n << "/" << again << ": " << life.error().sentence;
                ASSERT_TRUE(is_prefix(life.replayed, life.written, acknowledged))
                    << n << "/" << again;
            }
        }
    }
}

TEST(Disk, a_write_that_fails_is_final) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(10));
    ASSERT_TRUE(life.sync());
    ASSERT_TRUE(life.append_many(10));
    life.storage.fail_call(1);
    EXPECT_FALSE(life.sync());
    EXPECT_EQ(life.journaler().state(), JournalerState::failed);
    EXPECT_NE(life.journaler().failure().find("00000001.seg"), std::string::npos);
    const auto synced = life.head().synced();
    life.journaler().demand(life.head().committed());
    EXPECT_EQ(life.journaler().do_work(1'000'000'000), 0U);
    EXPECT_EQ(life.head().synced(), synced);
    EXPECT_FALSE(life.close().ok());
}

TEST(Disk, a_full_disk_is_said_early_and_work_resumes_by_itself) {
    Life life;
    ASSERT_TRUE(life.open());
    ASSERT_TRUE(life.append_many(20));
    ASSERT_TRUE(life.sync());
    life.storage.set_quota_bytes(2 * segment_bytes_min + 8192);
    std::int64_t now = 1'000'000'000;
    int appended = 0;
    while (!life.preparer().disk_full()) {
        ASSERT_LT(++appended, 5000);
        ASSERT_TRUE(life.append(200));
        life.journaler().demand(life.head().committed());
        life.journaler().do_work(now);
        life.preparer().do_work(now);
        now += 1'000'000'000;
    }
    // There is still room to finish what was begun.
    ASSERT_TRUE(life.append_many(20, 200));
    ASSERT_TRUE(life.sync());
    // And then there is none.
    while (life.append(200)) {
    }
    EXPECT_FALSE(life.sync());
    EXPECT_EQ(life.journaler().state(), JournalerState::disk_full);
    EXPECT_GT(life.journaler().counters().stalls.load(), 0U);
    life.storage.set_quota_bytes(~std::uint64_t{0});
    now += 1'000'000'000;
    while (life.head().synced() < life.head().committed()) {
        const auto worked = life.preparer().do_work(now) + life.journaler().do_work(now);
        ASSERT_GT(worked, 0U);
    }
    EXPECT_EQ(life.journaler().state(), JournalerState::running);
    EXPECT_FALSE(life.preparer().disk_full());
}

TEST(Disk, every_changed_byte_of_a_segment_is_found) {
    Life life;
    ASSERT_TRUE(life.open());
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(life.append_many(15, 200));
        ASSERT_TRUE(life.sync());
    }
    ASSERT_TRUE(life.append_many(1));
    ASSERT_TRUE(life.close().ok());
    const auto original = life.bytes(1);
    const auto manifest = life.storage.bytes_of("dir/manifest");
    std::uint64_t refused = 0;
    // Up to the last synced block everything is known to have been on disk: the manifest says so.
    const std::uint64_t used = 4096 + 7 * 8192;
    for (std::uint64_t at = 0; at < used && at < original.size(); at += 61) {
        auto& bytes = life.bytes(1);
        bytes = original;
        if (bytes[at] == std::byte{0} && at > 4096 && at + 4096 > used) break;
        bytes[at] ^= std::byte{0x10};
        life.bytes(1);
        // Unused bytes of the segment's own header page carry nothing.
        const bool spare = at >= sizeof(SegmentHeader) && at < block_alignment_bytes;
        EXPECT_EQ(life.open(), spare) << at;
        if (life.is_open()) {
            EXPECT_TRUE(is_prefix(life.replayed, life.written, life.written.size()));
            life.kill();
            life.storage.bytes_of("dir/manifest") = manifest;
            life.storage.bytes_of("dir/manifest");
        } else {
            ++refused;
            EXPECT_EQ(life.error().code, ErrorCode::damaged) << at;
            EXPECT_NE(life.error().sentence.find("position "), std::string::npos);
        }
    }
    EXPECT_GT(refused, 300U);
}

}  // namespace
}  // namespace pawl::journal::testing
