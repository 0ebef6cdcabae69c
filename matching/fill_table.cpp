// The map from slot to filled lots. Knows slots; no order, no queue.
#include "pawl/matching/detail/fill_table.hpp"

#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::matching::detail {

std::size_t FillTable::place_of(Slot slot) const noexcept {
    std::size_t place = home(slot);
    while (entries_[place].slot != slot && entries_[place].slot != no_slot)
        place = (place + 1) & (entries_.size() - 1);
    return place;
}

std::uint64_t FillTable::find(Slot slot) const noexcept {
    if (size_ == 0) return 0;
    const Entry& entry = entries_[place_of(slot)];
    return entry.slot == slot ? entry.lots : 0;
}

void FillTable::set(Slot slot, std::uint64_t lots) {
    PAWL_ASSERT(slot != no_slot);
    if ((size_ + 1) * 2 > entries_.size()) {
        std::pmr::vector<Entry> old(entries_.empty() ? 16 : entries_.size() * 2, Entry{no_slot, 0},
                                    entries_.get_allocator());
        std::swap(entries_, old);
        for (const Entry& entry : old)
            if (entry.slot != no_slot) entries_[place_of(entry.slot)] = entry;
    }
    Entry& entry = entries_[place_of(slot)];
    if (entry.slot == no_slot) ++size_;
    entry = {slot, lots};
}

void FillTable::erase(Slot slot) noexcept {
    if (size_ == 0) return;
    const std::size_t mask = entries_.size() - 1;
    std::size_t hole = place_of(slot);
    if (entries_[hole].slot == no_slot) return;
    for (std::size_t place = (hole + 1) & mask; entries_[place].slot != no_slot;
         place = (place + 1) & mask) {
        // may move into the hole unless its home lies between the hole and where it is
        const std::size_t from_home = (place - home(entries_[place].slot)) & mask;
        if (from_home >= ((place - hole) & mask)) {
            entries_[hole] = entries_[place];
            hole = place;
        }
    }
    entries_[hole] = {no_slot, 0};
    --size_;
}

void FillTable::clear() noexcept {
    for (Entry& entry : entries_) entry = {no_slot, 0};
    size_ = 0;
}

}  // namespace pawl::matching::detail
