// From an order's number to its slot: one flat table. Knows the pool's order numbers; no queue, no
// rules.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <vector>

#include "pawl/matching/detail/order.hpp"

namespace pawl::matching::detail {

// Buckets of one cache line: 15 slots of 24 bits, and a byte of each one's hash. All 15 bytes are
// compared at once, so that a look-up has no loop whose length a processor would have to guess; an
// order is looked at in the pool only when its byte agrees. What finds its bucket full goes to the
// next one, and every bucket counts whom it has sent on: a search ends at the first that has sent
// nobody. Nothing ever moves but when the table grows, so there are no tombstones. At most four
// fifths full; grows by a third, so that an order costs 5.3 to 7.1 bytes.
class OrderIndex {
public:
    explicit OrderIndex(std::pmr::memory_resource* memory) : buckets_(memory) {}

    std::size_t size() const noexcept { return size_; }
    std::size_t bytes() const noexcept { return buckets_.size() * sizeof(Bucket); }

    // The slot of the order `id`, or no_slot. `orders` is the pool. Remembers the place for take().
    Slot find(std::uint64_t id, const Order* orders) const noexcept {
        if (size_ == 0) return no_slot;
        const Home home = home_of(id);
        const Bucket& bucket = buckets_[home.bucket];
        for (std::uint32_t set = bucket.lanes_with(home.tag); set != 0; set &= set - 1) {
            const std::uint32_t lane = lowest(set);
            const Slot slot = bucket.slot(lane);
            if (orders[slot].id != id) [[unlikely]]
                continue;
            last_ = {id, home.bucket, lane};
            return slot;
        }
        if (bucket.sent_on == 0) [[likely]]
            return no_slot;
        const Place place = find_beyond(home, id, orders);
        return place.lane == none ? no_slot : buckets_[place.bucket].slot(place.lane);
    }

    // Adds the order `id` that stands in `slot`. Grows, and then allocates, when four fifths are
    // used.
    void insert(std::uint64_t id, Slot slot, const Order* orders) {
        if (size_ >= size_max_) [[unlikely]]
            grow(orders);
        put(home_of(id), slot);
        ++size_;
    }

    // Removes the order that stands in `slot`; nothing when it is not here.
    void erase(Slot slot, const Order* orders) noexcept;

    // Finds and removes in one search: the slot of the order `id`, or no_slot. No search at all
    // when it was the last one found.
    Slot take(std::uint64_t id, const Order* orders) noexcept {
        if (last_.id == id && id != 0) [[likely]] {
            const Slot slot = buckets_[last_.bucket].slot(last_.lane);
            clear_lane(last_.bucket, last_.lane);
            return slot;
        }
        const Slot slot = find(id, orders);
        if (slot != no_slot) erase(slot, orders);
        return slot;
    }

    // What find() will read of this number, fetched.
    void fetch(std::uint64_t id) const noexcept {
        if (size_ != 0) detail::fetch(&buckets_[home_of(id).bucket]);
    }
    // Where this number stands most likely, without a look at the pool.
    Slot guess(std::uint64_t id) const noexcept {
        if (size_ == 0) return no_slot;
        const Home home = home_of(id);
        const Bucket& bucket = buckets_[home.bucket];
        const std::uint32_t set = bucket.lanes_with(home.tag);
        return set != 0 ? bucket.slot(lowest(set)) : no_slot;
    }

    // Takes memory for `count` orders now.
    void reserve(std::size_t count, const Order* orders);

    void clear() noexcept;

private:
    static constexpr std::uint32_t lane_count = 15;
    static constexpr std::uint32_t none = lane_count;
    static constexpr std::uint8_t sent_on_max = 0xFF;

    struct alignas(64) Bucket {
        std::uint8_t tags[15];   // a byte of the hash, never 0; 0 = free
        std::uint8_t sent_on;    // orders that found no room here; at its most it stays there
        std::uint8_t slots[48];  // 24 bits each

        // A bit per lane with this tag.
        std::uint32_t lanes_with(std::uint8_t tag) const noexcept {
            constexpr std::uint32_t all = (1U << lane_count) - 1;
#if defined(__SSE2__)
            typedef char Tags __attribute__((vector_size(16)));
            Tags here;
            std::memcpy(&here, this, sizeof here);  // the sixteenth is not asked about
            const Tags same = reinterpret_cast<Tags>(here == static_cast<char>(tag));
            return static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(same)) & all;
#else
            std::uint32_t found = 0;
            for (std::uint32_t lane = 0; lane < lane_count; ++lane)
                found |= static_cast<std::uint32_t>(tags[lane] == tag) << lane;
            return found & all;
#endif
        }
        Slot slot(std::uint32_t lane) const noexcept {
            std::uint16_t low = 0;
            std::memcpy(&low, slots + 3 * lane, sizeof low);
            return low | static_cast<Slot>(slots[3 * lane + 2]) << 16;
        }
        void set(std::uint32_t lane, std::uint8_t tag, Slot slot) noexcept {
            const auto low = static_cast<std::uint16_t>(slot);
            std::memcpy(slots + 3 * lane, &low, sizeof low);
            slots[3 * lane + 2] = static_cast<std::uint8_t>(slot >> 16);
            tags[lane] = tag;
        }
    };
    static_assert(sizeof(Bucket) == 64);

    struct Home {
        std::uint32_t bucket;
        std::uint8_t tag;
    };
    struct Place {
        std::uint32_t bucket;
        std::uint32_t lane;  // none: nowhere
    };
    // Where an order stands in its own bucket. Holds until it leaves or the table grows.
    struct Found {
        std::uint64_t id = 0;  // 0: nobody was found
        std::uint32_t bucket = 0;
        std::uint32_t lane = 0;
    };

    static std::uint32_t lowest(std::uint32_t set) noexcept {
        return static_cast<std::uint32_t>(std::countr_zero(set));
    }
    Home home_of(std::uint64_t id) const noexcept {
        const std::uint64_t hash = (id ^ id >> 32) * 0x9E37'79B9'7F4A'7C15ULL;
        const auto tag = static_cast<std::uint8_t>(hash >> 24);
        return {static_cast<std::uint32_t>((hash >> 32) * bucket_count_ >> 32),
                static_cast<std::uint8_t>(tag + (tag == 0 ? 1 : 0))};
    }
    std::uint32_t after(std::uint32_t bucket) const noexcept {
        return bucket + 1 == bucket_count_ ? 0 : bucket + 1;
    }
    void put(Home home, Slot slot) noexcept {
        Bucket& bucket = buckets_[home.bucket];
        const std::uint32_t free = bucket.lanes_with(0);
        if (free != 0) [[likely]]
            bucket.set(lowest(free), home.tag, slot);
        else
            put_beyond(home, slot);
    }
    void clear_lane(std::uint32_t bucket, std::uint32_t lane) noexcept {
        buckets_[bucket].tags[lane] = 0;
        --size_;
        last_.id = 0;
    }
    Place find_beyond(Home home, std::uint64_t id, const Order* orders) const noexcept;
    void erase_beyond(Home home, Slot slot) noexcept;
    void put_beyond(Home home, Slot slot) noexcept;
    void grow(const Order* orders);
    void rebuild(std::size_t buckets, const Order* orders);

    std::pmr::vector<Bucket> buckets_;
    std::uint64_t bucket_count_ = 0;
    std::size_t size_ = 0;
    std::size_t size_max_ = 0;  // of so many buckets
    mutable Found last_;
};

inline void OrderIndex::erase(Slot slot, const Order* orders) noexcept {
    if (size_ == 0) return;
    const Home home = home_of(orders[slot].id);
    const Bucket& bucket = buckets_[home.bucket];
    for (std::uint32_t set = bucket.lanes_with(home.tag); set != 0; set &= set - 1)
        if (bucket.slot(lowest(set)) == slot) return clear_lane(home.bucket, lowest(set));
    if (bucket.sent_on != 0) erase_beyond(home, slot);
}

}  // namespace pawl::matching::detail
