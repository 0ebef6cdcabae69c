// The machine of a list of aggregate types: decide and apply inlined over the batch. Knows no
// shard, ring or disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/archive.hpp"
#include "pawl/context.hpp"
#include "pawl/detail/apply_event.hpp"
#include "pawl/detail/foretell.hpp"
#include "pawl/detail/late_hashes.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/detail/recording.hpp"
#include "pawl/detail/saved_state.hpp"
#include "pawl/detail/schema_text.hpp"
#include "pawl/detail/state_table.hpp"

namespace pawl::detail {

template <class... As>
struct Aggregates {};

template <class... As>
class TypedMachine final : public Machine, private Neighbours {
    static_assert(sizeof...(As) > 0 && sizeof...(As) < 255);
    static_assert((Checked<As>::ok && ...));

public:
    TypedMachine(std::uint32_t shard, std::uint32_t shard_count, std::pmr::memory_resource* memory)
        : shard_(shard),
          shard_count_(shard_count),
          tables_((static_cast<void>(sizeof(As)), memory)...) {}

    std::size_t decide(Work* work, std::size_t count, Stage& stage) override {
        for (std::size_t i = 0; i < count; ++i) prefetch(work[i].message.header());
        for (std::size_t i = 0; i < count; ++i) work[i].slot = locate(work[i].message.header());
        const bool told = crowded();
        if (told)
            for (std::size_t i = 0; i < count; ++i) foretell(work[i], Comes::soon);
        for (std::size_t i = 0; i < count; ++i) {
            if (told) {
                if (i + next_ahead < count) foretell(work[i + next_ahead], Comes::next);
                if (i + now_ahead < count) foretell(work[i + now_ahead], Comes::now);
            }
            if (static_cast<std::size_t>(stage.limit - stage.cursor) < stage.record_bytes_max)
                return i;
            if (!work[i].skip) decide_one(work[i], stage);
        }
        return count;
    }

    bool apply(const RecordView& record) noexcept override {
        const RecordHeader& header = record.header();
        bool known = true;
        const bool whole = record.for_each_event(
            [&](const EventView& event) { known = known && apply_event(event); });
        if (!whole || !known) return false;
        if (header.kind() != RecordKind::accepted && header.kind() != RecordKind::fact) return true;
        return version_of(header.aggregate_type, header.aggregate).value == header.version;
    }

    void expect(std::uint8_t aggregate_type, Id id, Comes when) noexcept override {
        with_type(aggregate_type, [&](auto& table) {
            if (when == Comes::soon)
                table.prefetch(id);
            else
                static_cast<void>(table.guess_and_prefetch(id));
        });
    }

    void ask(std::uint8_t aggregate_type, Id id, Question& question) noexcept override {
        with_type(aggregate_type, [&](auto& table) {
            const auto* slot = table.find(id);
            question.answer(slot != nullptr ? &slot->state : nullptr,
                            slot != nullptr ? slot->version : Version{});
        });
    }

    std::shared_ptr<const ViewCell> watch(std::uint8_t aggregate_type, Id id, Time now) override {
        std::shared_ptr<const ViewCell> cell;
        with_type(aggregate_type, [&]<class A>(StateTable<A>& table) {
            if constexpr (std::is_trivially_copyable_v<A>) cell = table.watch(id, now);
        });
        return cell;
    }
    void publish_views(Time now) noexcept override {
        std::apply([&](auto&... table) { (table.publish_views(now), ...); }, tables_);
        views_changed_ = false;
    }

    std::uint64_t state_hash() const noexcept override {
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

    std::size_t aggregate_count() const noexcept override {
        return std::apply([](const auto&... table) { return (table.count() + ...); }, tables_);
    }

    std::uint64_t settled_hash() noexcept override {
        late_.settle(*hash_);
        return hash_->value();
    }
    std::vector<std::string> put_off(std::size_t most) const override { return late_.names(most); }

    std::string layout_text() const override {
        std::string text;
        ((text += layout_line<As>()), ...);
        return text;
    }

    bool save_some(SaveArchive& archive, StatePass& pass, std::size_t bytes_about) const override {
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
                   std::size_t bytes_about) override {
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

private:
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
    static constexpr std::size_t command_count = (As::Commands::count + ...);
    static constexpr std::array<std::size_t, sizeof...(As)> command_base = [] {
        std::array<std::size_t, sizeof...(As)> base{};
        const std::array<std::size_t, sizeof...(As)> counts{As::Commands::count...};
        for (std::size_t i = 1; i < base.size(); ++i) base[i] = base[i - 1] + counts[i - 1];
        return base;
    }();
    template <class A>
    static constexpr std::uint8_t aggregate_index =
        static_cast<std::uint8_t>(index_in<A, Aggregates<As...>>);

    // ---- one command ----

    // There are so many of a type that wants to know what comes that telling is worth its time.
    bool crowded() const noexcept {
        return ((Foretell<As>::any && std::get<StateTable<As>>(tables_).count() >= crowd) || ...);
    }
    void foretell(const Work& work, Comes when) noexcept {
        const MessageHeader& message = work.message.header();
        if (work.slot == nullptr || message.kind != MessageKind::command) return;
        with_type(message.aggregate_type, [&]<class A>(StateTable<A>&) {
            if constexpr (Foretell<A>::any)
                Foretell<A>::tell(static_cast<typename StateTable<A>::Slot*>(work.slot)->state,
                                  message.command_type - command_base[aggregate_index<A>],
                                  work.message.payload(), when);
        });
    }

    void decide_one(Work& work, Stage& stage) {
        const MessageHeader& message = work.message.header();
        bool found = false;
        if (message.aggregate_type < sizeof...(As))
            with_type(message.aggregate_type, [&](auto& table) {
                found = work.plain ? decide_typed<true>(table, work, stage)
                                   : decide_typed<false>(table, work, stage);
            });
        if (!found) refuse(work, stage, Refusal::unknown_command, Version{});
    }

    template <bool plain, class A>
    bool decide_typed(StateTable<A>& table, Work& work, Stage& stage) {
        const MessageHeader& message = work.message.header();
        auto* slot = static_cast<typename StateTable<A>::Slot*>(work.slot);
        // Slots never move; one that was missing may have come into being during the batch.
        if (slot == nullptr || slot->id != message.aggregate) slot = table.find(message.aggregate);
        const Version before = slot != nullptr ? slot->version : Version{};
        if (work.refuse != Refusal{}) {
            refuse(work, stage, work.refuse, before);
            return true;
        }
        const bool fact = !plain && message.kind == MessageKind::fact;
        const std::size_t base = command_base[aggregate_index<A>];
        if (!fact &&
            (message.command_type < base || message.command_type >= base + A::Commands::count))
            return false;
        if (!plain && work.message.has(message_has_expected) &&
            work.message.expected_version() != before.value) {
            refuse(work, stage, Refusal::version_conflict, before);
            return true;
        }

        std::byte* const events = stage.cursor + header_bytes<plain>(work);
        const std::byte* const payload =
            plain ? work.message.plain_payload() : work.message.payload();
        follow_ups_.clear();
        Decision decision = decision_for(work, stage, events, before, aggregate_index<A>);
        Refusal refusal{};
        Verdict verdict;
        const A& state = slot != nullptr ? slot->state : table.blank();
        if (fact)
            refusal = stage_fact<A>(work, decision);
        else
            refusal =
                decide_command(state, message.command_type - base, payload, decision, verdict);

        if (refusal != Refusal{}) {
            refuse(work, stage, refusal, before);
        } else if (!verdict.accepted()) {
            reject(work, stage, verdict.reason(), before);
        } else if (!plain && message.kind == MessageKind::trial) {
            close_trial(work, stage, decision, before);
        } else {
            accept<plain>(table, slot, work, stage, decision, events);
        }
        return true;
    }

    template <class A>
    Refusal decide_command(const A& state, std::size_t index, const std::byte* payload,
                           Decision& decision, Verdict& verdict) {
        try {
            Context<A> ctx(decision);
            decide_indexed(state, index, payload, ctx, verdict, typename A::Commands{});
            return Refusal{};
        } catch (const DecisionAborted& aborted) {
            return aborted.refusal;
        } catch (...) {
            return Refusal::decision_threw;
        }
    }

    template <class A, class... C>
    static void decide_indexed(const A& state, std::size_t index, const std::byte* payload,
                               Context<A>& ctx, Verdict& verdict, Commands<C...>) {
        std::size_t i = 0;
        static_cast<void>(
            ((i++ == index &&
              (verdict = state.decide(*reinterpret_cast<const C*>(payload), ctx), true)) ||
             ...));
    }

    template <class A>
    Refusal stage_fact(const Work& work, Decision& decision) {
        const MessageHeader& message = work.message.header();
        if (message.command_type >= A::Events::count) return Refusal::unknown_command;
        try {
            decision.stage(message.command_type, aggregate_index<A>, nullptr,
                           work.message.payload(), message.payload_bytes);
            return Refusal{};
        } catch (const DecisionAborted& aborted) {
            return aborted.refusal;
        }
    }

    // Applies what was staged, then the follow-ups, each on the state that the ones before it left.
    template <bool plain, class A>
    [[gnu::always_inline]] void accept(StateTable<A>& table, typename StateTable<A>::Slot* slot,
                                       Work& work, Stage& stage, Decision& decision,
                                       std::byte* events) {
        do {
            slot = apply_range(table, slot, decision.id(), events, decision.cursor);
            events = decision.cursor;
        } while (!follow_ups_.empty() && decide_follow_up(table, slot, stage, decision));
        close_accepted<plain>(work, stage, decision, slot != nullptr ? slot->version : Version{});
    }

    // The next follow-up that is accepted: its events are staged. False: there is none.
    template <class A>
    [[gnu::noinline]] bool decide_follow_up(StateTable<A>& table,
                                            const typename StateTable<A>::Slot* slot,
                                            const Stage& stage, Decision& decision) {
        while (!follow_ups_.empty()) {
            const FollowUps::Entry next = follow_ups_.pop();
            const FollowUps::Mark mark = follow_ups_.mark();
            std::byte* const from = decision.cursor;
            const std::uint32_t count = decision.event_count;
            decision.version = slot != nullptr ? slot->version : Version{};
            decision.sequence = Sequence{stage.last_sequence.value + count + 1};
            // The payload must not move while it is decided: then() may grow the buffer it lies in.
            alignas(8) std::byte payload[command_bytes_max];
            std::memcpy(payload, next.payload, next.size);
            Verdict verdict;
            const Refusal refusal = decide_command(slot != nullptr ? slot->state : table.blank(),
                                                   next.command, payload, decision, verdict);
            if (refusal == Refusal{} && verdict.accepted()) return true;
            decision.cursor = from;
            decision.event_count = count;
            follow_ups_.set_back(mark);
        }
        return false;
    }

    Decision decision_for(const Work& work, const Stage& stage, std::byte* events, Version before,
                          std::uint8_t aggregate_type) noexcept {
        Decision decision = open_decision(work, stage, events, before, shard_);
        decision.aggregate_type = aggregate_type;
        decision.follow_ups = &follow_ups_;
        decision.neighbours = this;
        return decision;
    }

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

    // ---- neighbours and lookup ----

    std::uint8_t type_of(const void* key, ShardKey shard_key) const override {
        if (shard_of(shard_key, shard_count_) != shard_)
            throw DecisionAborted{Refusal::foreign_shard};
        std::uint8_t found = 0;
        if (!((&type_key<As> == key || (++found, false)) || ...))
            throw DecisionAborted{Refusal::foreign_type};
        return found;
    }

    const void* peek(std::uint8_t aggregate_type, Id id) const override {
        const void* state = nullptr;
        const_cast<TypedMachine*>(this)->with_type(aggregate_type, [&](auto& table) {
            if (const auto* slot = table.find(id)) state = &slot->state;
        });
        return state;
    }

    Version version_of(std::uint8_t aggregate_type, Id id) noexcept {
        Version version;
        with_type(aggregate_type, [&](auto& table) {
            if (const auto* slot = table.find(id)) version = slot->version;
        });
        return version;
    }

    void* locate(const MessageHeader& message) noexcept {
        void* slot = nullptr;
        with_type(message.aggregate_type,
                  [&](auto& table) { slot = table.guess_and_prefetch(message.aggregate); });
        return slot;
    }

    void prefetch(const MessageHeader& message) noexcept {
        with_type(message.aggregate_type, [&](auto& table) { table.prefetch(message.aggregate); });
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

    std::uint32_t shard_;
    std::uint32_t shard_count_;
    std::tuple<StateTable<As>...> tables_;
    LateHashes<As...> late_;
    FollowUps follow_ups_;
};

}  // namespace pawl::detail
