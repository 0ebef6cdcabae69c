// Two nodes under every kind of weather and misfortune, in one thread under a seed: what a standby
// has is what its primary has, to the byte, and what was acknowledged is never lost.
// --seeds=N and --seed=N (one only) say how many and which.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "node.hpp"

namespace pawl::replication::testing {

std::uint64_t seeds = sanitized ? 40 : 400;
std::uint64_t first_seed = 1;

namespace {

constexpr std::uint32_t shards = 2;

// What happened in all seeds together: a schedule that never meets a case proves nothing about it.
struct Happened {
    std::uint64_t takeovers = 0, restarts = 0, cuts = 0, adoptions = 0, snapshots_used = 0;
    std::uint64_t broken = 0, flipped = 0, wiped = 0, power_cuts = 0, anew = 0, acknowledged = 0;
    std::uint64_t died = 0;
};
Happened happened;

class Schedule {
public:
    explicit Schedule(std::uint64_t seed)
        : chance_(seed),
          network_(seed),
          nodes_{std::make_unique<Node>("a", NodeOptions{shards, 11, 1024 + 8 * below(1000)}),
                 std::make_unique<Node>("b", NodeOptions{shards, 22, 1024 + 8 * below(1000)})} {
        for (std::size_t i = 0; i < 2; ++i) {
            LinkOptions options;
            options.boot = i + 1;
            options.payload_bytes_max = payload_bytes_min;
            options.unsent_bytes_max = frame_bytes(payload_bytes_min) + (below(2) << 15);
            listeners_[i] = network_.listen(nodes_[i]->name(), options);
            connectors_[i] = network_.connector(nodes_[i]->name(), options);
        }
        if (below(2) == 0) network_.weather().broken_one_in = 20 + below(200);
        if (below(2) == 0) network_.weather().flipped_one_in = 20 + below(200);
        if (below(3) == 0) network_.weather().half_open_one_in = 100 + below(300);
    }

    void run(int steps) {
        reign(0);
        for (int i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i) {
            step();
            for (std::uint64_t turns = 1 + below(16); turns != 0; --turns) work();
            if (i % 4 == 0) look();
        }
        if (!::testing::Test::HasFatalFailure()) heal();
        happened.cuts += nodes_[0]->cuts + nodes_[1]->cuts;
        happened.adoptions += nodes_[0]->adoptions + nodes_[1]->adoptions;
        happened.broken += network_.figures().broken;
        happened.flipped += network_.figures().flipped;
    }

private:
    std::uint64_t below(std::uint64_t n) { return chance_() % n; }
    Node& primary() { return *nodes_[primary_]; }
    Node& standby() { return *nodes_[1 - primary_]; }

    void reign(std::size_t who) {
        sender_.reset();
        primary_ = who;
        const auto begun = primary().reign(++epoch_);
        ASSERT_TRUE(begun) << begun.message();
    }

    void step() {
        const std::uint64_t what = below(100);
        if (what < 60) return append();
        if (what < 80) return;  // only time passes
        if (what < 84) return snapshot();
        if (what < 86) return network_.break_all();
        if (what < 87) return network_.half_open_all();
        if (what < 91) return end_standby();
        if (what < 93) return restart_primary();
        if (what < 96) return take_over();
        if (what < 97) return wipe();
        if (what < 99) return die();
        now_ += static_cast<std::int64_t>(below(150'000'000));
    }

    void append() {
        for (std::uint64_t i = 1 + below(30); i != 0; --i) {
            const auto shard = static_cast<std::uint32_t>(below(shards));
            const std::size_t payload = below(20) == 0 ? below(5000) : below(400);
            if (!primary().append(shard, payload + 8)) primary().write_some(shard);
        }
    }

    void snapshot() {
        const auto shard = static_cast<std::uint32_t>(below(shards));
        const auto made = primary().snapshot(shard);
        ASSERT_TRUE(made) << made.message();
        const bool careful = sender_ != nullptr && below(2) == 0;
        primary().retain(shard, careful ? sender_->needed(shard) : Position{~std::uint64_t{0}});
    }

    // Its storage ends at some call soon, whatever it is doing then: following, taking a snapshot
    // in, cutting, adopting, recovering. Then the process does.
    void die() {
        ++happened.died;
        standby().begin_to_die(1 + below(below(2) == 0 ? 40 : 400));
        for (std::uint64_t turns = 40 + below(200); turns != 0; --turns) work();
        const bool power = below(2) == 0;
        standby().kill();
        if (power)
            standby().cut_power(below(2) == 0 ? Unsynced::lost : Unsynced::every_other_sector);
        network_.process_dies(standby().name());
        same_life_ = false;
        if (power) in_sync_ = false;
        listeners_[1 - primary_] = nullptr;
        listen(1 - primary_);
        if (!standby().has_directory()) return;
        const auto opened = standby().open();
        ASSERT_TRUE(opened) << opened.message();
        for (std::uint32_t i = 0; i < shards; ++i) {
            ASSERT_GE(standby().end(i).value, power ? synced_[i] : received_[i]);
            received_[i] = std::min(received_[i], standby().end(i).value);
        }
    }

    // What its own process or machine may do at any moment.
    void end_standby() {
        if (!standby().is_open()) return;
        const std::uint64_t how = below(4);
        same_life_ = false;
        std::array<Position, shards> had;
        for (std::uint32_t i = 0; i < shards; ++i) had[i] = standby().end(i);
        if (how == 0) standby().close();
        if (how == 1) standby().kill();
        if (how >= 2) {
            ++happened.power_cuts;
            standby().cut_power(how == 2 ? Unsynced::lost : Unsynced::every_other_sector);
        }
        network_.process_dies(standby().name());
        const auto opened = standby().open();
        ASSERT_TRUE(opened) << opened.message();
        for (std::uint32_t i = 0; i < shards; ++i) {
            // Closed or killed it keeps what it had; without power what was on disk.
            if (how < 2) {
                ASSERT_EQ(standby().end(i), had[i]);
            }
            ASSERT_GE(standby().end(i).value, how < 2 ? received_[i] : synced_[i]);
            received_[i] = std::min(received_[i], standby().end(i).value);
            if (how >= 2) in_sync_ = false;
        }
        listeners_[1 - primary_] = nullptr;
        listen(1 - primary_);
    }

    void listen(std::size_t i) {
        LinkOptions options;
        options.boot = ++boots_;
        options.payload_bytes_max = payload_bytes_min;
        options.unsent_bytes_max = 2 * payload_bytes_min;
        listeners_[i] = network_.listen(nodes_[i]->name(), options);
        connectors_[i] = network_.connector(nodes_[i]->name(), options);
    }

    // Killed, and begun again before anybody took over: its memory has everything.
    void restart_primary() {
        ++happened.restarts;
        sender_.reset();
        const auto shard0 = primary().end(0);
        primary().kill();
        network_.process_dies(primary().name());
        reign(primary_);
        if (::testing::Test::HasFatalFailure()) return;
        ASSERT_GT(primary().end(0), shard0);
        listeners_[primary_] = nullptr;
        listen(primary_);
    }

    // The primary dies, with its memory or without; who had acknowledged goes on.
    void take_over() {
        const bool power = below(2) == 0;
        if (!in_sync_ || !standby().is_open()) {
            if (!power) return;
            // Alone: what was not on disk is lost, and nobody was promised more.
            happened.power_cuts++;
            sender_.reset();
            primary().cut_power();
            network_.process_dies(primary().name());
            received_.fill(0);
            synced_.fill(0);
            reign(primary_);
            listeners_[primary_] = nullptr;
            listen(primary_);
            return;
        }
        ++happened.takeovers;
        sender_.reset();
        if (power)
            primary().cut_power();
        else
            primary().kill();
        network_.process_dies(primary().name());
        standby().drop_receiver();
        for (std::uint32_t i = 0; i < shards; ++i)
            ASSERT_GE(standby().end(i).value, received_[i]) << "acknowledged, and lost";
        in_sync_ = false;
        received_.fill(0);
        synced_.fill(0);
        reign(1 - primary_);
        for (auto& listener : listeners_) listener = nullptr;
        listen(0);
        listen(1);
    }

    void wipe() {
        if (below(3) != 0) return;
        ++happened.wiped;
        standby().wipe();
        begun_anew();
    }

    // One turn of everything that runs, each with some chance.
    void work() {
        now_ += static_cast<std::int64_t>(below(600'000));
        network_.advance_to(now_);
        if (standby().receiver() == nullptr || sender_ == nullptr ||
            sender_->state() == SenderState::over) {
            if (below(3) == 0) meet();
        }
        if (sender_ != nullptr && below(4) != 0) sender_->do_work(now_);
        if (below(4) != 0) {
            const bool began = standby().receiver() != nullptr;
            const auto changes = standby().adoptions + standby().cuts;
            standby().follow(now_);
            if (began && standby().adoptions + standby().cuts != changes) begun_anew();
        }
        if (below(3) != 0) primary().write_when_due(now_);
        if (standby().is_open() && below(3) != 0)
            standby().write_some(static_cast<std::uint32_t>(below(shards)));
        believe();
    }

    void begun_anew() {
        same_life_ = false;
        in_sync_ = false;
        received_.fill(0);
        synced_.fill(0);
    }

    // What the primary was told: its replies stand on that.
    void believe() {
        if (!standby().is_open() || !same_life_ || sender_ == nullptr ||
            sender_->state() != SenderState::following)
            return;
        bool level = true;
        for (std::uint32_t i = 0; i < shards; ++i) {
            const auto& positions = sender_->positions(i);
            received_[i] = std::max(received_[i], positions.received.load());
            synced_[i] = std::max(synced_[i], positions.synced.load());
            level = level && positions.received.load() == primary().end(i).value;
            ASSERT_LE(positions.received.load(), standby().end(i).value);
            ASSERT_LE(positions.synced.load(), standby().synced(i).value);
        }
        if (level && !in_sync_) ++happened.acknowledged;
        in_sync_ = in_sync_ || level;
    }

    void meet() {
        sender_.reset();
        standby().drop_receiver();
        auto [called, caller] = connect(network_, *listeners_[primary_], *connectors_[1 - primary_],
                                        primary().name(), now_);
        if (called == nullptr) return;
        sender_ = primary().sender(std::move(called), epoch_);
        same_life_ = true;
        standby().receive(std::move(caller), 0);
        if (standby().begins_anew()) ++happened.anew;
    }

    // Cheap, often: the last record of each shard, and lengths.
    void look() {
        if (!standby().is_open() || standby().streams() == nullptr) return;
        // Its copy may be that of a reign that is over until it has been compared.
        if (sender_ == nullptr || sender_->state() != SenderState::following) return;
        for (std::uint32_t i = 0; i < shards; ++i) {
            const Past& mine = standby().history(i);
            const Past& all = primary().history(i);
            ASSERT_LE(mine.size(), all.size());
            if (mine.empty()) continue;
            ASSERT_EQ(mine.back().position, all[mine.size() - 1].position);
            ASSERT_EQ(mine.back().bytes, all[mine.size() - 1].bytes);
        }
    }

    void heal() {
        network_.weather() = sim::NetworkWeather{};
        const auto caught_up = [&] {
            if (sender_ == nullptr || sender_->state() != SenderState::following) return false;
            for (std::uint32_t i = 0; i < shards; ++i)
                if (sender_->positions(i).synced.load() != primary().end(i).value ||
                    sender_->positions(i).applied.load() != primary().end(i).value)
                    return false;
            return true;
        };
        for (int i = 0; i < 20'000 && !caught_up(); ++i) {
            work();
            if (::testing::Test::HasFatalFailure()) return;
        }
        ASSERT_TRUE(caught_up()) << standby().last_why << "; "
                                 << (sender_ == nullptr ? "" : sender_->why());
        for (std::uint32_t i = 0; i < shards; ++i)
            ASSERT_TRUE(
                is_prefix(standby().history(i), primary().history(i), primary().history(i).size()))
                << "shard " << i;
        if (standby().directory().kept(0).segment_index > 1) ++happened.snapshots_used;
        sender_.reset();
        primary().write_all();
        standby().close();
        ASSERT_TRUE(standby().is_clean());
        const auto opened = standby().open();
        ASSERT_TRUE(opened) << opened.message();
        for (std::uint32_t i = 0; i < shards; ++i)
            ASSERT_TRUE(
                is_prefix(standby().history(i), primary().history(i), primary().history(i).size()))
                << "shard " << i;
    }

    std::mt19937_64 chance_;
    sim::Network network_;
    std::array<std::unique_ptr<Node>, 2> nodes_;
    std::array<std::unique_ptr<Listener>, 2> listeners_;
    std::array<std::unique_ptr<Connector>, 2> connectors_;
    std::unique_ptr<Sender> sender_;
    std::size_t primary_ = 0;
    std::uint64_t epoch_ = 0;
    std::uint64_t boots_ = 2;
    std::int64_t now_ = 1'000'000'000;
    bool same_life_ = false;  // the standby is the one that the sender has talked to
    bool in_sync_ = false;    // it had everything once, and acknowledges since
    std::array<std::uint64_t, shards> received_{};  // acknowledged, highest
    std::array<std::uint64_t, shards> synced_{};
};

TEST(Streams, under_any_schedule_stay_equal_and_keep_what_was_acknowledged) {
    happened = Happened{};
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
        SCOPED_TRACE("--seed=" + std::to_string(seed));
        Schedule(seed).run(120);
        if (HasFatalFailure()) return;
    }
    std::printf(
        "%llu seeds: %llu take-overs, %llu restarts, %llu cuts, %llu adoptions (%llu end at "
        "a snapshot, %llu after a cut that could not be), %llu broken, %llu flipped, %llu "
        "wiped, %llu died, %llu power cuts, in sync %llu times\n",
        static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(happened.takeovers),
        static_cast<unsigned long long>(happened.restarts),
        static_cast<unsigned long long>(happened.cuts),
        static_cast<unsigned long long>(happened.adoptions),
        static_cast<unsigned long long>(happened.snapshots_used),
        static_cast<unsigned long long>(happened.anew),
        static_cast<unsigned long long>(happened.broken),
        static_cast<unsigned long long>(happened.flipped),
        static_cast<unsigned long long>(happened.wiped),
        static_cast<unsigned long long>(happened.died),
        static_cast<unsigned long long>(happened.power_cuts),
        static_cast<unsigned long long>(happened.acknowledged));
    if (seeds < 100) return;
    EXPECT_GT(happened.takeovers, seeds / 10);
    EXPECT_GT(happened.cuts, seeds / 20);
    EXPECT_GT(happened.adoptions, seeds / 2);
    EXPECT_GT(happened.snapshots_used, seeds / 50);
    EXPECT_GT(happened.flipped, seeds / 10);
    EXPECT_GT(happened.acknowledged, seeds / 10);
}

}  // namespace
}  // namespace pawl::replication::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        if (std::strncmp(argv[i], "--seeds=", 8) == 0)
            pawl::replication::testing::seeds = std::strtoull(argv[i] + 8, nullptr, 10);
        if (std::strncmp(argv[i], "--seed=", 7) == 0) {
            pawl::replication::testing::first_seed = std::strtoull(argv[i] + 7, nullptr, 10);
            pawl::replication::testing::seeds = 1;
        }
    }
    return RUN_ALL_TESTS();
}
