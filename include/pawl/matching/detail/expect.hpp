// What a book fetches of a command that comes soon. Included by book.hpp; changes nothing.
#pragma once

#include "pawl/matching/book.hpp"
#include "pawl/matching/detail/sound.hpp"

namespace pawl::matching {

inline void Book::expect(const NewOrder& ask, Comes when) const noexcept {
    // nobody has looked at the command yet
    queues_.expect_new(ask.order, detail::sound(ask.side), tick_of(ask.price), when);
}

inline void Book::expect(const CancelOrder& ask, Comes when) const noexcept {
    queues_.expect_known(ask.order, when);
}

inline void Book::expect(const ReplaceOrder& ask, Comes when) const noexcept {
    queues_.expect_known(ask.order, when);
}

}  // namespace pawl::matching
