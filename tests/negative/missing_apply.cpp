// Mistake: an event without an apply. Knows the contract headers only.
// EXPECT: apply is missing for an event of the list
#include "pawl/context.hpp"

struct Counter {
    struct Add {
        int by;
    };
    struct Added {
        int by;
    };
    struct Reset {};
    using Commands = pawl::Commands<Add>;
    using Events = pawl::Events<Added, Reset>;
    int total = 0;
    pawl::Verdict decide(const Add& ask, pawl::Context<Counter>& ctx) const {
        ctx.emit(Added{ask.by});
        return pawl::accept;
    }
    void apply(const Added& event) noexcept { total += event.by; }
#if !MISTAKE
    void apply(const Reset&) noexcept { total = 0; }
#endif
};
static_assert(pawl::detail::Checked<Counter>::ok);
