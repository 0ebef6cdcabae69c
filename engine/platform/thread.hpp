// Where a thread runs and what it is called. Knows the operating system, not the engine.
#pragma once

#include <cstdint>
#include <string>

namespace pawl::detail {

// Of the calling thread. False when the core does not exist or is not ours to use.
bool pin_to_core(int core) noexcept;
// Of the calling thread, for good: others come first where cores are short.
void lower_priority() noexcept;
// Of the calling thread: it gets a core soon after it was woken, for a short time. Before Linux
// 6.12, or where it is refused: as everybody.
void take_short_turns() noexcept;
void name_thread(const std::string& name) noexcept;  // shown by top and gdb; 15 characters

// Lets close() do without a barrier in every send: order_all_threads() acts as one full barrier in
// every running thread of the process. prepare once before the first use; false: the system has
// none.
bool prepare_to_order_all_threads() noexcept;
void order_all_threads() noexcept;

// Cores this process may use.
unsigned usable_cores() noexcept;

}  // namespace pawl::detail
