// Mistake: bytes between the fields that nobody sets. Knows the contract headers only.
// EXPECT: commands and events have no padding bytes
#include "pawl/context.hpp"

#include <cstdint>

struct Counter {
    struct Add {
        std::int64_t by;
    };
    struct Added {
        std::int64_t by;
        std::int32_t times;
#if !MISTAKE
        std::int32_t reserved;
#endif
    };
    using Commands = pawl::Commands<Add>;
    using Events = pawl::Events<Added>;
    std::int64_t total = 0;
    pawl::Verdict decide(const Add&, pawl::Context<Counter>&) const { return pawl::accept; }
    void apply(const Added& event) noexcept { total += event.by * event.times; }
};
static_assert(pawl::detail::Checked<Counter>::ok);
