// Given, when, then: an aggregate tested without an engine, a journal or a clock. Knows decide and
// apply, nothing else.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pawl/context.hpp"
#include "pawl/detail/submission.hpp"
#include "pawl/detail/typed_machine.hpp"

namespace pawl::testing {

// What a failed expectation calls with one sentence. Default: print it and abort. A test framework
// replaces it: pawl::testing::on_failure([](const std::string& why) { ADD_FAILURE() << why; }). Not
// while tests run in parallel.
using FailureHandler = std::function<void(const std::string& sentence)>;
void on_failure(FailureHandler handler);

namespace detail {

void fail(const std::string& sentence);

// One shard without a shard: decides with the same machine that the engine uses.
template <class... As>
class Bench {
    using Lists = pawl::detail::Lists<As...>;

public:
    Bench() : machine_(0, 1, std::pmr::new_delete_resource()), stage_(1U << 20) {}

    template <class E>
    void happened(Id id, const E& event) {
        using A = typename Lists::template At<Lists::template event_owner<E>>;
        pawl::detail::MessageParts parts;
        parts.header.kind = pawl::detail::MessageKind::fact;
        parts.header.aggregate_type = Lists::template event_owner<E>;
        parts.header.command_type =
            static_cast<std::uint16_t>(pawl::detail::index_in<E, typename A::Events>);
        run(id, parts, &event, pawl::detail::payload_bytes<E>);
    }
    template <class C>
    void asked(Id id, const C& command) {
        pawl::detail::MessageParts parts;
        parts.header.aggregate_type = Lists::template command_owner<C>;
        parts.header.command_type = Lists::template command_number<C>;
        run(id, parts, &command, pawl::detail::payload_bytes<C>);
    }
    void at(Time now) noexcept { now_ = now; }

    const pawl::detail::Work& outcome() const noexcept { return work_; }
    template <class Visit>
    void for_each_event(Visit&& visit) const {
        if (work_.record != nullptr)
            static_cast<void>(pawl::detail::RecordView(work_.record).for_each_event(visit));
    }
    template <class A>
    const A& state(Id id) const {
        const auto* slot = machine_.template table<A>().find(id);
        return slot != nullptr ? slot->state : machine_.template table<A>().blank();
    }
    std::uint64_t state_hash() const { return machine_.state_hash(); }

private:
    void run(Id id, pawl::detail::MessageParts& parts, const void* payload, std::size_t bytes) {
        parts.header.aggregate = id;
        parts.header.captured_ns = now_.ns;
        parts.header.payload_bytes = static_cast<std::uint16_t>(bytes);
        parts.payload = payload;
        const pawl::detail::MessageBuffer message(parts);
        pawl::detail::Stage stage;
        stage.cursor = stage_.data();
        stage.limit = stage_.data() + stage_.size();
        stage.record_bytes_max = stage_.size();
        stage.last_sequence = last_sequence_;
        stage.now = now_;
        work_.begin(pawl::detail::MessageView(message.lines()->bytes), now_);
        const std::size_t done = machine_.decide(&work_, 1, stage);
        PAWL_ASSERT(done == 1);
        last_sequence_ = stage.last_sequence;
        work_.message = pawl::detail::MessageView(nullptr);  // the message ends here
    }

    pawl::detail::TypedMachine<As...> machine_;
    std::vector<std::byte> stage_;
    pawl::detail::Work work_;
    Sequence last_sequence_;
    Time now_{1'000'000'000};
};

}  // namespace detail

// A story about one aggregate: given what happened, when something is asked, then this. Each step
// returns the story, so that it reads as a sentence. With more types (Story<Account, Order>)
// emit_to and peek work too.
template <class A, class... Others>
class Story {
    using Lists = pawl::detail::Lists<A, Others...>;

public:
    static constexpr Id default_id = 1;

    // What happened to the aggregate before, in this order.
    template <class... E>
        requires(Lists::template has_event<E> && ...)
    explicit Story(const E&... events) {
        (and_given(events), ...);
    }
    Story(const Story&) = delete;
    Story& operator=(const Story&) = delete;

    // ---- given ----
    template <class E>
        requires(Lists::template has_event<E>)
    Story& and_given(const E& event) {
        bench_.happened(id_, event);
        return *this;
    }
    Story& about(Id id) noexcept {
        id_ = id;
        return *this;
    }
    // Journal time from here on.
    Story& at(Time now) noexcept {
        bench_.at(now);
        return *this;
    }

    // ---- when ----
    template <class C>
    Story& when(const C& command) {
        static_assert(Lists::template owners<C> == 1, "when takes a command of the aggregate");
        what_ = pawl::detail::type_name<C>();
        bench_.asked(id_, command);
        next_ = 0;
        return *this;
    }

    // ---- then ----
    Story& accepts() {
        if (bench_.outcome().outcome != Outcome::accepted) fail("accepted");
        return *this;
    }
    template <class Reason>
        requires std::is_enum_v<Reason>
    Story& rejects(Reason reason) {
        const auto& outcome = bench_.outcome();
        if (outcome.outcome != Outcome::rejected ||
            outcome.reason != static_cast<std::uint16_t>(reason))
            fail("rejected with reason " + std::to_string(static_cast<unsigned>(reason)));
        return *this;
    }
    Story& refused(Refusal refusal) {
        const auto& outcome = bench_.outcome();
        if (outcome.outcome != Outcome::refused ||
            outcome.reason != static_cast<std::uint16_t>(refusal))
            fail(std::string("refused with ") + to_string(refusal));
        return *this;
    }
    // The next event of the command is this one, to the byte.
    template <class E>
    Story& emits(const E& expected) {
        bool same = false;
        std::size_t index = 0;
        bench_.for_each_event([&](const pawl::detail::EventView& event) {
            if (index++ != next_) return;
            using Owner = typename Lists::template At<Lists::template event_owner<E>>;
            constexpr int type = pawl::detail::index_in<E, typename Owner::Events>;
            same = event.header->aggregate_type == Lists::template event_owner<E> &&
                   event.header->type == type &&
                   std::memcmp(event.payload, &expected, pawl::detail::payload_bytes<E>) == 0;
        });
        ++next_;
        if (!same)
            fail("event " + std::to_string(next_) + " to be this " +
                 std::string(pawl::detail::type_name<E>()));
        return *this;
    }
    // No event was caused beyond those that emits() has named.
    Story& and_nothing_else() {
        std::size_t count = 0;
        bench_.for_each_event([&](const pawl::detail::EventView&) { ++count; });
        if (count != next_) fail(std::to_string(next_) + " events, not " + std::to_string(count));
        return *this;
    }
    // check(const A&) says whether the state is right.
    template <class Check>
    Story& leaves(Check&& check) {
        if (!check(bench_.template state<A>(id_))) fail("a state that the check approves of");
        return *this;
    }

    const A& state() const { return bench_.template state<A>(id_); }
    std::uint64_t state_hash() const { return bench_.state_hash(); }

private:
    void fail(const std::string& expected) {
        const auto& outcome = bench_.outcome();
        detail::fail(std::string(what_) + ": expected " + expected + "; it was " +
                     to_string(outcome.outcome) +
                     (outcome.reason != 0 ? " with reason " + std::to_string(outcome.reason) : "") +
                     ", " + std::to_string(outcome.event_count) + " events");
    }

    detail::Bench<A, Others...> bench_;
    Id id_ = default_id;
    std::string_view what_ = "nothing asked yet";
    std::size_t next_ = 0;
};

// given<Account>(Account::Deposited{50})
//     .when(Account::Withdraw{80})
//     .rejects(Account::Reason::not_enough);
template <class A, class... Others, class... Events>
Story<A, Others...> given(const Events&... events) {
    return Story<A, Others...>(events...);
}

}  // namespace pawl::testing
