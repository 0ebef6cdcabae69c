// Mistake: an apply without noexcept. Knows the contract headers only.
// EXPECT: or not noexcept
#include "pawl/context.hpp"

#if MISTAKE
#define PROMISE
#else
#define PROMISE noexcept
#endif

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
        ctx.emit(Added{ask.by});
        return pawl::accept;
    }
    void apply(const Added& event) PROMISE { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
