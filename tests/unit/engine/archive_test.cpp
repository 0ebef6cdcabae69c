// What snapshot() shows, saved and loaded again; and bytes that nobody saved. Knows archives only.
#include "pawl/archive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pawl::detail {
namespace {

struct Memory final : ByteSink, ByteSource {
    bool write(const std::byte* from, std::size_t size) noexcept override {
        if (full) return false;
        bytes.insert(bytes.end(), from, from + size);
        return true;
    }
    bool read(std::byte* to, std::size_t size) noexcept override {
        if (broken || size > left()) return false;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, to);
        at += size;
        return true;
    }
    std::uint64_t left() const noexcept override { return bytes.size() - at; }

    std::vector<std::byte> bytes;
    std::size_t at = 0;
    bool full = false;
    bool broken = false;
};

struct Shelf {
    std::vector<std::uint32_t> small;
    std::vector<std::string> words;
    template <class Archive>
    void snapshot(Archive& archive) {
        const std::size_t smalls = archive.count(small.size());
        if constexpr (Archive::loading) small.resize(smalls);
        for (std::uint32_t& one : small) archive.value(one);
        const std::size_t count = archive.count(words.size());
        if constexpr (Archive::loading) words.resize(count);
        for (std::string& word : words) {
            const std::size_t size = archive.count(word.size());
            if constexpr (Archive::loading) word.resize(size);
            archive.bytes(word.data(), word.size());
        }
    }
    friend bool operator==(const Shelf&, const Shelf&) = default;
};

Shelf any_shelf(std::uint64_t seed, std::size_t about) {
    std::mt19937_64 chance(seed);
    Shelf shelf;
    for (std::size_t i = chance() % about; i != 0; --i)
        shelf.small.push_back(static_cast<std::uint32_t>(chance()));
    for (std::size_t i = chance() % 40; i != 0; --i)
        shelf.words.emplace_back(chance() % (about + 1), static_cast<char>('a' + chance() % 26));
    return shelf;
}

void save(Shelf& shelf, Memory& to) {
    SaveArchive archive(to);
    shelf.snapshot(archive);
    archive.flush();
    ASSERT_FALSE(archive.failed());
    ASSERT_EQ(archive.bytes_done(), to.bytes.size());
}

static_assert(Snapshots<Shelf, SaveArchive> && Snapshots<Shelf, LoadArchive>);

TEST(AnArchive, gives_back_what_it_was_shown_whatever_its_size) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Shelf shelf = any_shelf(seed, seed % 2 == 0 ? 20 : 3 * archive_chunk_bytes / 4);
        Memory memory;
        save(shelf, memory);
        Shelf loaded;
        LoadArchive archive(memory);
        loaded.snapshot(archive);
        EXPECT_FALSE(archive.failed());
        EXPECT_EQ(archive.left(), 0U);
        EXPECT_TRUE(loaded == shelf) << seed;
    }
}

TEST(AnArchive, of_bytes_that_end_early_yields_nothing_and_says_so) {
    Shelf shelf = any_shelf(3, 50);
    Memory whole;
    save(shelf, whole);
    for (std::size_t end = 0; end < whole.bytes.size(); ++end) {
        Memory cut;
        cut.bytes.assign(whole.bytes.begin(),
                         whole.bytes.begin() + static_cast<std::ptrdiff_t>(end));
        Shelf loaded;
        LoadArchive archive(cut);
        loaded.snapshot(archive);
        EXPECT_TRUE(archive.failed()) << end;
        EXPECT_EQ(archive.left(), 0U);
        std::uint64_t more = 7;
        archive.value(more);
        EXPECT_EQ(more, 0U);
        EXPECT_EQ(archive.count(9), 0U);
    }
}

TEST(AnArchive, never_believes_a_count_that_its_bytes_cannot_hold) {
    std::mt19937_64 chance(5);
    for (int i = 0; i < 2'000; ++i) {
        Memory memory;
        memory.bytes.resize(8 + chance() % 200);
        for (std::byte& byte : memory.bytes) byte = static_cast<std::byte>(chance() >> 8);
        Shelf loaded;
        LoadArchive archive(memory);
        loaded.snapshot(archive);  // would not come back if it did
        EXPECT_LE(loaded.small.size(), memory.bytes.size());
        EXPECT_LE(loaded.words.size(), memory.bytes.size());
    }
}

TEST(AnArchive, says_when_its_sink_or_its_source_gave_up) {
    Shelf shelf = any_shelf(3, 5'000);
    Memory full;
    full.full = true;
    SaveArchive saving(full);
    shelf.snapshot(saving);
    saving.flush();
    EXPECT_TRUE(saving.failed());
    EXPECT_TRUE(full.bytes.empty());

    Memory memory;
    save(shelf, memory);
    memory.broken = true;
    LoadArchive loading(memory);
    Shelf loaded;
    loaded.snapshot(loading);
    EXPECT_TRUE(loading.failed());
    EXPECT_TRUE(loaded == Shelf{});
}

}  // namespace
}  // namespace pawl::detail
