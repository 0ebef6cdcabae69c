// Enumerators that may come from anywhere. Knows the words of the matching domain; no book.
#pragma once

#include "pawl/matching/types.hpp"

namespace pawl::matching::detail {

// Facts can be recorded without a decision: an enumerator from outside its list must not reach an
// array.
constexpr Side sound(Side side) noexcept {
    return side == Side::buy ? Side::buy : Side::sell;
}

}  // namespace pawl::matching::detail
