// Mistake: a string in a command, whose bytes lie elsewhere. Knows the contract headers only.
// EXPECT: commands and events are plain values
#include "pawl/context.hpp"

#include <string>

#include "pawl/text.hpp"

struct Notes {
    struct Write {
#if MISTAKE
        std::string text;
#else
        pawl::Text<30> text;
#endif
    };
    struct Written {};
    using Commands = pawl::Commands<Write>;
    using Events = pawl::Events<Written>;
    pawl::Verdict decide(const Write&, pawl::Context<Notes>&) const { return pawl::accept; }
    void apply(const Written&) noexcept {}
};
static_assert(pawl::detail::Checked<Notes>::ok);
