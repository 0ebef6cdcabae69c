// Mistake: an aggregate that does not name its events. Knows the contract headers only.
// EXPECT: an aggregate names its list: using Events = pawl::Events<
#include "pawl/context.hpp"

struct Counter {
    struct Add {
        int by;
    };
    struct Added {
        int by;
    };
    using Commands = pawl::Commands<Add>;
#if !MISTAKE
    using Events = pawl::Events<Added>;
#endif
    int total = 0;
    pawl::Verdict decide(const Add&, pawl::Context<Counter>&) const { return pawl::accept; }
    void apply(const Added& event) noexcept { total += event.by; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
