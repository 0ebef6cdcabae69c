// Assertions that are always on. Know how to stop the program with a sentence; nothing else.
#pragma once

namespace pawl::detail {

// Prints "pawl: assertion failed: <what> at <file>:<line>" to standard error and aborts. Any
// thread.
[[noreturn]] void assertion_failed(const char* what, const char* file, int line) noexcept;

}  // namespace pawl::detail

// A promise of the caller or of ourselves. Broken means a bug: the program stops before it can
// write nonsense. If it needs a message, the message is the remedy: PAWL_ASSERT(a == b && "call
// close() first").
#define PAWL_ASSERT(condition)    \
    (static_cast<bool>(condition) \
         ? static_cast<void>(0)   \
         : ::pawl::detail::assertion_failed(#condition, __FILE__, __LINE__))
