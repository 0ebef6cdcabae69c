// Mistake: a command that nobody decides. Knows the contract headers only.
// EXPECT: decide is missing for a command of the list
#include "pawl/context.hpp"

struct Counter {
    struct Add {
        int by;
    };
    struct Clear {};
    struct Added {
        int by;
    };
    using Commands = pawl::Commands<Add, Clear>;
    using Events = pawl::Events<Added>;
    int total = 0;
    pawl::Verdict decide(const Add& ask, pawl::Context<Counter>& ctx) const {
        ctx.emit(Added{ask.by});
        return pawl::accept;
    }
#if !MISTAKE
    pawl::Verdict decide(const Clear&, pawl::Context<Counter>& ctx) const {
        ctx.emit(Added{-total});
        return pawl::accept;
    }
#endif
    void apply(const Added& event) noexcept { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
