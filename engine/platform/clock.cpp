// The machine's clocks. The wall clock is read once in a while; in between the processor's own
// counter says how much time has passed.
#include "engine/platform/clock.hpp"

#include <time.h>

#include <fstream>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace pawl::detail {
namespace {

std::int64_t read_clock(clockid_t id) noexcept {
    timespec now{};
    clock_gettime(id, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

#if defined(__x86_64__)

// Ticks at one rate in every state of the processor, and alike on all cores: the system itself
// tells the time by it.
bool ticks_are_time() noexcept {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned invariant = 1U << 8;
    if (__get_cpuid(0x8000'0007, &a, &b, &c, &d) == 0 || (d & invariant) == 0) return false;
    try {
        std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
        std::string source;
        return (file >> source) && source == "tsc";
    } catch (...) {
        return false;
    }
}

// A clock and the counter at one moment. Not close: the thread stood still between the two, so they
// are of different moments.
struct Moment {
    std::uint64_t ticks = 0;
    std::int64_t ns = 0;
    bool close = false;
};

Moment moment_of(clockid_t clock) noexcept {
    constexpr std::uint64_t apart_max = 4'000;  // about a microsecond; a reading takes a hundred
    Moment moment;
    const std::uint64_t before = __rdtsc();
    moment.ns = read_clock(clock);
    const std::uint64_t after = __rdtsc();
    moment.ticks = before + (after - before) / 2;
    moment.close = after - before < apart_max;
    return moment;
}

// How long a tick takes, once two moments are far enough apart to tell; 0 until then.
class Rate {
public:
    static constexpr unsigned shift = 32;
    static constexpr std::uint64_t one = std::uint64_t{1} << shift;

    // Nanoseconds per tick, shifted. Any thread.
    std::uint64_t ns_per_tick() noexcept {
        const std::uint64_t known = known_.load(std::memory_order_relaxed);
        return known != 0 || !usable_ ? known : measure();
    }

private:
    static constexpr std::int64_t apart_ns = 20'000'000;

    std::uint64_t measure() noexcept {
        const Moment now = moment_of(CLOCK_MONOTONIC_RAW);
        const std::int64_t ns = now.ns - first_.ns;
        if (!now.close || ns < apart_ns) return 0;
        const auto rate =
            static_cast<std::uint64_t>(static_cast<double>(ns) * static_cast<double>(one) /
                                       static_cast<double>((now.ticks - first_.ticks) | 1U));
        known_.store(rate, std::memory_order_relaxed);
        return rate;
    }
    static Moment first_moment() noexcept {
        Moment moment;
        for (int i = 0; i < 100 && !moment.close; ++i) moment = moment_of(CLOCK_MONOTONIC_RAW);
        return moment;
    }

    const Moment first_ = first_moment();
    const bool usable_ = first_.close && ticks_are_time();
    std::atomic<std::uint64_t> known_{0};
};

Rate& rate() noexcept {
    static Rate the_rate;
    return the_rate;
}

// The last reading of this thread, and for how many ticks it holds: a step of the wall clock is
// seen a millisecond later, and what the rate is off by stays below a tenth of a microsecond.
struct Reading {
    std::uint64_t ticks = 0;
    std::uint64_t holds_for = 0;
    std::uint64_t ns_per_tick = 0;
    std::int64_t wall_ns = 0;
};
[[gnu::tls_model("initial-exec")]] thread_local constinit Reading last_reading;

std::int64_t read_again(Reading& reading) noexcept {
    constexpr std::uint64_t holds_ns = 1'000'000;
    const Moment now = moment_of(CLOCK_REALTIME);
    reading.ns_per_tick = rate().ns_per_tick();
    reading.ticks = now.ticks;
    reading.wall_ns = now.ns;
    reading.holds_for =
        now.close && reading.ns_per_tick != 0 ? (holds_ns << Rate::shift) / reading.ns_per_tick : 0;
    return reading.wall_ns;
}

#endif

}  // namespace

std::int64_t SystemClock::wall_ns() noexcept {
#if defined(__x86_64__)
    Reading& reading = last_reading;
    // A counter that went back, or stood still while the machine slept, is far away as well.
    const std::uint64_t passed = __rdtsc() - reading.ticks;
    if (passed >= reading.holds_for) return read_again(reading);
    return reading.wall_ns +
           static_cast<std::int64_t>((passed * reading.ns_per_tick) >> Rate::shift);
#else
    return read_clock(CLOCK_REALTIME);
#endif
}
std::int64_t SystemClock::monotonic_ns() noexcept {
    return read_clock(CLOCK_MONOTONIC);
}

}  // namespace pawl::detail
