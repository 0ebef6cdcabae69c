// How one state's change gets into a carried hash: at once, or put off until somebody asks when the
// state is large. Knows slots; no event, no record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "pawl/detail/reflect.hpp"
#include "pawl/detail/saved_state.hpp"
#include "pawl/detail/state_hash.hpp"
#include "pawl/detail/state_table.hpp"

namespace pawl::detail {

// What this state adds to the carried hash now.
template <class A>
std::uint64_t hash_in_sum(const typename StateTable<A>::Slot& slot, std::uint8_t type) noexcept {
    if constexpr (!always_hashed_at_once<A>)
        return slot.hash;
    else
        return slot.version.value == 0 ? 0 : hash_of(slot.id, slot.version, type, slot.state);
}

// One machine's.
template <class... As>
class LateHashes {
public:
    // An event was applied; `before` is what hash_in_sum() said before it.
    template <class A>
    [[gnu::noinline]] void note(StateHash& carried, typename StateTable<A>::Slot& slot,
                                std::uint8_t type, std::uint64_t before) {
        if constexpr (always_hashed_at_once<A>) {
            carried.note(before, hash_of(slot.id, slot.version, type, slot.state));
        } else if (slot.is_large) {
            carried.note(0, 0);
            if (std::exchange(slot.is_put_off, true)) return;
            PutOff<A>& late = std::get<PutOff<A>>(late_);
            late.type = type;
            late.slots.push_back(&slot);
        } else {
            slot.set(hashed(slot.id, slot.version, type, slot.state));
            carried.note(before, slot.hash);
        }
    }
    // Nothing is put off any more.
    void settle(StateHash& carried) noexcept {
        std::apply([&](auto&... late) { (settle_one(carried, late), ...); }, late_);
    }
    // Of what is put off: "Book 7", at most `most`.
    std::vector<std::string> names(std::size_t most) const {
        std::vector<std::string> names;
        std::apply([&](const auto&... late) { (add_names(late, most, names), ...); }, late_);
        return names;
    }

private:
    template <class A>
    struct PutOff {
        std::uint8_t type = 0;
        std::vector<typename StateTable<A>::Slot*> slots;
    };
    template <class A>
    static void settle_one(StateHash& carried, PutOff<A>& late) noexcept {
        if constexpr (!always_hashed_at_once<A>) {
            for (typename StateTable<A>::Slot* slot : late.slots) {
                const std::uint64_t before = slot->hash;
                slot->set(hashed(slot->id, slot->version, late.type, slot->state));
                slot->is_put_off = false;
                carried.note_late(before, slot->hash);
            }
            late.slots.clear();
        }
    }
    template <class A>
    static void add_names(const PutOff<A>& late, std::size_t most,
                          std::vector<std::string>& names) {
        for (const auto* slot : late.slots) {
            if (names.size() == most) return;
            names.push_back(std::string(type_name<A>()) + " " + std::to_string(slot->id));
        }
    }

    std::tuple<PutOff<As>...> late_;
};

}  // namespace pawl::detail
