// Mistake: a command that does not fit a message. Knows the contract headers only.
// EXPECT: a command has at most 1024 bytes
#include "pawl/context.hpp"

#include <array>
#include <cstdint>

struct Notes {
    struct Write {
        std::array<std::uint8_t, 1024 + MISTAKE> bytes;
    };
    struct Written {};
    using Commands = pawl::Commands<Write>;
    using Events = pawl::Events<Written>;
    pawl::Verdict decide(const Write&, pawl::Context<Notes>& ctx) const {
        ctx.emit(Written{});
        return pawl::accept;
    }
    void apply(const Written&) noexcept {}
};
static_assert(pawl::detail::Checked<Notes>::ok);
