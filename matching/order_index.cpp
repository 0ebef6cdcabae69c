// The order index grows here, and finds what did not find room in its bucket. Knows the pool's
// order numbers; no queue, no rules.
#include "pawl/matching/detail/order_index.hpp"

#include <algorithm>
#include <utility>

namespace pawl::matching::detail {

namespace {
constexpr std::size_t buckets_min = 8;
// Of 15. With 13 a table of random numbers sends one in nine on.
constexpr std::size_t used_max = 12;
}  // namespace

OrderIndex::Place OrderIndex::find_beyond(Home home, std::uint64_t id,
                                          const Order* orders) const noexcept {
    std::uint32_t at = home.bucket;
    for (std::size_t seen = 1; seen < buckets_.size() && buckets_[at].sent_on != 0; ++seen) {
        at = after(at);
        const Bucket& bucket = buckets_[at];
        for (std::uint32_t set = bucket.lanes_with(home.tag); set != 0; set &= set - 1)
            if (orders[bucket.slot(lowest(set))].id == id) return {at, lowest(set)};
    }
    return {0, none};
}

void OrderIndex::erase_beyond(Home home, Slot slot) noexcept {
    std::uint32_t at = home.bucket;
    for (std::size_t seen = 1; seen < buckets_.size() && buckets_[at].sent_on != 0; ++seen) {
        at = after(at);
        const Bucket& bucket = buckets_[at];
        for (std::uint32_t set = bucket.lanes_with(home.tag); set != 0; set &= set - 1) {
            if (bucket.slot(lowest(set)) != slot) continue;
            for (std::uint32_t passed = home.bucket; passed != at; passed = after(passed))
                if (buckets_[passed].sent_on != sent_on_max) --buckets_[passed].sent_on;
            return clear_lane(at, lowest(set));
        }
    }
}

// There is room: at most four fifths are used.
void OrderIndex::put_beyond(Home home, Slot slot) noexcept {
    std::uint32_t at = home.bucket;
    std::uint32_t free = 0;
    do {
        if (buckets_[at].sent_on != sent_on_max) ++buckets_[at].sent_on;
        at = after(at);
        free = buckets_[at].lanes_with(0);
    } while (free == 0);
    buckets_[at].set(lowest(free), home.tag, slot);
}

void OrderIndex::grow(const Order* orders) {
    rebuild(std::max(buckets_min, buckets_.size() + buckets_.size() / 3), orders);
}

void OrderIndex::reserve(std::size_t count, const Order* orders) {
    const std::size_t buckets = std::max(buckets_min, (count + used_max - 1) / used_max);
    if (buckets > buckets_.size()) rebuild(buckets, orders);
}

void OrderIndex::rebuild(std::size_t buckets, const Order* orders) {
    std::pmr::vector<Bucket> old(buckets, Bucket{}, buckets_.get_allocator());
    std::swap(buckets_, old);
    bucket_count_ = buckets;
    size_max_ = buckets * used_max;
    last_ = {};
    for (const Bucket& bucket : old)
        for (std::uint32_t lane = 0; lane < lane_count; ++lane)
            if (bucket.tags[lane] != 0) {
                const Slot slot = bucket.slot(lane);
                put(home_of(orders[slot].id), slot);
            }
}

void OrderIndex::clear() noexcept {
    std::fill(buckets_.begin(), buckets_.end(), Bucket{});
    size_ = 0;
    last_ = {};
}

}  // namespace pawl::matching::detail
