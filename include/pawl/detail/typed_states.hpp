// The states of a list of aggregate types: their tables, and what events do to them. Knows no
// command, shard, ring or disk.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/archive.hpp"
#include "pawl/detail/apply_event.hpp"
#include "pawl/detail/late_hashes.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/detail/saved_state.hpp"
#include "pawl/detail/schema_text.hpp"
#include "pawl/detail/state_table.hpp"

namespace pawl::detail {

template <class... As>
struct Aggregates {};

// A machine but for its decisions.
template <class... As>
class TypedStates : public Machine {
    static_assert(sizeof...(As) > 0 && sizeof...(As) < 255);
    static_assert((Checked<As>::ok && ...));

public:
    explicit TypedStates(std::pmr::memory_resource* memory)
        : tables_((static_cast<void>(sizeof(As)), memory)...) {}

    std::size_t apply(const std::byte* records, std::size_t bytes) noexcept final {
        std::array<Coming, records_ahead> coming;
        for (std::size_t done = 0; done < bytes;) {
            const std::size_t count = fetch_ahead(records + done, bytes - done, coming);
            for (std::size_t i = 0; i < count; ++i) {
                const RecordView record(coming[i].record);
                if (!apply_record(record, coming[i].slot)) return done;
                done += record.length();
            }
        }
        return bytes;
    }

    void ask(std::uint8_t aggregate_type, Id id, Question& question) noexcept final {
        with_type(aggregate_type, [&](auto& table) {
            const auto* slot = table.find(id);
            question.answer(slot != nullptr ? &slot->state : nullptr,
                            slot != nullptr ? slot->version : Version{});
        });
    }

    std::shared_ptr<const ViewCell> watch(std::uint8_t aggregate_type, Id id, Time now) final {
        std::shared_ptr<const ViewCell> cell;
        with_type(aggregate_type, [&]<class A>(StateTable<A>& table) {
            if constexpr (std::is_trivially_copyable_v<A>) cell = table.watch(id, now);
        });
        return cell;
    }
    void publish_views(Time now) noexcept final {
        std::apply([&](auto&... table) { (table.publish_views(now), ...); }, tables_);
        views_changed_ = false;
    }

    std::uint64_t state_hash() const noexcept final {
        std::uint64_t sum = 0;
        std::uint8_t type = 0;
        std::apply(
            [&](const auto&... table) {
                ((table.for_each([&](const auto& slot) {
                     sum += hash_of(slot.id, slot.version, type, slot.state);
                 }),
                  ++type),
                 ...);
            },
            tables_);
        return sum;
    }

    std::size_t aggregate_count() const noexcept final {
        return std::apply([](const auto&... table) { return (table.count() + ...); }, tables_);
    }

    std::uint64_t settled_hash() noexcept final {
        late_.settle(*hash_);
        return hash_->value();
    }
    std::vector<std::string> put_off(std::size_t most) const final { return late_.names(most); }

    std::string layout_text() const final {
        std::string text;
        ((text += layout_line<As>()), ...);
        return text;
    }

    bool save_some(SaveArchive& archive, StatePass& pass, std::size_t bytes_about) const final {
        const std::uint64_t enough = archive.bytes_done() + bytes_about;
        while (pass.table < sizeof...(As)) {
            with_table(pass.table, [&]<class A>(const StateTable<A>& table) {
                if (!pass.in_table) archive.count(table.count());
                pass.in_table = true;
                while (pass.slot < table.count() && archive.bytes_done() < enough) {
                    const auto& slot = table.slot(pass.slot++);
                    archive.value(slot.id);
                    archive.value(slot.version.value);
                    show(archive, const_cast<A&>(slot.state));
                    pass.state_hash +=
                        hash_of(slot.id, slot.version, aggregate_index<A>, slot.state);
                }
                if (pass.slot == table.count()) next_table(pass);
            });
            if (archive.bytes_done() >= enough) break;
        }
        return pass.table == sizeof...(As);
    }

    bool load_some(LoadArchive& archive, StatePass& pass, std::uint32_t tables,
                   std::size_t bytes_about) final {
        PAWL_ASSERT(tables <= sizeof...(As));
        const std::uint64_t before = archive.left();
        while (pass.table < tables && !archive.failed()) {
            with_type(static_cast<std::uint8_t>(pass.table), [&]<class A>(StateTable<A>& table) {
                if (!pass.in_table) pass.slot_count = archive.count(0);
                pass.in_table = true;
                while (pass.slot < pass.slot_count && !archive.failed() &&
                       before - archive.left() < bytes_about)
                    load_slot(table, archive, pass);
                if (pass.slot == pass.slot_count) next_table(pass);
            });
            if (before - archive.left() >= bytes_about) break;
        }
        return pass.table == tables || archive.failed();
    }

    template <class A>
    const StateTable<A>& table() const noexcept {
        return std::get<StateTable<A>>(tables_);
    }

protected:
    template <class A>
    static constexpr std::uint8_t aggregate_index =
        static_cast<std::uint8_t>(index_in<A, Aggregates<As...>>);

    // ---- events ----

    // Applies one command's events. `slot` is its own aggregate's, null when there is none; returns
    // what it is afterwards.
    template <class A>
    [[gnu::always_inline]] typename StateTable<A>::Slot* apply_range(
        StateTable<A>& table, typename StateTable<A>::Slot* slot, Id own, const std::byte* from,
        const std::byte* to) noexcept {
        while (from < to) {
            EventView event;
            event.header = reinterpret_cast<const EventHeader*>(from);
            event.target = own;
            from += sizeof(EventHeader);
            if ((event.header->flags & event_has_target) != 0) {
                std::memcpy(&event.target, from, sizeof event.target);
                from += sizeof event.target;
            }
            event.payload = from;
            from += padded(event.header->size);
            bool known = false;
            if (event.target == own && event.header->aggregate_type == aggregate_index<A>) {
                if (slot == nullptr) slot = &table.find_or_create(own);
                known = apply_to(table, *slot, event, typename A::Events{});
            } else {
                known = apply_event(event);
            }
            PAWL_ASSERT(known);
        }
        PAWL_ASSERT(from == to);
        return slot;
    }

    bool apply_event(const EventView& event) noexcept {
        bool done = false;
        with_type(event.header->aggregate_type,
                  [&](auto& table) { done = apply_typed(table, event); });
        return done;
    }

    template <class A>
    bool apply_typed(StateTable<A>& table, const EventView& event) noexcept {
        if (!fits(event, typename A::Events{})) return false;
        return apply_to(table, table.find_or_create(event.target), event, typename A::Events{});
    }

    template <class A, class... E>
    bool apply_to(StateTable<A>& table, typename StateTable<A>::Slot& slot, const EventView& event,
                  Events<E...> list) noexcept {
        if (!fits(event, list)) return false;
        const std::uint64_t before =
            hash_ != nullptr ? hash_in_sum<A>(slot, aggregate_index<A>) : 0;
        apply_indexed(slot.state, event, list);
        ++slot.version.value;
        if (hash_ != nullptr) late_.template note<A>(*hash_, slot, aggregate_index<A>, before);
        if (slot.view != nullptr) {
            table.note_change(slot);
            views_changed_ = true;
        }
        return true;
    }

    // Calls use(table) for the table of that aggregate type; nothing when there is none.
    template <class Use>
    void with_type(std::uint8_t type, Use&& use) {
        std::uint8_t i = 0;
        std::apply(
            [&](auto&... table) {
                static_cast<void>(((i++ == type && (use(table), true)) || ...));
            },
            tables_);
    }

    std::tuple<StateTable<As>...>& tables() noexcept { return tables_; }

private:
    // ---- replay ----

    struct Coming {
        const std::byte* record = nullptr;
        void* slot = nullptr;  // where the state of its aggregate seems to be
    };
    static constexpr std::size_t records_ahead = 64;

    // Of the first records: all places in the index, then all states, so that nothing is waited
    // for. Returns how many.
    std::size_t fetch_ahead(const std::byte* records, std::size_t bytes,
                            std::array<Coming, records_ahead>& coming) noexcept {
        std::size_t count = 0;
        for (std::size_t at = 0; at < bytes && count < records_ahead; ++count) {
            const RecordView record(records + at);
            coming[count] = {record.bytes(), nullptr};
            at += record.length();
            with_type(record.header().aggregate_type,
                      [&](auto& table) { table.prefetch(record.header().aggregate); });
        }
        for (std::size_t i = 0; i < count; ++i) {
            const RecordHeader& header = RecordView(coming[i].record).header();
            with_type(header.aggregate_type, [&](auto& table) {
                coming[i].slot = table.guess_and_prefetch(header.aggregate);
            });
        }
        return count;
    }

    bool apply_record(const RecordView& record, void* slot) noexcept {
        const RecordHeader& header = record.header();
        if (!has_events(header.kind())) return true;
        bool fits_here = false;
        bool known = false;
        with_type(header.aggregate_type, [&]<class A>(StateTable<A>& table) {
            known = true;
            fits_here = replay(table, static_cast<typename StateTable<A>::Slot*>(slot), record);
        });
        // Of a type that is not there nothing can have happened but to others.
        if (!known) fits_here = apply_events(record) && header.version == 0;
        return fits_here;
    }

    template <class A>
    bool replay(StateTable<A>& table, typename StateTable<A>::Slot* slot,
                const RecordView& record) noexcept {
        const RecordHeader& header = record.header();
        if (slot == nullptr || slot->id != header.aggregate) slot = table.find(header.aggregate);
        bool known = true;
        const bool whole = record.for_each_event([&](const EventView& event) {
            if (!known) return;
            if (event.target != header.aggregate ||
                event.header->aggregate_type != aggregate_index<A>) {
                known = apply_event(event);
            } else if (slot != nullptr) {
                known = apply_to(table, *slot, event, typename A::Events{});
            } else {
                known = apply_typed(table, event);
                slot = table.find(header.aggregate);
            }
        });
        return whole && known && (slot != nullptr ? slot->version.value : 0) == header.version;
    }

    bool apply_events(const RecordView& record) noexcept {
        bool known = true;
        const bool whole = record.for_each_event(
            [&](const EventView& event) { known = known && apply_event(event); });
        return whole && known;
    }

    // ---- snapshots ----

    template <class A>
    void load_slot(StateTable<A>& table, LoadArchive& archive, StatePass& pass) {
        Id id = 0;
        Version version;
        archive.value(id);
        archive.value(version.value);
        if (table.find(id) != nullptr) archive.fail();
        if (archive.failed()) return;
        auto& slot = table.find_or_create(id);
        slot.version = version;
        show(archive, slot.state);
        const HashArchive loaded = hashed(id, version, aggregate_index<A>, slot.state);
        if constexpr (!always_hashed_at_once<A>) slot.set(loaded);
        pass.state_hash += loaded.result();
        ++pass.slot;
    }
    static void next_table(StatePass& pass) noexcept {
        ++pass.table;
        pass.slot = 0;
        pass.in_table = false;
    }
    // Calls use(table) for the table at that place.
    template <class Use>
    void with_table(std::uint32_t place, Use&& use) const {
        std::uint32_t i = 0;
        std::apply(
            [&](const auto&... table) {
                static_cast<void>(((i++ == place && (use(table), true)) || ...));
            },
            tables_);
    }

    std::tuple<StateTable<As>...> tables_;
    LateHashes<As...> late_;
};

}  // namespace pawl::detail
