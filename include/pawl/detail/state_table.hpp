// The aggregates of one type in one shard: id -> state and version. Knows neither commands nor
// events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "pawl/detail/assert.hpp"
#include "pawl/detail/id_index.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/detail/saved_state.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// States never move: a pointer to a slot holds for the table's life. Allocates only when an
// aggregate is seen for the first time; that never takes long.
template <class State>
class StateTable {
public:
    struct Slot : HashMark<State> {
        Id id;
        Version version;
        ViewCell* view;  // null: nobody watches
        State state;
    };

    explicit StateTable(std::pmr::memory_resource* memory)
        : memory_(memory), index_(memory), chunks_(memory), blank_(make_state(memory)) {}
    StateTable(const StateTable&) = delete;
    StateTable& operator=(const StateTable&) = delete;
    ~StateTable() {
        std::size_t left = count_;
        for (Slot* chunk : chunks_) {
            const std::size_t used = left < chunk_slots ? left : chunk_slots;
            for (std::size_t i = 0; i < used; ++i) chunk[i].~Slot();
            left -= used;
            memory_->deallocate(chunk, chunk_slots * sizeof(Slot), alignof(Slot));
        }
    }

    Slot* find(Id id) const noexcept {
        const std::uint32_t place =
            index_.find(id, [&](std::uint32_t there) { return at(there).id == id; });
        return place != IdIndex::nowhere ? &at(place) : nullptr;
    }

    Slot& find_or_create(Id id) {
        if (Slot* slot = find(id)) return *slot;
        index_.make_room();
        if (count_ == chunks_.size() * chunk_slots) add_chunk();
        Slot* slot = new (&at(count_)) Slot{{}, id, Version{}, nullptr, make_state(memory_)};
        index_.insert(id, static_cast<std::uint32_t>(count_));
        ++count_;
        if (!views_.empty())
            if (const auto found = views_.find(id); found != views_.end())
                slot->view = found->second.get();
        return *slot;
    }

    // Two steps for a batch: first all index entries, then all slots.
    void prefetch(Id id) const noexcept { fetch(index_.first_look(id)); }
    // Null: nothing happened to it yet. Otherwise most likely its own: who uses it looks at the id.
    Slot* guess_and_prefetch(Id id) const noexcept {
        const std::uint32_t place = index_.guess(id);
        if (place == IdIndex::nowhere) return nullptr;
        Slot* slot = &at(place);
        fetch(slot);
        return slot;
    }

    // The cell that publish_views() keeps fresh for this aggregate, whether it exists yet or not.
    std::shared_ptr<const ViewCell> watch(Id id, Time now) {
        std::shared_ptr<ViewCell>& cell = views_[id];
        Slot* slot = find(id);
        if (cell == nullptr) {
            cell = std::make_shared<ViewCell>(sizeof(State));
            cell->write(slot != nullptr ? &slot->state : &blank_,
                        slot != nullptr ? slot->version : Version{}, now);
        }
        if (slot != nullptr) slot->view = cell.get();
        return cell;
    }
    // A watched aggregate has changed.
    void note_change(Slot& slot) { changed_.push_back(&slot); }
    void publish_views(Time now) noexcept {
        for (Slot* slot : changed_) slot->view->write(&slot->state, slot->version, now);
        changed_.clear();
    }

    // The state of an aggregate that nothing ever happened to.
    const State& blank() const noexcept { return blank_; }
    std::size_t count() const noexcept { return count_; }
    // By age: 0 is the first that came into being.
    const Slot& slot(std::size_t index) const noexcept {
        PAWL_ASSERT(index < count_);
        return at(index);
    }

    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t i = 0; i < count_; ++i) visit(static_cast<const Slot&>(at(i)));
    }

private:
    // About 64 KiB a chunk, at least one slot.
    static constexpr std::size_t chunk_slots = sizeof(Slot) >= 65536 ? 1 : 65536 / sizeof(Slot);

    void add_chunk() {
        if (chunks_.size() == chunks_.capacity()) chunks_.reserve(chunks_.size() * 2 + 1);
        chunks_.push_back(
            static_cast<Slot*>(memory_->allocate(chunk_slots * sizeof(Slot), alignof(Slot))));
    }
    Slot& at(std::size_t place) const noexcept {
        return chunks_[place / chunk_slots][place % chunk_slots];
    }
    static State make_state(std::pmr::memory_resource* memory) {
        if constexpr (std::is_constructible_v<State, std::pmr::memory_resource*>)
            return State(memory);
        else
            return State{};
    }
    // The empty statement keeps a compiler from removing callers that do nothing else: g++ 12 takes
    // a prefetch for nothing at all.
    static void fetch(const void* what) noexcept {
        __builtin_prefetch(what, 1);
        asm volatile("" : : "r"(what));
    }

    std::pmr::memory_resource* memory_;
    IdIndex index_;
    std::pmr::vector<Slot*> chunks_;
    std::size_t count_ = 0;
    State blank_;
    std::unordered_map<Id, std::shared_ptr<ViewCell>> views_;
    std::vector<Slot*> changed_;  // watched slots, once per event
};

}  // namespace pawl::detail
