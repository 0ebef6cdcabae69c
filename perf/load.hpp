// Two ways to load a path: as fast as it goes, and at a rate that does not wait for it. Knows a
// client that sends and polls; not what is behind it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "cli/report/histogram.hpp"
#include "engine/ring/idle.hpp"
#include "perf/bank.hpp"

namespace pawl::perf {

// A client has
//   bool send(const Ask&)                    false: no room, poll first
//   void flush()                             everything sent so far may be taken
//   std::size_t poll(std::size_t, handler)   up to so many replies, in order, handler(accepted)

struct Throughput {
    double per_second = 0;
    std::uint64_t answered = 0;
    bool all_accepted = true;
};

struct BurstOptions {
    std::size_t batch = 64;     // commands sent before the next look at replies
    std::size_t window = 1024;  // commands on their way, at most
    double seconds = 1;
    std::uint64_t commands = 0;  // as many, however long it takes; 0: as the time allows
    std::uint64_t seed = 1;
    std::uint64_t accounts = account_count;  // asked for; with money
};

// Waits as little as it can: a few pauses, then lets others run.
class Patience {
public:
    void wait(bool progress) noexcept {
        if (progress) {
            passes_ = 0;
            return;
        }
        detail::cpu_relax();
        if (++passes_ >= 256) std::this_thread::yield();
    }

private:
    std::uint32_t passes_ = 0;
};

// Sends bursts and takes replies until the time is over and everything is answered.
template <class Client>
Throughput send_bursts(Client& client, const BurstOptions& options) {
    using SteadyClock = std::chrono::steady_clock;
    Asks asks(options.seed, options.accounts);
    Throughput result;
    Patience patience;
    std::uint64_t sent = 0;
    const auto take = [&](bool accepted) { result.all_accepted &= accepted; };
    const auto begin = SteadyClock::now();
    const auto end = begin + std::chrono::duration<double>(options.seconds);
    const std::uint64_t last = options.commands != 0 ? options.commands : ~std::uint64_t{0};
    Ask ask = asks.next();
    for (std::uint32_t round = 0;; ++round) {
        std::size_t burst = 0;
        while (burst < options.batch && sent < last && sent - result.answered < options.window &&
               client.send(ask)) {
            ++sent;
            ++burst;
            ask = asks.next();
        }
        if (burst != 0) client.flush();
        const std::size_t taken = client.poll(64, take);
        result.answered += taken;
        patience.wait(taken + burst != 0);
        if (options.commands != 0 ? sent == last : round % 64 == 0 && SteadyClock::now() >= end)
            break;
    }
    while (result.answered < sent) {
        const std::size_t taken = client.poll(64, take);
        result.answered += taken;
        patience.wait(taken != 0);
    }
    const std::chrono::duration<double> took = SteadyClock::now() - begin;
    result.per_second = static_cast<double>(result.answered) / took.count();
    return result;
}

struct OpenLoopOptions {
    double rate = 100'000;  // commands per second
    double seconds = 1;
    double warm_up_seconds = 0.2;  // sent, but not counted
    std::uint64_t accounts = account_count;
    bool lets_others_run = false;  // who looks in vain gives its core away for the moment
};

struct OpenLoop {
    bool all_accepted = true;
    double sent_per_second = 0;      // until the last one should have been on its way
    double answered_per_second = 0;  // until the last reply
};

// Sends each command at its time, whatever came of those before it, and records the time from the
// intended send time to the reply in the caller's hands. A path that does not keep up is not
// spared: its lane fills, later commands leave late and count from when they should have left.
template <class Client>
OpenLoop send_at_rate(Client& client, const OpenLoopOptions& options, cli::Histogram& histogram) {
    using SteadyClock = std::chrono::steady_clock;
    const auto now_ns = [begin = SteadyClock::now()] {
        return std::chrono::duration<double, std::nano>(SteadyClock::now() - begin).count();
    };
    Asks asks(1, options.accounts);
    OpenLoop result;
    const double interval_ns = 1e9 / options.rate;
    const auto warm = static_cast<std::uint64_t>(options.warm_up_seconds * options.rate);
    const auto all = warm + static_cast<std::uint64_t>(options.seconds * options.rate);
    const double first_ns = now_ns() + 1e6;
    const auto meant_ns = [&](std::uint64_t number) {
        return first_ns + static_cast<double>(number) * interval_ns;
    };
    std::uint64_t sent = 0;
    std::uint64_t sent_in_time = 0;
    std::uint64_t answered = 0;
    double last_ns = first_ns;
    Ask ask = asks.next();
    while (answered < all) {
        const double now = now_ns();
        bool any = false;
        while (sent < all && meant_ns(sent) <= now && client.send(ask)) {
            ++sent;
            ask = asks.next();
            any = true;
        }
        if (any) client.flush();
        if (now <= meant_ns(all)) sent_in_time = sent;
        std::uint64_t taken = 0;
        client.poll(64, [&](bool accepted) {
            result.all_accepted &= accepted;
            ++taken;
        });
        if (taken == 0) {
            if (!any && options.lets_others_run) std::this_thread::yield();
            continue;
        }
        last_ns = now_ns();
        for (; taken != 0; --taken, ++answered)
            if (answered >= warm)
                histogram.record(static_cast<std::int64_t>(last_ns - meant_ns(answered)));
    }
    const double counted = static_cast<double>(all - warm);
    if (sent_in_time > warm)
        result.sent_per_second = static_cast<double>(sent_in_time - warm) / counted * options.rate;
    result.answered_per_second = counted * 1e9 / (last_ns - meant_ns(warm));
    return result;
}

}  // namespace pawl::perf
