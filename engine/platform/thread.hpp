// Where a thread runs and what it is called. Knows the operating system, not the engine.
#pragma once

#include <cstdint>
#include <string>

namespace pawl::detail {

// Of the calling thread. False when the core does not exist or is not ours to use.
bool pin_to_core(int core) noexcept;
void name_thread(const std::string& name) noexcept;  // shown by top and gdb; 15 characters

// Cores this process may use.
unsigned usable_cores() noexcept;

}  // namespace pawl::detail
