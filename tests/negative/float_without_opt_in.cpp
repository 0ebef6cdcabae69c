// Mistake: a double in an event that nobody agreed to. Knows the contract headers only.
// EXPECT: float and double need an explicit opt-in
#include "pawl/context.hpp"

struct Gauge {
    struct Measure {
        double value;
    };
    struct Measured {
        double value;
    };
    using Commands = pawl::Commands<Measure>;
    using Events = pawl::Events<Measured>;
    double last = 0;
    pawl::Verdict decide(const Measure& ask, pawl::Context<Gauge>& ctx) const;
    void apply(const Measured& event) noexcept { last = event.value; }
};
template <>
inline constexpr bool pawl::allow_floating_point<Gauge::Measure> = true;
#if !MISTAKE
template <>
inline constexpr bool pawl::allow_floating_point<Gauge::Measured> = true;
#endif
static_assert(pawl::detail::Checked<Gauge>::ok);
