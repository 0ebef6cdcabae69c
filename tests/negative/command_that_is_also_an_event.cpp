// Mistake: one type in both lists. Knows the contract headers only.
// EXPECT: a type is a command or an event, never both
#include "pawl/context.hpp"

struct Counter {
    struct Add {
        int by;
    };
    struct Added {
        int by;
    };
    using Commands = pawl::Commands<Add>;
#if MISTAKE
    using Events = pawl::Events<Added, Add>;
#else
    using Events = pawl::Events<Added>;
#endif
    int total = 0;
    pawl::Verdict decide(const Add& ask, pawl::Context<Counter>& ctx) const {
        ctx.emit(Added{ask.by});
        return pawl::accept;
    }
    void apply(const Added& event) noexcept { total += event.by; }
    void apply(const Add& event) noexcept { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
