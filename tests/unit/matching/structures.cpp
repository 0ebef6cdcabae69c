// The book's parts, each beside the obvious container: index, fills, ladder, division.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <unordered_map>
#include <vector>

#include "pawl/matching/detail/exact_divisor.hpp"
#include "pawl/matching/detail/fill_table.hpp"
#include "pawl/matching/detail/order_index.hpp"
#include "pawl/matching/detail/price_ladder.hpp"

namespace pawl::matching::detail {
namespace {

// Numbers whose product with the hash's constant begins with the same bits: all want the same
// place.
std::uint64_t crowding(std::uint64_t i) {
    std::uint64_t inverse = 0x9E37'79B9'7F4A'7C15ULL;
    for (int round = 0; round < 6; ++round) inverse *= 2 - 0x9E37'79B9'7F4A'7C15ULL * inverse;
    const std::uint64_t id = (i + 1) * inverse;  // the product is i + 1: high bits all zero
    return id ^ id >> 32;                        // undo the index's first step
}

template <class Number>
void index_against_a_map(Number number, std::size_t count, int steps) {
    std::vector<Order> orders(count + 1);
    OrderIndex index(std::pmr::get_default_resource());
    std::unordered_map<std::uint64_t, Slot> model;
    for (Slot slot = 1; slot <= count; ++slot) orders[slot].id = number(slot);
    std::mt19937_64 chance(1);
    for (int i = 0; i < steps; ++i) {
        const auto slot = static_cast<Slot>(1 + chance() % count);
        const std::uint64_t id = orders[slot].id;
        ASSERT_EQ(index.find(id, orders.data()), model.contains(id) ? model[id] : no_slot) << i;
        if (model.contains(id)) {
            if (i % 2 == 0) {
                index.erase(slot, orders.data());
            } else {
                ASSERT_EQ(index.take(id, orders.data()), slot);
            }
            model.erase(id);
        } else {
            index.insert(id, slot, orders.data());
            model[id] = slot;
        }
        ASSERT_EQ(index.size(), model.size());
    }
    for (Slot slot = 1; slot <= count; ++slot)
        ASSERT_EQ(index.find(orders[slot].id, orders.data()) != no_slot,
                  model.contains(orders[slot].id));
}

TEST(TheOrderIndex, finds_what_a_map_finds) {
    index_against_a_map([](std::uint64_t i) { return i; }, 5'000, 100'000);
    index_against_a_map([](std::uint64_t i) { return i << 40; }, 5'000, 100'000);
    std::mt19937_64 chance(7);
    index_against_a_map([&chance](std::uint64_t) { return chance() | 1; }, 3'000, 100'000);
}

TEST(TheOrderIndex, finds_them_too_when_all_crowd_at_one_place) {
    index_against_a_map(crowding, 1'500, 20'000);
}

TEST(TheOrderIndex, forgets_what_it_found_when_it_is_gone_or_the_table_has_grown) {
    std::vector<Order> orders(1'001);
    OrderIndex index(std::pmr::get_default_resource());
    for (Slot slot = 1; slot <= 1'000; ++slot) orders[slot].id = slot * 7'919;
    const auto insert = [&](Slot slot) { index.insert(orders[slot].id, slot, orders.data()); };
    insert(1);
    for (Slot slot = 2; slot <= 1'000; ++slot) {
        const Slot before = slot - 1;
        ASSERT_EQ(index.find(orders[before].id, orders.data()), before);
        insert(slot);  // now and then the table grows
        ASSERT_EQ(index.take(orders[before].id, orders.data()), before);
        ASSERT_EQ(index.take(orders[before].id, orders.data()), no_slot);
        insert(before);
    }
    ASSERT_EQ(index.find(orders[7].id, orders.data()), 7u);
    index.erase(7, orders.data());
    EXPECT_EQ(index.take(orders[7].id, orders.data()), no_slot);
    EXPECT_EQ(index.size(), 999u);
    EXPECT_EQ(index.find(orders[8].id, orders.data()), 8u);
    index.clear();
    EXPECT_EQ(index.take(orders[8].id, orders.data()), no_slot);
    EXPECT_EQ(index.take(0, orders.data()), no_slot);
}

TEST(TheOrderIndex, costs_eight_bytes_an_order_at_most) {
    std::vector<Order> orders(100'001);
    OrderIndex index(std::pmr::get_default_resource());
    for (Slot slot = 1; slot <= 100'000; ++slot) {
        orders[slot].id = slot;
        index.insert(slot, slot, orders.data());
        if (slot < 100) continue;
        ASSERT_LE(index.bytes(), 8 * index.size() + 64) << slot;
    }
}

TEST(TheOrderIndex, has_room_reserved_without_moving) {
    std::vector<Order> orders(1'001);
    OrderIndex index(std::pmr::get_default_resource());
    index.reserve(1'000, orders.data());
    const std::size_t bytes = index.bytes();
    for (Slot slot = 1; slot <= 1'000; ++slot) {
        orders[slot].id = slot;
        index.insert(slot, slot, orders.data());
    }
    EXPECT_EQ(index.bytes(), bytes);
}

TEST(TheFillTable, keeps_what_a_map_keeps) {
    FillTable table(std::pmr::get_default_resource());
    std::unordered_map<Slot, std::uint64_t> model;
    std::mt19937_64 chance(2);
    for (int i = 0; i < 200'000; ++i) {
        const auto slot = static_cast<Slot>(1 + chance() % 300);
        if (chance() % 2 == 0) {
            table.erase(slot);
            model.erase(slot);
        } else {
            const std::uint64_t lots = chance() | 1;
            table.set(slot, lots);
            model[slot] = lots;
        }
        const auto other = static_cast<Slot>(1 + chance() % 300);
        ASSERT_EQ(table.find(other), model.contains(other) ? model[other] : 0) << i;
        ASSERT_EQ(table.size(), model.size());
    }
}

// Keys around a centre that jumps: inside the array, at its edges, far away, at the ends of the
// range.
void ladder_against_a_map(std::uint64_t seed, std::uint32_t spread, std::uint32_t jump) {
    PriceLadder ladder(std::pmr::get_default_resource());
    std::map<std::uint32_t, LevelNumber> model;
    std::map<LevelNumber, std::uint32_t> keys;
    std::mt19937_64 chance(seed);
    std::uint32_t centre = 0x8000'0000;
    const auto number = [](auto at, const auto& end) { return at == end ? no_level : at->second; };
    for (std::uint32_t i = 0; i < 60'000; ++i) {
        if (i % 500 == 0) centre += static_cast<std::uint32_t>(chance() % (2 * jump + 1)) - jump;
        if (i == 40'000) centre = 0;
        if (i == 50'000) centre = 0xFFFF'FFFF;
        const std::uint32_t key = centre + static_cast<std::uint32_t>(chance() % spread);
        const LevelNumber fresh = 1 + i % 60'000;
        const bool busy = model.size() > 300;
        if (const auto at = model.find(key); at != model.end()) {
            ladder.erase(key);
            model.erase(at);
        } else if (busy) {
            const auto victim = chance() % 4 == 0 ? std::prev(model.end()) : model.begin();
            ladder.erase(victim->first);
            model.erase(victim);
        } else {
            ladder.insert(key, fresh);
            model[key] = fresh;
        }
        ASSERT_EQ(ladder.best(), number(model.begin(), model.end())) << i;
        ASSERT_EQ(ladder.find(key), number(model.find(key), model.end())) << i;
        ASSERT_EQ(ladder.reached_by(key), !model.empty() && model.begin()->first <= key) << i;
        if (model.empty()) continue;
        const auto some = std::next(model.begin(), static_cast<long>(chance() % model.size()));
        ASSERT_EQ(ladder.next_worse(some->first), number(std::next(some), model.end())) << i;
        ASSERT_EQ(ladder.next_better(some->first),
                  some == model.begin() ? no_level : std::prev(some)->second)
            << i;
    }
}

TEST(ThePriceLadder, keeps_what_a_sorted_map_keeps) {
    ladder_against_a_map(1, 200, 50);
    ladder_against_a_map(2, 4'096, 5'000);
    ladder_against_a_map(3, 100'000, 2'000'000);
    ladder_against_a_map(4, 0x7FFF'FFFF, 0x3FFF'FFFF);
}

TEST(ExactDivision, agrees_with_division) {
    std::mt19937_64 chance(3);
    for (const std::uint32_t divisor :
         {1U, 2U, 3U, 7U, 100U, 96U, 12'345U, 0x8000'0000U, 0xFFFF'FFFFU, 4'000'000'000U}) {
        const ExactDivisor exact(divisor);
        const auto d = static_cast<std::int64_t>(divisor);
        for (int i = 0; i < 20'000; ++i) {
            const auto quotient = static_cast<std::int32_t>(chance());
            if (quotient == INT32_MIN) continue;
            ASSERT_TRUE(exact.divides(quotient * d));
            ASSERT_EQ(exact.quotient(quotient * d), quotient);
            const auto any = static_cast<std::int64_t>(chance() >> chance() % 64);
            const bool fits = any % d == 0 && any / d <= INT32_MAX && any / d > INT32_MIN;
            ASSERT_EQ(exact.divides(any), fits) << any << " / " << d;
        }
        for (const std::int64_t edge : {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1}) {
            const bool fits = edge % d == 0 && edge / d <= INT32_MAX && edge / d > INT32_MIN;
            ASSERT_EQ(exact.divides(edge), fits) << edge << " / " << d;
        }
    }
}

}  // namespace
}  // namespace pawl::matching::detail
