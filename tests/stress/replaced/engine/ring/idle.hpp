// In the place of engine/ring/idle.hpp: a waiting loop lets the others run.
#pragma once

namespace pawl::detail {

inline void cpu_relax() noexcept {
    rl::yield(1, RL_INFO);
}

}  // namespace pawl::detail
