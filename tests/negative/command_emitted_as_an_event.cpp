// Mistake: what was asked is journaled as if it had happened. Knows the contract headers only.
// EXPECT: a command cannot be journaled as an event
#include "pawl/context.hpp"

struct Counter {
    struct Add {
        int by;
    };
    struct Added {
        int by;
    };
    using Commands = pawl::Commands<Add>;
    using Events = pawl::Events<Added>;
    int total = 0;
    pawl::Verdict decide(const Add& ask, pawl::Context<Counter>& ctx) const {
#if MISTAKE
        ctx.emit(ask);
#else
        ctx.emit(Added{ask.by});
#endif
        return pawl::accept;
    }
    void apply(const Added& event) noexcept { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
