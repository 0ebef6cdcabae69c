// Damage of every kind, healed from a copy: afterwards each byte is what it was, or nothing was
// touched and somebody is told.
#include "journal/heal.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

using Files = std::map<std::string, std::vector<std::byte>>;

Result<std::vector<std::byte>> nowhere(std::uint32_t, Position, std::uint32_t, Position) {
    return Error{ErrorCode::mismatch, "nobody was asked"};
}

// Three reigns in several segments, blocks of one to four pages, closed in order; a copy beside it.
class Heal : public ::testing::Test {
protected:
    void SetUp() override {
        for (int reign = 0; reign < 3; ++reign) {
            ASSERT_TRUE(life.open()) << life.error().sentence;
            ASSERT_TRUE(life.append_epoch(life.directory().epoch()));
            for (int i = 0; i < 9; ++i)
                ASSERT_TRUE(life.append_many(1 + (i * 7 + reign) % 30, 300) && life.sync());
            if (reign == 2) break;
            ASSERT_TRUE(life.close().ok());
        }
    }
    void close() {
        ASSERT_TRUE(life.close().ok());
        remember();
    }
    void kill() {
        life.kill();
        life.storage.lose_shared_memory();
        remember();
    }
    // What stands on the disk now is what has to stand there, and what the copy has.
    void remember() {
        segments.clear();
        ASSERT_TRUE(life.storage.make_directory("copy").ok());
        for (const char* folder : {"copy/s0", "copy/archive", "copy/archive/s0"})
            ASSERT_TRUE(life.storage.make_directory(folder).ok());
        ASSERT_TRUE(life.storage.sync_directory("").ok());
        ASSERT_TRUE(life.storage.sync_directory("copy").ok());
        for (const std::string& path : life.storage.paths()) {
            if (!path.starts_with("dir/") || !life.storage.exists(path)) continue;
            if (path.find(".seg") == path.npos && path != "dir/manifest") continue;
            life.storage.copy_file(path, "copy" + path.substr(3));
            if (path.find(".seg") != path.npos) segments[path] = life.storage.bytes_of(path);
        }
        ASSERT_GE(segments.size(), 2U);
    }
    void restore() {
        for (const auto& [path, bytes] : segments) life.storage.put_file(path, bytes);
    }
    HealReport heal(const FetchRecords& fetch) {
        auto report = heal_directory(life.storage, "dir", fetch);
        EXPECT_TRUE(report.ok()) << report.error().sentence;
        return report.ok() ? report.value() : HealReport{};
    }
    HealReport heal() { return heal(records_in(life.storage, "copy")); }
    // Path of the first segment that is not as it was; empty: none.
    std::string changed() {
        for (const auto& [path, bytes] : segments)
            if (life.storage.bytes_of(path) != bytes) return path;
        return {};
    }
    // Calls each(path, offset, bytes) for every header page and block.
    void for_each_place(
        const std::function<void(const std::string&, std::uint64_t, std::uint64_t)>& each) {
        for (const auto& [path, bytes] : segments) {
            if (all_zero(bytes.data(), block_alignment_bytes)) continue;
            each(path, 0, block_alignment_bytes);
            for (const std::uint64_t at : blocks_of(bytes)) each(path, at, block_at(path, at));
        }
    }
    std::uint64_t block_at(const std::string& path, std::uint64_t offset) const {
        BlockHeader header{};
        std::memcpy(&header, segments.at(path).data() + offset, sizeof header);
        return header.block_bytes;
    }
    void flip(const std::string& path, std::uint64_t offset) {
        life.storage.bytes_of(path)[offset] ^= std::byte{0x10};
    }
    void zero(const std::string& path, std::uint64_t offset, std::uint64_t bytes) {
        std::fill_n(life.storage.bytes_of(path).begin() + static_cast<std::ptrdiff_t>(offset),
                    bytes, std::byte{0});
    }
    std::string first_segment() const { return segments.begin()->first; }

    Life life;
    Files segments;
};

TEST_F(Heal, puts_back_every_block_and_every_header_whatever_happened_to_it) {
    close();
    const std::vector<std::byte> other(
        segments.begin()->second.begin() + block_alignment_bytes,
        segments.begin()->second.begin() + 2 * block_alignment_bytes);
    int places = 0;
    for_each_place([&](const std::string& path, std::uint64_t at, std::uint64_t bytes) {
        ++places;
        const std::vector<std::function<void()>> damages = {
            [&] { flip(path, at + 20); },
            [&] { flip(path, at + 100); },
            [&] { zero(path, at, block_alignment_bytes); },
            [&] { zero(path, at, bytes); },
            [&] {
                if (at != 0)
                    flip(path, at + sizeof(BlockHeader) + 5);
                else
                    flip(path, 8);
            },
            [&] {
                if (at != 0)
                    flip(path, at + bytes - 1);
                else
                    flip(path, 24);
            },
            [&] {
                auto& file = life.storage.bytes_of(path);
                if (file[at + 40] == other[40]) return zero(path, at, 8);  // it is that block
                std::copy(other.begin(), other.end(),
                          file.begin() + static_cast<std::ptrdiff_t>(at));
            }};
        for (std::size_t kind = 0; kind < damages.size(); ++kind) {
            damages[kind]();
            ASSERT_FALSE(changed().empty());
            const HealReport report = heal();
            EXPECT_EQ(changed(), "") << path << " " << at << " kind " << kind;
            ASSERT_EQ(report.healed.size(), 1U) << path << " " << at << " kind " << kind;
            EXPECT_TRUE(report.left.empty());
            EXPECT_EQ(report.healed[0].path, path);
            EXPECT_EQ(report.healed[0].offset_bytes, at);
            EXPECT_EQ(report.healed[0].bytes, bytes);
            EXPECT_TRUE(life.storage.exists(report.healed[0].quarantine_file));
            restore();
        }
    });
    EXPECT_GT(places, 20);
    EXPECT_TRUE(life.open());
    EXPECT_TRUE(is_prefix(life.replayed, life.written, life.written.size()));
}

TEST_F(Heal, a_flip_of_any_byte_is_healed_or_touches_nothing_that_is_used) {
    close();
    const std::size_t step = sanitized ? 1009 : 61;
    for (const auto& [path, bytes] : segments)
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            flip(path, at);
            const HealReport report = heal();
            EXPECT_TRUE(report.left.empty()) << path << " " << at;
            if (report.healed.empty()) {
                ASSERT_EQ(bytes[at], std::byte{0});
                flip(path, at);
            }
            ASSERT_EQ(changed(), "") << path << " " << at;
        }
}

TEST_F(Heal, what_can_still_be_read_here_needs_nobody_else) {
    close();
    const std::string path = first_segment();
    const std::uint64_t at = blocks_of(segments[path])[2];
    flip(path, at + 60);  // its header
    const HealReport report = heal(nowhere);
    ASSERT_EQ(report.healed.size(), 1U);
    EXPECT_FALSE(report.healed[0].fetched);
    EXPECT_EQ(changed(), "");
    flip(path, at + sizeof(BlockHeader) + 70);  // its first records
    const std::vector<std::byte> before = life.storage.bytes_of(path);
    const HealReport left = heal(nowhere);
    EXPECT_TRUE(left.healed.empty());
    ASSERT_EQ(left.left.size(), 1U);
    EXPECT_NE(left.left[0].find("nobody was asked"), std::string::npos) << left.left[0];
    EXPECT_EQ(life.storage.bytes_of(path), before);
}

TEST_F(Heal, several_damages_are_healed_one_after_the_other) {
    close();
    std::size_t damaged = 0;
    for_each_place([&](const std::string& path, std::uint64_t at, std::uint64_t bytes) {
        if (at == 0) return;
        // the header of every other one, something inside of those between
        flip(path, damaged++ % 2 == 0 ? at + 33 : at + bytes / 2);
    });
    const HealReport report = heal();
    EXPECT_TRUE(report.left.empty()) << report.left.at(0);
    EXPECT_EQ(report.healed.size(), damaged);
    EXPECT_EQ(changed(), "");
}

TEST_F(Heal, where_nothing_says_how_the_blocks_lay_nothing_is_touched) {
    close();
    const std::string path = first_segment();
    const auto blocks = blocks_of(segments[path]);
    zero(path, blocks[1], blocks[4] - blocks[1]);
    const std::vector<std::byte> before = life.storage.bytes_of(path);
    const HealReport report = heal();
    EXPECT_TRUE(report.healed.empty());
    ASSERT_EQ(report.left.size(), 1U);
    EXPECT_NE(report.left[0].find("more than one block"), std::string::npos) << report.left[0];
    EXPECT_EQ(life.storage.bytes_of(path), before);
}

// Of the last block nobody knows the name: what stands behind or between must not be written over.
TEST_F(Heal, the_end_of_a_closed_journal_is_put_back_only_as_one_block) {
    close();
    std::string last;
    for (const auto& [name, bytes] : segments)
        if (blocks_of(bytes).size() >= 3) last = name;
    const auto blocks = blocks_of(segments[last]);
    const std::uint64_t end = blocks.back();
    const std::uint64_t second = blocks[blocks.size() - 2];
    const std::uint64_t third = blocks[blocks.size() - 3];
    const auto nothing_is_touched = [&] {
        const std::vector<std::byte> before = life.storage.bytes_of(last);
        const HealReport report = heal();
        const bool so = report.healed.empty() && report.left.size() == 1 &&
                        life.storage.bytes_of(last) == before;
        restore();
        return so;
    };
    zero(last, third, 64);
    zero(last, second, 64);
    EXPECT_TRUE(nothing_is_touched()) << "the last one is good";
    zero(last, second, 64);
    zero(last, end, 64);
    EXPECT_TRUE(nothing_is_touched()) << "two that are bad";
}

TEST_F(Heal, what_no_block_can_fill_is_said) {
    kill();
    for (auto segment = segments.begin(); segment != segments.end(); ++segment) {
        if (std::next(segment) == segments.end() || blocks_of(std::next(segment)->second).empty())
            continue;
        zero(segment->first, 0, segment->second.size());
        const HealReport report = heal();
        EXPECT_TRUE(report.healed.empty()) << segment->first;
        EXPECT_FALSE(report.left.empty()) << segment->first;
        restore();
    }
}

TEST_F(Heal, another_history_is_not_taken) {
    close();
    const std::string path = first_segment();
    const std::uint64_t at = blocks_of(segments[path])[2];
    flip(path, at + sizeof(BlockHeader) + 70);
    const std::vector<std::byte> before = life.storage.bytes_of(path);

    DirectoryOptions options = small_options("other");
    options.random = [] { return std::uint64_t{99}; };
    Life other(options);
    ASSERT_TRUE(other.open() && other.append_many(100, 300) && other.close().ok());
    ASSERT_TRUE(life.storage.make_directory("other").ok());
    ASSERT_TRUE(life.storage.make_directory("other/s0").ok());
    for (const std::string& file : other.storage.paths())
        if (other.storage.exists(file) && file.starts_with("other/"))
            life.storage.put_file(file, other.storage.bytes_of(file));
    EXPECT_EQ(heal(records_in(life.storage, "other")).left.size(), 1U);

    const FetchRecords honest = records_in(life.storage, "copy");
    for (const int lie : {0, 1, 2, 3}) {
        const HealReport report =
            heal([&](std::uint32_t shard, Position from, std::uint32_t checksum, Position to) {
                auto records = honest(shard, from, checksum, to);
                auto& bytes = records.value();
                if (lie == 0) bytes[70] ^= std::byte{1};
                if (lie == 1) bytes.resize(bytes.size() - 8);
                if (lie == 2) bytes.resize(bytes.size() + 4096);
                if (lie == 3) bytes.clear();
                return records;
            });
        EXPECT_TRUE(report.healed.empty()) << lie;
        EXPECT_EQ(report.left.size(), 1U) << lie;
        EXPECT_EQ(life.storage.bytes_of(path), before) << lie;
    }
}

// Records that chain on are not enough: a block is what the next one says it was.
TEST_F(Heal, a_block_is_put_back_only_under_the_name_that_is_known) {
    close();
    const std::string path = first_segment();
    const auto blocks = blocks_of(segments[path]);
    // The block behind names another one, and so does its hash.
    auto& file = life.storage.bytes_of(path);
    BlockHeader next{};
    std::memcpy(&next, file.data() + blocks[3], sizeof next);
    next.previous_hash ^= 1;
    next.header_hash = hash_of(next);
    std::memcpy(file.data() + blocks[3], &next, sizeof next);
    zero(path, blocks[2], 8);
    const std::vector<std::byte> before = file;
    const HealReport report = heal();
    EXPECT_TRUE(report.healed.empty());
    EXPECT_EQ(report.left.size(), 1U);
    EXPECT_EQ(life.storage.bytes_of(path), before);
}

TEST_F(Heal, the_last_block_of_a_killed_journal_is_known_by_the_snapshot_that_ends_with_it) {
    ASSERT_TRUE(life.snapshot().ok());
    kill();
    const std::string path = segments.rbegin()->first;
    std::string last = path;
    for (const auto& [name, bytes] : segments)
        if (!blocks_of(bytes).empty()) last = name;
    const std::uint64_t at = blocks_of(segments[last]).back();
    zero(last, at, block_at(last, at));
    const HealReport report = heal();
    ASSERT_EQ(report.healed.size(), 1U);
    EXPECT_EQ(changed(), "");
}

TEST_F(Heal, reaches_archived_segments) {
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(life.append_many(40, 300) && life.sync());
        ASSERT_TRUE(life.snapshot().ok());
    }
    ASSERT_TRUE(life.retain(Retention::archive).ok());
    close();
    const std::string path = first_segment();
    ASSERT_TRUE(path.starts_with("dir/archive/")) << path;
    const std::uint64_t at = blocks_of(segments[path])[3];
    zero(path, at, block_at(path, at));
    const HealReport report = heal();
    ASSERT_EQ(report.healed.size(), 1U);
    EXPECT_EQ(report.healed[0].path, path);
    EXPECT_EQ(changed(), "");
}

TEST_F(Heal, reaches_the_end_of_a_full_segment) {
    // Blocks of one page until no other fits.
    while (life.directory().journaler(0).counters().blocks.load() < 60)
        ASSERT_TRUE(life.append_many(12, 240) && life.sync());
    close();
    bool full = false;
    for (const auto& [path, bytes] : segments) {
        if (blocks_of(bytes).empty()) continue;
        const std::uint64_t at = blocks_of(bytes).back();
        full = full || at + block_at(path, at) == bytes.size();
        zero(path, at, 64);
        EXPECT_EQ(heal().healed.size(), 1U) << path;
        EXPECT_EQ(changed(), "");
    }
    EXPECT_TRUE(full);
}

TEST_F(Heal, a_torn_tail_is_left_to_the_next_opening) {
    kill();
    std::string last;
    for (const auto& [name, bytes] : segments)
        if (!blocks_of(bytes).empty()) last = name;
    const std::uint64_t at = blocks_of(segments[last]).back();
    const auto is_left = [&](const FetchRecords& fetch) {
        const std::vector<std::byte> before = life.storage.bytes_of(last);
        const HealReport report = heal(fetch);
        return report.healed.empty() && report.left.empty() &&
               life.storage.bytes_of(last) == before;
    };
    flip(last, at + sizeof(BlockHeader) + 70);
    EXPECT_TRUE(is_left(nowhere));
    // Its own header says what it was, if somebody still has that.
    EXPECT_EQ(heal().healed.size(), 1U);
    EXPECT_EQ(changed(), "");
    flip(last, at + sizeof(BlockHeader) + 70);
    zero(last, at, 8);
    EXPECT_TRUE(is_left(nowhere));
    EXPECT_TRUE(is_left(records_in(life.storage, "copy")));
}

TEST_F(Heal, who_has_it_open_keeps_it) {
    const auto report = heal_directory(life.storage, "dir", nowhere);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::locked);
}

TEST_F(Heal, dying_at_any_call_is_made_up_for_by_the_next_attempt) {
    close();
    const std::string path = first_segment();
    const auto blocks = blocks_of(segments[path]);
    const auto damage = [&] {
        zero(path, 0, 64);
        flip(path, blocks[1] + 200);
        zero(path, blocks[3], block_alignment_bytes);
    };
    damage();
    const std::uint64_t begun = life.storage.calls();
    EXPECT_EQ(heal().healed.size(), 3U);
    const std::uint64_t calls = life.storage.calls() - begun;
    ASSERT_GT(calls, 50U);
    for (std::uint64_t call = 1; call <= calls; call += sanitized ? 5 : 1) {
        restore();
        damage();
        life.storage.die_at_call(call);
        static_cast<void>(heal_directory(life.storage, "dir", records_in(life.storage, "copy")));
        life.storage.revive();
        life.storage.cut_power(Unsynced::every_other_sector);
        const HealReport report = heal();
        ASSERT_EQ(changed(), "") << "call " << call << (report.left.empty() ? "" : report.left[0]);
    }
}

}  // namespace
}  // namespace pawl::journal::testing
