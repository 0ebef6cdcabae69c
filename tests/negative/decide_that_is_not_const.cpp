// Mistake: a decision that may change the state. Knows the contract headers only.
// EXPECT: decide is missing for a command of the list
#include "pawl/context.hpp"

#if MISTAKE
#define PROMISE
#else
#define PROMISE const
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
    pawl::Verdict decide(const Add& ask, pawl::Context<Counter>& ctx) PROMISE {
        ctx.emit(Added{ask.by});
        return pawl::accept;
    }
    void apply(const Added& event) noexcept { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
