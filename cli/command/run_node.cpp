// The loop that every node runs.
#include "cli/command/run_node.hpp"

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/command/commands.hpp"
#include "cli/report/moment.hpp"
#include "cli/trading/feeder.hpp"
#include "pawl/standby.hpp"

namespace pawl::cli {

namespace {

using TradingStandby = Standby<matching::Book>;
using std::chrono::milliseconds;

// One line, from any thread.
void tell(const std::string& sentence) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    std::printf("%s %s\n", time_text(Time{ns}).c_str(), sentence.c_str());
    std::fflush(stdout);
}

class Signals {
public:
    // Before there are threads: they all leave these signals to us.
    Signals() {
        sigemptyset(&ends_);
        sigaddset(&ends_, SIGINT);
        sigaddset(&ends_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &ends_, nullptr);
    }
    // Waits for one, at most so long. True from the first one on.
    bool came(milliseconds longest) {
        const timespec most{0, std::chrono::nanoseconds(longest).count()};
        if (!came_) came_ = sigtimedwait(&ends_, nullptr, &most) > 0;
        return came_;
    }

private:
    sigset_t ends_{};
    bool came_ = false;
};

// Its turn, or nothing: it was asked to end.
Result<std::optional<TradingEngine>> follow(TradingStandby standby, Signals& signals) {
    for (;;) {
        const Result<bool> turn = standby.wait_for_turn(milliseconds(50));
        if (!turn) return turn.error();
        if (*turn) {
            Result<TradingEngine> engine = std::move(standby).promote();
            if (engine.ok()) return std::optional<TradingEngine>(std::move(*engine));
            continue;  // another node was faster, or the next wait says what is wrong
        }
        if (!signals.came(milliseconds(0))) continue;
        if (Status closed = standby.close(); !closed) return closed.error();
        return std::optional<TradingEngine>();
    }
}

// To the first of the set that is not this node.
void hand_over(TradingEngine& engine, const EngineOptions& options) {
    const std::string& self = options.replication.node;
    for (const std::string& peer : engine.node_status().in_sync) {
        if (peer == self) continue;
        if (const Status asked = engine.hand_over(peer, AfterHandOver::ends); !asked) {
            tell(self + ": " + asked.error().sentence);
            continue;
        }
        const auto give_up = std::chrono::steady_clock::now() +
                             2 * options.replication.hand_over_within + milliseconds(1000);
        while (!engine.failed() && std::chrono::steady_clock::now() < give_up &&
               engine.node_status().role != Role::primary)  // primary: it was called off
            std::this_thread::sleep_for(milliseconds(1));
        return;
    }
}

}  // namespace

int run_node(const EngineOptions& given, bool accept_loss) {
    Signals signals;
    EngineOptions options = given;
    const std::string& self = options.replication.node;
    options.on_notice = [&self](const Notice& notice) {
        if (notice.kind == Notice::Kind::role || notice.kind == Notice::Kind::stopped)
            tell(self + ": " + notice.sentence);
        else
            std::fprintf(stderr, "pawl: %s\n", notice.sentence.c_str());
    };
    Result<TradingStandby> standby = TradingStandby::open(options);
    if (standby.ok() && accept_loss) standby->accept_loss();
    for (;;) {
        if (!standby) return report_error(standby.error());
        Result<std::optional<TradingEngine>> turn = follow(std::move(*standby), signals);
        if (!turn) return report_error(turn.error());
        if (!*turn) {
            tell(self + ": ended");
            return exit_ok;
        }
        TradingEngine& engine = **turn;
        tell(self + ": serves clients on " + engine.listen_address());
        while (!engine.failed() && !signals.came(milliseconds(2))) {
        }
        if (!engine.failed()) hand_over(engine, options);
        const Role role = engine.node_status().role;
        const bool lost_its_role = engine.failed() && !leads(role);
        if (lost_its_role && !signals.came(milliseconds(0))) {
            tell(self + ": steps down, to follow who is primary now");
            standby = std::move(engine).step_down();
            continue;
        }
        const Status closed = engine.close();
        if (!closed) return report_error(closed.error());
        if (!signals.came(milliseconds(0))) return static_cast<int>(ErrorCode::stopped);
        tell(self + ": ended");
        return exit_ok;
    }
}

}  // namespace pawl::cli
