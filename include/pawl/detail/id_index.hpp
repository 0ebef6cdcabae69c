// Id -> place, for ids that stay for good. Knows neither what lies there nor who asks.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <utility>
#include <vector>

#include "pawl/detail/assert.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// Open addressing, at most three quarters full. It grows in small steps: with each id that comes, a
// little of a table of twice the size is cleared, then filled, then a little of the old one given
// back. So no id takes long, however many there are. Of an id it keeps 32 bits of its hash, and so
// asks whether a place is the id's. One thread.
class IdIndex {
public:
    static constexpr std::uint32_t nowhere = 0xFFFF'FFFF;
    static constexpr std::uint64_t ids_max = std::uint64_t{3} << 30U;

    explicit IdIndex(std::pmr::memory_resource* memory)
        : memory_(memory), table_(memory), next_(memory), old_(memory) {
        table_.set_size(size_min);
        table_.blocks.reserve(1);
        table_.blocks.push_back(new_block(size_min));
        clear(table_.blocks.front(), size_min);
    }
    IdIndex(const IdIndex&) = delete;
    IdIndex& operator=(const IdIndex&) = delete;
    ~IdIndex() {
        for (Table* table : {&table_, &next_, &old_})
            while (!table->blocks.empty()) drop_block(*table);
    }

    // Its place, for which is_its(place) is true; nowhere: it has not come yet.
    template <class IsIts>
    std::uint32_t find(Id id, IsIts&& is_its) const noexcept {
        const std::uint32_t mark = mark_of(id);
        for (std::size_t i = table_.home(mark);; i = table_.after(i)) {
            const Entry& entry = table_.at(i);
            if (entry.place == nowhere) return nowhere;
            if (entry.mark == mark && is_its(entry.place)) return entry.place;
        }
    }
    // The first place that may be the id's, for who looks there later: another one's in one of
    // 2^32 cases for each id that is there. nowhere: it has not come yet.
    std::uint32_t guess(Id id) const noexcept {
        return find(id, [](std::uint32_t) { return true; });
    }
    // Where find() will look first.
    const void* first_look(Id id) const noexcept { return &table_.at(table_.home(mark_of(id))); }

    // Before each insert(): the one thing that allocates. What it throws leaves everything as it
    // was.
    void make_room() {
        PAWL_ASSERT(count_ < ids_max && "an index has room for 3 * 2^30 ids: use more shards");
        if (!old_.blocks.empty() && count_ % ids_per_drop == 0) drop_block(old_);
        if (count_ * 8 < table_.size * 5 || table_.size == size_max) return;
        if (table_.size < block_entries)
            double_at_once();
        else if (cleared_ < table_.size * 2)
            clear_some();
        else
            fill_some();
    }
    // An id that is not there.
    void insert(Id id, std::uint32_t place) noexcept {
        PAWL_ASSERT(place != nowhere && count_ * 4 < table_.size * 3);
        const Entry entry{mark_of(id), place};
        const std::size_t at = table_.put(entry);
        if (at < filled_) next_.put(entry);  // the filling has passed it
        ++count_;
    }

private:
    struct alignas(8) Entry {  // never on two cache lines
        std::uint32_t mark;
        std::uint32_t place;  // nowhere: free
    };
    static constexpr std::size_t size_min = 64;
    static constexpr std::size_t size_max = std::size_t{1} << 32U;  // no mark is a home beyond it
    static constexpr std::size_t block_entries = 8192;  // 64 KiB: allocated and given back as one
    // With each id. From five eighths on: each of the two takes a sixteenth of the size.
    static constexpr std::size_t entries_cleared = 32;
    static constexpr std::size_t entries_filled = 16;
    static constexpr std::size_t ids_per_drop = 8;

    // The upper half of the hash. Its own upper bits are the home, in a table of any size, so a
    // table is filled from another one without its ids.
    static std::uint32_t mark_of(Id id) noexcept {
        return static_cast<std::uint32_t>((id * 0x9E3779B97F4A7C15ULL) >> 32U);
    }

    // Several blocks; one that is smaller, or not all of them yet.
    struct Table {
        explicit Table(std::pmr::memory_resource* memory) : blocks(memory) {}
        std::size_t size = 0;  // entries: a power of two
        int shift = 0;         // what is left of 32 bits are as many as size has
        std::pmr::vector<Entry*> blocks;

        Entry& at(std::size_t i) const noexcept {
            return blocks[i / block_entries][i % block_entries];
        }
        std::size_t home(std::uint32_t mark) const noexcept { return mark >> shift; }
        void set_size(std::size_t entries) noexcept {
            size = entries;
            shift = 32 - std::countr_zero(entries);
        }
        std::size_t after(std::size_t i) const noexcept { return (i + 1) & (size - 1); }
        std::size_t put(const Entry& entry) noexcept {
            std::size_t i = home(entry.mark);
            while (at(i).place != nowhere) i = after(i);
            at(i) = entry;
            return i;
        }
        std::size_t block_size() const noexcept { return std::min(size, block_entries); }
    };

    Entry* new_block(std::size_t entries) {
        return static_cast<Entry*>(memory_->allocate(entries * sizeof(Entry), alignof(Entry)));
    }
    static void clear(Entry* entries, std::size_t count) noexcept {
        std::memset(static_cast<void*>(entries), 0xFF, count * sizeof(Entry));
    }
    void drop_block(Table& table) noexcept {
        memory_->deallocate(table.blocks.back(), table.block_size() * sizeof(Entry),
                            alignof(Entry));
        table.blocks.pop_back();
        if (table.blocks.empty()) table.blocks.shrink_to_fit();
    }

    void double_at_once() {
        Table twice(memory_);
        twice.blocks.reserve(1);
        twice.set_size(table_.size * 2);
        twice.blocks.push_back(new_block(twice.size));
        clear(twice.blocks.front(), twice.size);
        for (std::size_t i = 0; i < table_.size; ++i)
            if (table_.at(i).place != nowhere) twice.put(table_.at(i));
        std::swap(table_, twice);
        drop_block(twice);
    }
    void clear_some() {
        if (cleared_ == 0) {
            PAWL_ASSERT(old_.blocks.empty());
            next_.blocks.reserve(table_.size * 2 / block_entries);
            next_.set_size(table_.size * 2);
        }
        if (cleared_ % block_entries == 0) next_.blocks.push_back(new_block(block_entries));
        clear(&next_.at(cleared_), entries_cleared);
        cleared_ += entries_cleared;
    }
    void fill_some() noexcept {
        for (const std::size_t end = filled_ + entries_filled; filled_ < end; ++filled_)
            if (table_.at(filled_).place != nowhere) next_.put(table_.at(filled_));
        if (filled_ != table_.size) return;
        std::swap(old_, table_);
        std::swap(table_, next_);
        cleared_ = filled_ = 0;
    }

    std::pmr::memory_resource* memory_;
    Table table_;  // all ids
    Table next_;   // of twice the size: the entries of table_ below filled_
    Table old_;    // what is left of it
    std::size_t count_ = 0;
    std::size_t cleared_ = 0;  // entries of next_
    std::size_t filled_ = 0;
};

}  // namespace pawl::detail
