// The machine of a list of aggregate types: decide and apply inlined over the batch. Knows no
// shard, ring or disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"
#include "pawl/detail/foretell.hpp"
#include "pawl/detail/recording.hpp"
#include "pawl/detail/typed_states.hpp"

namespace pawl::detail {

template <class... As>
class TypedMachine final : public TypedStates<As...>, private Neighbours {
    using States = TypedStates<As...>;

public:
    TypedMachine(std::uint32_t shard, std::uint32_t shard_count, std::pmr::memory_resource* memory)
        : States(memory), shard_(shard), shard_count_(shard_count) {}

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

private:
    template <class A>
    static constexpr std::uint8_t aggregate_index = States::template aggregate_index<A>;
    using States::apply_range;
    using States::tables;
    using States::with_type;

    static constexpr std::array<std::size_t, sizeof...(As)> command_base = [] {
        std::array<std::size_t, sizeof...(As)> base{};
        const std::array<std::size_t, sizeof...(As)> counts{As::Commands::count...};
        for (std::size_t i = 1; i < base.size(); ++i) base[i] = base[i - 1] + counts[i - 1];
        return base;
    }();

    // ---- one command ----

    // There are so many of a type that wants to know what comes that telling is worth its time.
    bool crowded() noexcept {
        return ((Foretell<As>::any && std::get<StateTable<As>>(tables()).count() >= crowd) || ...);
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

    void* locate(const MessageHeader& message) noexcept {
        void* slot = nullptr;
        with_type(message.aggregate_type,
                  [&](auto& table) { slot = table.guess_and_prefetch(message.aggregate); });
        return slot;
    }

    void prefetch(const MessageHeader& message) noexcept {
        with_type(message.aggregate_type, [&](auto& table) { table.prefetch(message.aggregate); });
    }

    std::uint32_t shard_;
    std::uint32_t shard_count_;
    FollowUps follow_ups_;
};

}  // namespace pawl::detail
