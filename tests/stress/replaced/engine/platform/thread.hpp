// In the place of engine/platform/thread.hpp: a barrier in every thread, as the checker has it.
#pragma once

#include <source_location>

namespace pawl::detail {

inline bool prepare_to_order_all_threads() noexcept {
    return true;
}
inline void order_all_threads(
    const std::source_location& where = std::source_location::current()) noexcept {
    const std::memory_order order =
        stress::order_at(stress::Act::fence, std::memory_order_release, where);
    if (order != std::memory_order_relaxed) rl::systemwide_fence(stress::at(where));
}

}  // namespace pawl::detail
