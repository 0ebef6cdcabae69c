// A host with its own event loop: the engine has no thread, the loop runs it. A timer submits, an
// event wakes.
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <pawl/engine.hpp>

struct Meter {
    struct Read {
        std::int64_t watts;
    };
    struct Measured {
        std::int64_t watts;
    };
    using Commands = pawl::Commands<Read>;
    using Events = pawl::Events<Measured>;
    std::int64_t sum = 0;
    std::int64_t count = 0;

    pawl::Verdict decide(const Read& ask, pawl::Context<Meter>& ctx) const {
        ctx.emit(Measured{ask.watts});
        return pawl::accept;
    }
    void apply(const Measured& event) noexcept {
        sum += event.watts;
        ++count;
    }
};

int main() {
    auto opened = pawl::Engine<Meter>::open(
        {.directory = "meter.journal", .threading = pawl::Threading::none});
    if (!opened) return std::puts(opened.error().sentence.c_str()), 1;
    auto engine = std::move(opened).value();

    const int loop = epoll_create1(0);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const itimerspec every_millisecond{{0, 1'000'000}, {0, 1'000'000}};
    timerfd_settime(timer, 0, &every_millisecond, nullptr);
    epoll_event event{EPOLLIN, {.fd = timer}};
    epoll_ctl(loop, EPOLL_CTL_ADD, timer, &event);
    event.data.fd = engine.wake_fd();  // another thread has left work
    epoll_ctl(loop, EPOLL_CTL_ADD, engine.wake_fd(), &event);

    int ticks = 0;
    int answered = 0;
    while (answered < 20) {
        if (engine.poll() != 0) continue;  // as long as there is work; callbacks run in here
        epoll_event ready[4];
        const int count = epoll_wait(loop, ready, 4, engine.poll_timeout_ms());
        for (int i = 0; i < count; ++i) {
            std::uint64_t expired = 0;
            if (ready[i].data.fd != timer || read(timer, &expired, sizeof expired) < 0) continue;
            if (ticks == 20) continue;
            const pawl::Offer offer =
                engine.submit(1, Meter::Read{100 + ticks}, [&](const pawl::Reply&) { ++answered; });
            if (offer == pawl::Offer::accepted) ++ticks;  // else again with the next tick
        }
    }
    const auto average = [](const Meter& meter) { return meter.sum / meter.count; };
    const std::int64_t watts = engine.query(1, average, pawl::use_future).get();
    std::printf("%d readings, %lld watts on average\n", answered, static_cast<long long>(watts));
    close(timer);
    close(loop);
    return 0;
}
