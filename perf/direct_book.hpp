// Books called directly: decide, events staged as in a record, apply. Knows the book and a buffer;
// no ring, no journal, no reply.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "pawl/detail/assert.hpp"
#include "pawl/matching/book.hpp"
#include "perf/market_steps.hpp"

namespace pawl::perf {

class DirectBooks {
public:
    explicit DirectBooks(const Market& market) : books_(market.instruments), bytes_(1U << 20) {
        for (std::uint32_t i = 0; i < market.instruments; ++i) submit(i, terms_of(market));
    }

    void play(const MarketStep& step) {
        with_command(step, [this](std::uint32_t instrument, const auto& command) {
            submit(instrument, command);
        });
    }
    std::uint64_t accepted() const noexcept { return accepted_; }
    std::uint64_t trades() const noexcept { return trades_; }

    // What decide() sees as its context.
    template <class Event>
    void emit(const Event& event) {
        constexpr std::size_t size = (sizeof(Event) + 7) & ~std::size_t{7};
        PAWL_ASSERT(used_ + 8 + size <= bytes_.size());
        const std::uint64_t type =
            static_cast<std::uint64_t>(detail::index_in<Event, matching::Book::Events>);
        std::memcpy(bytes_.data() + used_, &type, sizeof type);
        // not memcpy: the fields go straight to their place, as in a record
        ::new (static_cast<void*>(bytes_.data() + used_ + 8)) Event(event);
        used_ += 8 + size;
    }

private:
    template <class Command>
    void submit(std::uint32_t instrument, const Command& command) {
        used_ = 0;
        matching::Book& book = books_[instrument];
        if (!matching_validate(command)) return;
        if (!std::as_const(book).decide(command, *this).accepted()) return;
        ++accepted_;
        for (std::size_t at = 0; at < used_;)
            at += apply_at(book, bytes_.data() + at, matching::Book::Events{});
    }
    template <class Command>
    static bool matching_validate(const Command& command) {
        if constexpr (requires { matching::Book::validate(command); })
            return matching::Book::validate(command);
        else
            return true;
    }
    template <class... Event>
    std::size_t apply_at(matching::Book& book, const std::byte* at, pawl::Events<Event...>) {
        std::uint64_t type = 0;
        std::memcpy(&type, at, sizeof type);
        std::size_t size = 0;
        std::uint64_t i = 0;
        static_cast<void>(((i++ == type && (size = apply_as<Event>(book, at + 8), true)) || ...));
        return 8 + ((size + 7) & ~std::size_t{7});
    }
    template <class Event>
    std::size_t apply_as(matching::Book& book, const std::byte* at) {
        const Event& event = *std::launder(reinterpret_cast<const Event*>(at));
        book.apply(event);
        if constexpr (std::is_same_v<Event, matching::Traded>) ++trades_;
        return sizeof event;
    }

    std::vector<matching::Book> books_;
    std::vector<std::byte> bytes_;
    std::size_t used_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t trades_ = 0;
};

}  // namespace pawl::perf
