// Id -> address, for ids that stay for good. Knows neither what lies there nor who asks.
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
// back. So no id takes long, however many there are. One thread.
class IdIndex {
public:
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

    // Null: it has not come yet.
    void* find(Id id) const noexcept {
        for (std::size_t i = table_.home(id);; i = table_.after(i)) {
            const Entry& entry = table_.at(i);
            if (entry.what == nullptr) return nullptr;
            if (entry.id == id) return entry.what;
        }
    }
    // Where find() will look first.
    const void* first_look(Id id) const noexcept { return &table_.at(table_.home(id)); }

    // Before each insert(): the one thing that allocates. What it throws leaves everything as it
    // was.
    void make_room() {
        if (!old_.blocks.empty() && count_ % ids_per_drop == 0) drop_block(old_);
        if (count_ * 8 < table_.size * 5) return;
        if (table_.size < block_entries)
            double_at_once();
        else if (cleared_ < table_.size * 2)
            clear_some();
        else
            fill_some();
    }
    // An id that is not there. `what` is not null.
    void insert(Id id, void* what) noexcept {
        PAWL_ASSERT(what != nullptr && count_ * 4 < table_.size * 3);
        const std::size_t at = table_.put({id, what});
        if (at < filled_) next_.put({id, what});  // the filling has passed it
        ++count_;
    }

private:
    struct alignas(16) Entry {  // never on two cache lines
        Id id;
        void* what;  // null: free
    };
    static constexpr std::size_t size_min = 64;
    static constexpr std::size_t block_entries = 4096;  // 64 KiB: allocated and given back as one
    // With each id. From five eighths on: each of the two takes a sixteenth of the size.
    static constexpr std::size_t entries_cleared = 32;
    static constexpr std::size_t entries_filled = 16;
    static constexpr std::size_t ids_per_drop = 8;

    // Several blocks; one that is smaller, or not all of them yet.
    struct Table {
        explicit Table(std::pmr::memory_resource* memory) : blocks(memory) {}
        std::size_t size = 0;  // entries: a power of two
        int shift = 0;         // what is left of 64 bits are as many as size has
        std::pmr::vector<Entry*> blocks;

        Entry& at(std::size_t i) const noexcept {
            return blocks[i / block_entries][i % block_entries];
        }
        std::size_t home(Id id) const noexcept {
            return static_cast<std::size_t>((id * 0x9E3779B97F4A7C15ULL) >> shift);
        }
        void set_size(std::size_t entries) noexcept {
            size = entries;
            shift = 64 - std::countr_zero(entries);
        }
        std::size_t after(std::size_t i) const noexcept { return (i + 1) & (size - 1); }
        std::size_t put(const Entry& entry) noexcept {
            std::size_t i = home(entry.id);
            while (at(i).what != nullptr) i = after(i);
            at(i) = entry;
            return i;
        }
        std::size_t block_size() const noexcept { return std::min(size, block_entries); }
    };

    Entry* new_block(std::size_t entries) {
        return static_cast<Entry*>(memory_->allocate(entries * sizeof(Entry), alignof(Entry)));
    }
    static void clear(Entry* entries, std::size_t count) noexcept {
        std::memset(static_cast<void*>(entries), 0, count * sizeof(Entry));
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
            if (table_.at(i).what != nullptr) twice.put(table_.at(i));
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
            if (table_.at(filled_).what != nullptr) next_.put(table_.at(filled_));
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
