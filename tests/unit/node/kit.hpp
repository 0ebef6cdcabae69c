// The small language of whole nodes: two of them on this machine, each with a directory, an
// address and the same arbiter. Knows the façade.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pawl/standby.hpp"
#include "tests/memory_folder.hpp"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {

using Follower = Standby<Account, Book>;
using std::chrono::milliseconds;

inline constexpr milliseconds a_long_time{60'000};

// Addresses of their own for each process: nobody else listens there.
inline std::string address_of(int node) {
    const int pid = static_cast<int>(getpid());
    return "127." + std::to_string(1 + (pid / 250) % 250) + "." + std::to_string(1 + pid % 250) +
           "." + std::to_string(1 + node) + ":7411";
}

// A machine that stands still for a moment is not a failure: where nobody shall take over.
inline constexpr milliseconds patient = a_long_time;
// Nor is it here, but the test waits for it.
inline constexpr milliseconds soon{2'000};

// What nodes a and b have in common, and what they said.
class Pair {
public:
    explicit Pair(milliseconds fail_after) : fail_after_(fail_after) {}

    EngineOptions options(const std::string& name) {
        const std::string other = name == "a" ? "b" : "a";
        EngineOptions options = small(here_.file(name), 2);
        options.heads = here_.file("heads-" + name);
        options.replication.node = name;
        options.replication.address = address_of(name == "a" ? 0 : 1);
        options.replication.peers = {{other, address_of(other == "a" ? 0 : 1)}};
        options.replication.arbiter = "file://" + here_.file("arbiter");
        options.replication.may_begin = name == "a";
        options.replication.heartbeat = milliseconds(30);
        // State records stand between what the tests do, not only where a machine is slow.
        options.replication.compare_every = milliseconds(1);
        options.replication.fail_after = fail_after_;
        options.replication.degrade_after = fail_after_ + milliseconds(500);
        options.replication.hand_over_within = patient;
        options.on_notice = [this, name](const Notice& notice) {
            const std::lock_guard lock(mutex_);
            said_.push_back(name + ": " + notice.sentence);
        };
        return options;
    }
    Follower follow(const std::string& name) { return Follower::open(options(name)).value(); }
    // Works when its poll() is called.
    Follower follow_polled(const std::string& name) {
        EngineOptions without_threads = options(name);
        without_threads.threading = Threading::none;
        return Follower::open(without_threads).value();
    }
    Bank reign(const std::string& name) { return promote(follow(name)); }
    static Bank promote(Follower standby) {
        const auto turn = standby.wait_for_turn(a_long_time);
        EXPECT_TRUE(turn.ok()) << turn.error().sentence;
        EXPECT_TRUE(*turn);
        return std::move(standby).promote().value();
    }
    std::string said() {
        const std::lock_guard lock(mutex_);
        std::string all;
        for (const std::string& sentence : said_) all += sentence + "\n";
        return all;
    }
    const TempDirectory& folder() const { return here_; }

private:
    const milliseconds fail_after_;
    TempDirectory here_{memory_folder()};
    std::mutex mutex_;
    std::vector<std::string> said_;
};

// Asks until it is so; false: it never was.
template <class Is>
bool comes_true(const Is& is) {
    const auto give_up = std::chrono::steady_clock::now() + a_long_time;
    while (!is()) {
        if (std::chrono::steady_clock::now() >= give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

inline bool polled_gets_its_turn(Follower& node) {
    return comes_true([&] {
        node.poll();
        return *node.wait_for_turn(milliseconds(0));
    });
}

inline bool is_in_sync(const NodeStatus& status, const std::string& name) {
    for (const std::string& one : status.in_sync)
        if (one == name) return true;
    return false;
}

inline SubmitOptions at(Durability durability) {
    SubmitOptions options;
    options.durability = durability;
    return options;
}

}  // namespace pawl::testing
