// Two nodes, one connection and a clock: what one commits becomes the other's journal. Knows sender
// and standby; not roles.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "node.hpp"

namespace pawl::replication::testing {

class Streams : public ::testing::Test {
protected:
    Streams()
        : network(1),
          listener(network.listen("a", link_options(1))),
          connector(network.connector("b", link_options(2))) {
        network.weather().split_one_in = 0;
    }
    static LinkOptions link_options(std::uint64_t boot) {
        LinkOptions options;
        options.boot = boot;
        options.payload_bytes_max = payload_bytes_min;
        options.unsent_bytes_max = 2 * payload_bytes_min;
        return options;
    }
    void begin(std::uint64_t epoch_of_primary = 1) {
        epoch = epoch_of_primary;
        ASSERT_TRUE(primary.reign(epoch));
    }
    void append(int records, std::size_t payload_bytes = 100) {
        for (int i = 0; i < records; ++i)
            for (std::uint32_t shard = 0; shard < primary.shards(); ++shard)
                while (!primary.append(shard, payload_bytes)) primary.write_some(shard);
    }
    // The standby calls; both sides begin.
    void meet() {
        auto [called, caller] = connect(network, *listener, *connector, "a", now);
        ASSERT_NE(called, nullptr);
        sender = primary.sender(std::move(called), epoch);
        standby.receive(std::move(caller), 0);
    }
    void turn() {
        now += 100'000;
        network.advance_to(now);
        if (sender != nullptr) sender->do_work(now);
        standby.follow(now);
        if (primary.is_open()) primary.write_when_due(now);
        if (!standby.is_open()) return;
        if (disk_is_lazy) return standby.write_when_due(now);
        for (std::uint32_t shard = 0; shard < standby.shards(); ++shard) standby.write_some(shard);
    }
    bool caught_up() {
        if (sender == nullptr || sender->state() != SenderState::following ||
            standby.streams() == nullptr)
            return false;
        for (std::uint32_t shard = 0; shard < primary.shards(); ++shard) {
            const auto& positions = sender->positions(shard);
            if (positions.received.load() != primary.end(shard).value ||
                positions.applied.load() != primary.end(shard).value ||
                positions.synced.load() != primary.end(shard).value)
                return false;
        }
        return true;
    }
    // Until it has everything, meeting again as often as it takes.
    void catch_up(int meetings_max = 4) {
        for (int turns = 0; turns < 20'000; ++turns) {
            if (caught_up()) return;
            if (standby.receiver() == nullptr) {
                sender.reset();
                ASSERT_GT(meetings_max--, 0) << standby.last_why;
                meet();
            }
            turn();
        }
        FAIL() << "it does not catch up: " << standby.last_why;
    }
    void are_equal() {
        for (std::uint32_t shard = 0; shard < primary.shards(); ++shard) {
            EXPECT_EQ(standby.end(shard), primary.end(shard));
            EXPECT_TRUE(is_prefix(standby.history(shard), primary.history(shard),
                                  primary.history(shard).size()))
                << "shard " << shard;
        }
    }
    // On disk as well: closed, verified, opened again.
    void is_whole() {
        standby.close();
        EXPECT_TRUE(standby.is_clean());
        ASSERT_TRUE(standby.open());
        are_equal();
        standby.close();
    }

    sim::Network network;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Connector> connector;
    Node primary{"a", {.boot = 1}};
    Node standby{"b", {.boot = 2}};
    std::unique_ptr<Sender> sender;
    std::uint64_t epoch = 0;
    bool disk_is_lazy = false;  // the standby's; else whatever it has is written in each turn
    std::int64_t now = 1'000'000'000;
};

}  // namespace pawl::replication::testing
