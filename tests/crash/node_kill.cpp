// Two processes with one history over loopback; whichever is primary is killed, again and again:
// what was acknowledged as replicated is in every later primary, once. Tells how long nobody
// served.
//
// --kills=N: how often (default 3); --fail-after=MS (default 1000); --arbiter=ADDRESS (default: a
// file); --switchovers: hands over instead of killing; --standbys: kills the standby instead and
// tells how long replies waited; --stops: stops the primary for 0.05 to 5 s and lets it go on;
// --without-arbiter=PID: stops that process (etcd) and kills nobody: N × 100 commands, none
// refused.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/ring/idle.hpp"
#include "tests/unit/node/kit.hpp"

namespace pawl::testing {
namespace {

std::uint64_t kills_in_all = 3;
std::uint64_t fail_after_ms = 1000;
std::string arbiter;
bool switchovers = false;
bool standbys = false;
bool stops = false;
pid_t arbiter_pid = 0;

// Numbers that come one after the other.
struct Row {
    struct Add {
        std::uint64_t number;
    };
    struct Added {
        std::uint64_t number;
    };
    using Commands = pawl::Commands<Add>;
    using Events = pawl::Events<Added>;

    std::uint64_t last = 0;
    std::uint64_t holes = 0;

    Verdict decide(const Add& ask, Context<Row>& ctx) const {
        ctx.emit(Added{ask.number});
        return accept;
    }
    void apply(const Added& event) noexcept {
        if (event.number != last + 1) ++holes;
        last = event.number;
    }
};
using RowEngine = Engine<Row>;
using RowStandby = Standby<Row>;

// What a node tells through its pipe.
struct Word {
    enum Kind : std::uint64_t { reigns, has_standby, acknowledged, refused };
    std::uint64_t kind;
    std::uint64_t number;
    std::uint64_t holes;
    std::int64_t at_ns;  // monotonic, of the whole machine
};

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

struct Settings {
    EngineOptions options;
    int pipe = -1;
};

void tell(const Settings& settings, Word::Kind kind, std::uint64_t number,
          std::uint64_t holes = 0) {
    const Word word{kind, number, holes, now_ns()};
    if (write(settings.pipe, &word, sizeof word) != sizeof word) _exit(4);
}

volatile sig_atomic_t wants_switchover = 0;

void reign(const Settings& settings, RowEngine& engine) {
    auto producer = engine.producer({"row"});
    const Row row = engine.query(1, [](const Row& known) { return known; }, use_future).get();
    tell(settings, Word::reigns, row.last, row.holes);
    bool standby_told = false;
    while (!engine.failed()) {
        const std::uint64_t number = producer.next_number().value;
        bool answered = false;
        bool accepted = false;
        const Offer offer = producer.try_submit(1, Row::Add{number}, at(Durability::replicated),
                                                [&](const Reply& reply) {
                                                    answered = true;
                                                    accepted = reply.accepted();
                                                });
        // Others need the core, the arbiter's process too: a thread that yields without end can
        // keep those of other sessions from it for tens of seconds (Linux 6.18).
        pawl::detail::IdleStrategy waits(Idle::park);
        while (offer == Offer::accepted && !answered) waits.idle(producer.poll_replies(1), 20'000);
        if (accepted) tell(settings, Word::acknowledged, number);
        if (offer != Offer::accepted || (answered && !accepted))
            tell(settings, Word::refused, number);
        if (number % 16 == 0) {
            const bool has_standby = engine.node_status().in_sync.size() == 2;
            if (has_standby && !standby_told) tell(settings, Word::has_standby, number);
            standby_told = has_standby;
        }
        if (wants_switchover != 0) {
            wants_switchover = 0;
            static_cast<void>(engine.hand_over(settings.options.replication.peers.front().name));
        }
    }
}

[[noreturn]] void live(const Settings& settings) {
    signal(SIGUSR1, [](int) { wants_switchover = 1; });
    auto standby = RowStandby::open(settings.options);
    for (;;) {
        if (!standby.ok()) {
            std::fprintf(stderr, "a node: %s\n", standby.error().sentence.c_str());
            _exit(3);
        }
        auto turn = standby->wait_for_turn(std::chrono::hours(1));
        if (!turn.ok() || !*turn) {
            std::fprintf(stderr, "a node follows no more: %s\n", turn.error().sentence.c_str());
            _exit(3);
        }
        auto engine = std::move(*standby).promote();
        if (!engine.ok()) continue;  // the other node was faster
        reign(settings, *engine);
        standby = std::move(*engine).step_down();
    }
}

class Nodes {
public:
    Nodes() {
        for (std::size_t i = 0; i < 2; ++i) {
            const std::string name = i == 0 ? "a" : "b";
            const std::string peer = i == 0 ? "b" : "a";
            EngineOptions& options = settings_[i].options;
            options = small(here_.file(name), 1);
            options.heads = here_.file("heads-" + name);
            if (stops) {  // seconds alone at full speed, again and again
                options.snapshot_every_bytes = 16U << 20;
                options.retention = Retention::remove;
            }
            if (std::getenv("PAWL_SAY") != nullptr)
                options.on_notice = [name](const Notice& notice) {
                    std::fprintf(stderr, "%lld %s: %s\n",
                                 static_cast<long long>(now_ns() / 1'000'000), name.c_str(),
                                 notice.sentence.c_str());
                };
            options.replication.node = name;
            options.replication.address = address_of(static_cast<int>(i));
            options.replication.peers = {{peer, address_of(static_cast<int>(1 - i))}};
            options.replication.arbiter =
                arbiter.empty() ? "file://" + here_.file("arbiter") : arbiter;
            options.replication.may_begin = i == 0;
            options.replication.fail_after = std::chrono::milliseconds(fail_after_ms);
            options.replication.degrade_after = std::chrono::milliseconds(2 * fail_after_ms);
            options.replication.heartbeat = std::chrono::milliseconds(fail_after_ms / 5);
        }
    }
    ~Nodes() {
        for (std::size_t i = 0; i < 2; ++i)
            if (pids_[i] > 0) end(i);
    }
    void start(std::size_t i) {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        const pid_t pid = fork();
        ASSERT_GE(pid, 0);
        if (pid == 0) {
            settings_[i].pipe = ends[1];
            live(settings_[i]);
        }
        close(ends[1]);
        pids_[i] = pid;
        pipes_[i] = ends[0];
    }
    void start_both() {
        start(0);
        start(1);
    }
    // Nothing that it told is lost.
    void end(std::size_t i) {
        kill(pids_[i], SIGKILL);
        waitpid(pids_[i], nullptr, 0);
        Word word{};
        while (read(pipes_[i], &word, sizeof word) == sizeof word) hear(i, word);
        close(pipes_[i]);
        pids_[i] = pipes_[i] = -1;
    }
    void ask_for_switchover(std::size_t i) { kill(pids_[i], SIGUSR1); }
    void signal(std::size_t i, int number) { kill(pids_[i], number); }
    // Until `is` is true of something that was just heard.
    template <class Is>
    bool listen(const Is& is, std::int64_t longest_ns = 60'000'000'000) {
        const std::int64_t give_up = now_ns() + longest_ns;
        while (now_ns() < give_up) {
            std::array<pollfd, 2> all{};
            for (std::size_t i = 0; i < 2; ++i) all[i] = {pipes_[i], POLLIN, 0};
            const std::int64_t left_ms = (give_up - now_ns()) / 1'000'000 + 1;
            if (poll(all.data(), 2, static_cast<int>(std::clamp<std::int64_t>(left_ms, 1, 1000))) <=
                0)
                continue;
            for (std::size_t i = 0; i < 2; ++i) {
                if (all[i].revents == 0) continue;
                Word word{};
                if (read(pipes_[i], &word, sizeof word) != sizeof word) return false;
                hear(i, word);
                if (is(i, word)) return true;
            }
        }
        return false;
    }
    std::size_t primary() const { return primary_; }
    bool has_standby() const { return has_standby_; }
    void forget_standby() { has_standby_ = false; }
    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t refused() const { return refused_; }
    std::uint64_t reigns() const { return reigns_; }
    const std::string& wrong() const { return wrong_; }

private:
    void hear(std::size_t i, const Word& word) {
        if (word.kind == Word::acknowledged) acknowledged_ = std::max(acknowledged_, word.number);
        if (word.kind == Word::refused) ++refused_;
        // An answer from before its successor began may be read late; it is part of that beginning.
        if (word.kind == Word::acknowledged && i != primary_ && word.number > began_with_)
            wrong_ = "acknowledged " + std::to_string(word.number) +
                     " in a reign that is over: the next one began with " +
                     std::to_string(began_with_);
        if (word.kind == Word::has_standby && i == primary_) has_standby_ = true;
        if (word.kind != Word::reigns) return;
        primary_ = i;
        began_with_ = word.number;
        ++reigns_;
        has_standby_ = false;
        if (word.number < acknowledged_)
            wrong_ = "reigns with " + std::to_string(word.number) + ", acknowledged was " +
                     std::to_string(acknowledged_);
        if (word.holes != 0) wrong_ = std::to_string(word.holes) + " holes or doubles";
    }

    TempDirectory here_;
    std::array<Settings, 2> settings_;
    std::array<pid_t, 2> pids_{-1, -1};
    std::array<int, 2> pipes_{-1, -1};
    std::size_t primary_ = 0;
    bool has_standby_ = false;  // in this reign
    std::uint64_t acknowledged_ = 0;
    std::uint64_t began_with_ = 0;  // of the last reign: the highest number it had
    std::uint64_t refused_ = 0;
    std::uint64_t reigns_ = 0;
    std::string wrong_;
};

void print_percentiles(std::vector<std::int64_t> gaps) {
    std::sort(gaps.begin(), gaps.end());
    const auto ms_at = [&](double share) {
        const auto at = static_cast<std::size_t>(share * static_cast<double>(gaps.size() - 1));
        return static_cast<double>(gaps[at]) / 1e6;
    };
    std::printf("p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", ms_at(0.5), ms_at(0.99), ms_at(1));
}

bool await_standby(Nodes& nodes, std::uint64_t more) {
    return nodes.listen([&](std::size_t, const Word& word) {
        if (more != 0) --more;
        return word.kind == Word::acknowledged && more == 0 && nodes.has_standby();
    });
}

TEST(NodeStop, who_was_stopped_acknowledges_nothing_in_a_reign_that_is_over) {
    if (!stops) GTEST_SKIP() << "asked for with --stops";
    Nodes nodes;
    nodes.start_both();
    std::mt19937_64 chance(7);
    for (std::uint64_t i = 0; i < kills_in_all; ++i) {
        ASSERT_TRUE(await_standby(nodes, 50 + i % 100)) << "no standby came";
        const std::size_t victim = nodes.primary();
        const std::int64_t until_ns =
            now_ns() + static_cast<std::int64_t>(50 + chance() % 4'950) * 1'000'000;
        nodes.signal(victim, SIGSTOP);
        std::uint64_t meanwhile = 0;
        while (now_ns() < until_ns)
            static_cast<void>(
                nodes.listen([&](std::size_t, const Word&) { return ++meanwhile % 64 == 0; },
                             std::min<std::int64_t>(until_ns - now_ns(), 50'000'000)));
        nodes.signal(victim, SIGCONT);
        ASSERT_TRUE(await_standby(nodes, 1)) << "no standby came";
        ASSERT_EQ(nodes.wrong(), "");
    }
    std::printf("%llu stops, %llu reigns, %llu commands acknowledged, none lost, none doubled\n",
                static_cast<unsigned long long>(kills_in_all),
                static_cast<unsigned long long>(nodes.reigns()),
                static_cast<unsigned long long>(nodes.acknowledged()));
}

TEST(NodeStop, without_an_arbiter_everything_goes_on) {
    if (arbiter_pid == 0) GTEST_SKIP() << "asked for with --without-arbiter=PID";
    Nodes nodes;
    nodes.start_both();
    ASSERT_TRUE(await_standby(nodes, 50)) << "no standby came";
    kill(arbiter_pid, SIGSTOP);
    const std::uint64_t reigns = nodes.reigns();
    const std::uint64_t begin = nodes.acknowledged();
    const std::uint64_t refused = nodes.refused();
    const bool went_on = nodes.listen([&](std::size_t, const Word&) {
        return nodes.acknowledged() - begin >= kills_in_all * 100;
    });
    kill(arbiter_pid, SIGCONT);
    EXPECT_TRUE(went_on);
    EXPECT_EQ(nodes.reigns(), reigns);
    EXPECT_EQ(nodes.refused(), refused);
    EXPECT_EQ(nodes.wrong(), "");
    std::printf("%llu commands acknowledged without an arbiter, %llu refused\n",
                static_cast<unsigned long long>(nodes.acknowledged() - begin),
                static_cast<unsigned long long>(nodes.refused() - refused));
}

// As long as it is waited for: degrade_after, and the swap that takes it out of the set.
TEST(NodeStandby, that_is_killed_holds_replies_up_no_longer_than_it_is_waited_for) {
    if (switchovers || stops || arbiter_pid != 0) GTEST_SKIP() << "another one is asked for";
    Nodes nodes;
    nodes.start_both();
    std::vector<std::int64_t> gaps;
    for (std::uint64_t i = 0; i < kills_in_all; ++i) {
        ASSERT_TRUE(await_standby(nodes, 50 + i % 100)) << "no standby came";
        const std::size_t standby = 1 - nodes.primary();
        std::int64_t last_ns = now_ns();
        nodes.end(standby);
        nodes.forget_standby();
        std::int64_t longest = 0;
        std::uint64_t left = 100;
        ASSERT_TRUE(nodes.listen([&](std::size_t, const Word& word) {
            if (word.kind != Word::acknowledged) return false;
            longest = std::max(longest, word.at_ns - last_ns);
            last_ns = std::max(last_ns, word.at_ns);
            return --left == 0;
        })) << "the primary does not go on";
        gaps.push_back(longest);
        nodes.start(standby);
        ASSERT_EQ(nodes.wrong(), "");
    }
    EXPECT_EQ(nodes.refused(), 0U);
    EXPECT_EQ(nodes.reigns(), 1U);
    std::printf(
        "%zu standbys killed, %llu commands acknowledged, none refused; degrade_after %llu ms, "
        "longest wait of each: ",
        gaps.size(), static_cast<unsigned long long>(nodes.acknowledged()),
        static_cast<unsigned long long>(2 * fail_after_ms));
    print_percentiles(gaps);
}

TEST(NodeKill, what_was_acknowledged_is_in_every_later_primary_once) {
    if (standbys || stops || arbiter_pid != 0) GTEST_SKIP() << "another one is asked for";
    Nodes nodes;
    nodes.start_both();
    std::vector<std::int64_t> gaps;
    for (std::uint64_t i = 0; i < kills_in_all; ++i) {
        // A machine that stands still may have them change places by themselves meanwhile.
        std::uint64_t more = 50 + i % 100;
        std::int64_t last_ns = 0;
        ASSERT_TRUE(nodes.listen([&](std::size_t, const Word& word) {
            last_ns = word.at_ns;
            if (more != 0) --more;
            return word.kind == Word::acknowledged && more == 0 && nodes.has_standby();
        })) << "no standby came";
        const std::size_t victim = nodes.primary();
        if (switchovers)
            nodes.ask_for_switchover(victim);
        else
            nodes.end(victim);
        // The old primary's last word counts, not when it was asked to end.
        std::int64_t gap = 0;
        std::uint64_t still = 0;
        ASSERT_TRUE(nodes.listen([&](std::size_t node, const Word& word) {
            if (word.kind != Word::acknowledged) return false;
            if (node == victim) last_ns = word.at_ns;
            // It was called off: the standby that was told of was on its way out of the set.
            if (switchovers && node == victim && ++still % 200 == 0) nodes.ask_for_switchover(node);
            gap = word.at_ns - last_ns;
            return node != victim;
        })) << "nobody took over";
        gaps.push_back(gap);
        if (!switchovers) nodes.start(victim);
        ASSERT_EQ(nodes.wrong(), "");
    }
    std::printf("%zu %s, %llu commands acknowledged, none lost, none doubled; without service: ",
                gaps.size(), switchovers ? "switchovers" : "kills",
                static_cast<unsigned long long>(nodes.acknowledged()));
    print_percentiles(gaps);
}

}  // namespace
}  // namespace pawl::testing

int main(int count, char** arguments) {
    ::testing::InitGoogleTest(&count, arguments);
    for (int i = 1; i < count; ++i) {
        const std::string_view flag = arguments[i];
        const auto value = [&] { return std::string(flag.substr(flag.find('=') + 1)); };
        if (flag.starts_with("--kills="))
            pawl::testing::kills_in_all = std::strtoull(value().c_str(), nullptr, 10);
        else if (flag.starts_with("--fail-after="))
            pawl::testing::fail_after_ms = std::strtoull(value().c_str(), nullptr, 10);
        else if (flag.starts_with("--arbiter="))
            pawl::testing::arbiter = value();
        else if (flag == "--switchovers")
            pawl::testing::switchovers = true;
        else if (flag == "--standbys")
            pawl::testing::standbys = true;
        else if (flag == "--stops")
            pawl::testing::stops = true;
        else if (flag.starts_with("--without-arbiter="))
            pawl::testing::arbiter_pid =
                static_cast<pid_t>(std::strtoul(value().c_str(), nullptr, 10));
    }
    return RUN_ALL_TESTS();
}
