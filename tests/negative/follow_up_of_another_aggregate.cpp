// Mistake: a follow-up command of somebody else. Knows the contract headers only.
// EXPECT: then takes a command of the aggregate's Commands list
#include "pawl/context.hpp"

struct Stranger {
    int by;
};

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
#if MISTAKE
        ctx.then(Stranger{ask.by});
#else
        if (ask.by > 1) ctx.then(Add{ask.by - 1});
#endif
        return pawl::accept;
    }
    void apply(const Added& event) noexcept { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
