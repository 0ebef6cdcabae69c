// A journal that grows from a socket: what comes of each way in which the two may differ.
#include <algorithm>

#include "engine/replication/snapshot_source.hpp"
#include "engine/replication/stream_source.hpp"
#include "journal/retention.hpp"
#include "stream_kit.hpp"

namespace pawl::replication::testing {
namespace {

TEST_F(Streams, an_empty_node_becomes_a_copy_of_everything) {
    begin();
    append(100);
    catch_up();
    EXPECT_EQ(standby.adoptions, 1U);
    are_equal();
    is_whole();
}

TEST_F(Streams, what_is_committed_now_is_received_synced_and_applied) {
    begin();
    catch_up();
    for (int i = 0; i < 200; ++i) {
        append(1, 24 + static_cast<std::size_t>(i) * 10);
        catch_up();
    }
    EXPECT_EQ(standby.adoptions, 1U);
    EXPECT_EQ(sender->counters().segment_bytes, 0U);
    are_equal();
    is_whole();
}

TEST_F(Streams, a_head_that_wraps_and_segments_that_roll_change_nothing) {
    begin();
    append(2000, 300);  // ten heads, before anybody listens
    catch_up();
    EXPECT_GT(sender->counters().segment_bytes, 0U);
    for (int i = 0; i < 40; ++i) {
        append(100, 300);
        turn();
    }
    catch_up();
    EXPECT_GT(sender->counters().head_bytes, 0U);
    EXPECT_GT(primary.synced(0).value, 10 * journal::head_bytes_min);
    are_equal();
    is_whole();
}

TEST_F(Streams, a_record_larger_than_a_run_travels_whole) {
    begin();
    append(3, 100);
    append(2, 12'000);
    append(3, 100);
    catch_up();
    append(2, 12'000);
    catch_up();
    are_equal();
}

TEST_F(Streams, an_identical_history_goes_on_where_it_was) {
    begin();
    append(300);
    catch_up();
    const auto shipped = sender->counters().record_bytes;
    EXPECT_GT(shipped, 0U);
    standby.close();
    sender.reset();
    append(1);
    meet();
    catch_up();
    EXPECT_LT(sender->counters().record_bytes, 1000U);
    EXPECT_EQ(standby.cuts, 0U);
    EXPECT_EQ(standby.adoptions, 1U);
    are_equal();
}

TEST_F(Streams, a_stale_node_takes_only_what_it_lacks) {
    begin();
    append(300);
    catch_up();
    standby.close();
    sender.reset();
    append(1500, 300);
    catch_up();
    EXPECT_EQ(standby.cuts, 0U);
    EXPECT_EQ(standby.adoptions, 1U);
    are_equal();
    is_whole();
}

TEST_F(Streams, a_node_below_what_is_kept_begins_at_a_snapshot) {
    begin();
    append(50);
    catch_up();
    standby.close();
    sender.reset();
    append(1500, 300);
    for (std::uint32_t shard = 0; shard < primary.shards(); ++shard) {
        ASSERT_TRUE(primary.snapshot(shard));
        primary.retain(shard, Position{~std::uint64_t{0}});
        ASSERT_GT(primary.directory().kept(shard).segment_index, 1U);
    }
    append(20);
    catch_up();
    EXPECT_EQ(standby.adoptions, 2U);
    EXPECT_GT(standby.directory().kept(0).position, Position{0});
    are_equal();
    is_whole();
}

TEST_F(Streams, an_empty_node_begins_at_a_snapshot_when_the_beginning_is_gone) {
    begin();
    append(1500, 300);
    for (std::uint32_t shard = 0; shard < primary.shards(); ++shard) {
        ASSERT_TRUE(primary.snapshot(shard));
        primary.retain(shard, Position{~std::uint64_t{0}});
    }
    catch_up();
    EXPECT_EQ(standby.adoptions, 1U);
    are_equal();
    is_whole();
}

// An older one, or none at all, would make somebody throw away more than it has to.
TEST_F(Streams, a_snapshot_that_cannot_be_read_for_a_moment_is_not_one_that_is_not_there) {
    begin();
    for (int i = 0; i < 2; ++i) {
        append(100);
        ASSERT_TRUE(primary.snapshot(0));
    }
    const Position newest = primary.end(0);
    const auto& identity = primary.directory().manifest().identity;
    std::uint64_t failures = 0;
    for (std::uint64_t n = 1;; ++n) {
        const std::uint64_t before = primary.storage().calls();
        primary.storage().fail_call(n);
        const auto found =
            SnapshotSource::newest(primary.storage(), primary.directory().path(), identity, 0);
        if (primary.storage().calls() - before < n) break;
        ++failures;
        if (!found.ok()) continue;
        ASSERT_NE(*found, nullptr) << "call " << n;
        EXPECT_EQ((*found)->facts().tail.position, newest) << "call " << n;
    }
    EXPECT_GT(failures, 2U);
}

// The old primary had gone on alone: nobody had acknowledged that.
TEST_F(Streams, an_old_primary_sets_its_tail_aside_and_follows) {
    begin();
    append(200);
    catch_up();
    sender.reset();
    standby.drop_receiver();
    append(50);  // only here
    const auto tail_begins = standby.end(0);
    primary.kill();
    // The standby takes over: the roles change places.
    ASSERT_TRUE(standby.reign(2));
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(standby.append(0, 64));
    network.process_dies("a");
    const auto new_listener = network.listen("b", link_options(2));
    const auto new_connector = network.connector("a", link_options(1));
    std::unique_ptr<Sender> new_sender;
    for (int meeting = 0; meeting < 3; ++meeting) {
        auto [called, caller] = connect(network, *new_listener, *new_connector, "b", now);
        ASSERT_NE(called, nullptr);
        new_sender = standby.sender(std::move(called), 2);
        primary.receive(std::move(caller), 1);
        for (int i = 0; i < 1000 && primary.receiver() != nullptr; ++i) {
            now += 100'000;
            network.advance_to(now);
            new_sender->do_work(now);
            primary.follow(now);
            if (primary.is_open()) primary.write_all();
            if (new_sender->positions(0).applied.load() == standby.end(0).value &&
                new_sender->positions(1).applied.load() == standby.end(1).value)
                break;
        }
    }
    EXPECT_EQ(primary.cuts, 1U);
    EXPECT_TRUE(is_prefix(primary.history(0), standby.history(0), standby.history(0).size()));
    EXPECT_TRUE(is_prefix(primary.history(1), standby.history(1), standby.history(1).size()));
    bool named = false;
    for (const auto& path : primary.storage().paths())
        named = named || path.find("quarantine/s0-cut-at-" + std::to_string(tail_begins.value)) !=
                             std::string::npos;
    EXPECT_TRUE(named);
    primary.close();
    EXPECT_TRUE(primary.is_clean());
}

TEST_F(Streams, another_directory_is_refused_with_both_identities) {
    begin();
    append(10);
    Node stranger{"c", {.boot = 3}};
    auto options = small_options("dir");
    options.shards = 2;
    options.random = [state = std::uint64_t{99}]() mutable { return state += 12345; };
    {
        Collector nobody;
        auto made =
            journal::Directory::open(stranger.storage(), options,
                                     [&](std::uint32_t) -> journal::RecordSink& { return nobody; });
        ASSERT_TRUE(made.ok());
        ASSERT_TRUE((*made)->close().ok());
    }
    auto [called, caller] = connect(network, *listener, *connector, "a", now);
    sender = primary.sender(std::move(called), epoch);
    stranger.receive(std::move(caller), 0);
    for (int i = 0; i < 50 && sender->state() != SenderState::over; ++i) {
        now += 100'000;
        network.advance_to(now);
        sender->do_work(now);
        stranger.follow(now);
    }
    EXPECT_EQ(stranger.receiver(), nullptr);
    EXPECT_NE(stranger.last_why.find(journal::to_hex(primary.directory().manifest().identity)),
              std::string::npos)
        << stranger.last_why;
    EXPECT_NE(stranger.last_why.find(" here, "), std::string::npos);
    EXPECT_EQ(sender->end(), TalkEnd::refused);
    EXPECT_EQ(sender->talk().refusal(), Refusal::identity);
}

TEST_F(Streams, a_byte_that_changes_on_its_way_costs_the_connection_and_nothing_else) {
    begin();
    append(300);
    catch_up();
    network.weather().flipped_one_in = 20;
    std::uint64_t broken = 0;
    for (int i = 0; i < 400; ++i) {
        append(1);
        if (standby.receiver() == nullptr) {
            ++broken;
            sender.reset();
            meet();
        }
        turn();
        if (sender->state() == SenderState::over) standby.drop_receiver();
    }
    network.weather().flipped_one_in = 0;
    catch_up(10);
    EXPECT_GT(broken, 5U);
    EXPECT_GT(network.figures().flipped, 5U);
    EXPECT_EQ(standby.adoptions, 1U);
    EXPECT_EQ(standby.cuts, 0U);
    are_equal();
    is_whole();
}

TEST_F(Streams, silence_ends_a_conversation_and_the_next_one_goes_on) {
    begin();
    append(50);
    catch_up();
    network.half_open_all();
    append(50);
    for (int i = 0; i < 2000; ++i)
        if (standby.receiver() != nullptr || sender->state() != SenderState::over) turn();
    EXPECT_EQ(standby.receiver(), nullptr);
    EXPECT_NE(standby.last_why.find("nothing was heard"), std::string::npos) << standby.last_why;
    EXPECT_EQ(sender->end(), TalkEnd::silent);
    catch_up();
    are_equal();
}

// ---- epochs

TEST_F(Streams, a_standby_that_has_seen_a_higher_epoch_takes_nothing_more) {
    begin();
    append(50);
    catch_up();
    const Position before = standby.end(0);
    standby.receiver()->raise_epoch(2);
    append(50);
    for (int i = 0; i < 50; ++i) turn();
    EXPECT_EQ(standby.end(0), before);
    EXPECT_EQ(standby.receiver(), nullptr);
    EXPECT_EQ(sender->state(), SenderState::over);
    EXPECT_EQ(sender->end(), TalkEnd::fenced);
    EXPECT_EQ(sender->epoch_seen(), 2U);
    EXPECT_EQ(sender->positions(0).received.load(), before.value);
}

TEST_F(Streams, a_primary_of_an_old_epoch_is_refused_by_whoever_knows_the_new_one) {
    begin();
    append(50);
    catch_up();
    standby.drop_receiver();
    sender.reset();
    auto [called, caller] = connect(network, *listener, *connector, "a", now);
    sender = primary.sender(std::move(called), epoch);
    standby.receive(std::move(caller), 7);
    for (int i = 0; i < 50; ++i) turn();
    EXPECT_EQ(sender->state(), SenderState::over);
    EXPECT_EQ(sender->end(), TalkEnd::fenced);
    EXPECT_EQ(sender->epoch_seen(), 7U);
    EXPECT_NE(standby.last_why.find("epoch 7"), std::string::npos) << standby.last_why;
}

// A primary that lost what its standby has must not make it cut that.
TEST_F(Streams, a_standby_that_is_ahead_is_never_cut) {
    begin();
    append(50);
    primary.write_all();
    append(50);  // in the head only
    catch_up();
    const auto ahead = standby.history(0).size();
    sender.reset();
    standby.drop_receiver();
    primary.cut_power();
    ASSERT_TRUE(primary.open());
    ASSERT_LT(primary.end(0), standby.end(0));
    meet();
    for (int i = 0; i < 50; ++i) turn();
    ASSERT_EQ(sender->state(), SenderState::over);
    EXPECT_TRUE(sender->peer_is_ahead());
    EXPECT_EQ(standby.cuts, 0U);
    EXPECT_EQ(standby.history(0).size(), ahead);
}

TEST_F(Streams, an_acknowledgement_of_what_was_never_sent_is_not_believed) {
    begin();
    append(50);
    catch_up();
    standby.drop_receiver();
    sender.reset();
    auto [called, caller] = connect(network, *listener, *connector, "a", now);
    sender = primary.sender(std::move(called), epoch);
    // A peer that only looks like a standby.
    Message message;
    message.epoch = epoch;
    const auto step = [&] {
        now += 300'000;
        network.advance_to(now);
        sender->do_work(now);
        primary.write_when_due(now);
        caller->do_work(now);
        network.advance_to(now += 300'000);
        while (caller->receive()) {
        }
        sender->do_work(now);
        caller->do_work(now);
    };
    step();
    for (std::uint32_t shard = 0; shard < 2; ++shard) {
        History history;
        history.fixed.shard = shard;
        history.fixed.end = standby.end(shard).value;
        history.fixed.end_checksum = standby.streams()->last_checksum(shard);
        history.reigns.push_back({1, 0});
        encode(history, message);
        ASSERT_TRUE(caller->send(message));
    }
    for (int i = 0; i < 10; ++i) step();
    ASSERT_EQ(sender->state(), SenderState::following) << sender->why();
    Positions lie;
    for (std::uint32_t shard = 0; shard < 2; ++shard)
        lie.shards.push_back({primary.end(shard).value + 64, 0, 0});
    encode(lie, message);
    ASSERT_TRUE(caller->send(message));
    for (int i = 0; i < 10; ++i) step();
    EXPECT_EQ(sender->end(), TalkEnd::faulty);
    EXPECT_EQ(sender->positions(0).received.load(), primary.end(0).value);
}

// It takes everything, and is counted on for nothing until it says otherwise.
TEST_F(Streams, a_standby_that_is_incomplete_says_so_and_acknowledges_nothing) {
    begin();
    append(20);
    ASSERT_NO_FATAL_FAILURE(catch_up());
    standby.drop_receiver();
    meet();
    for (int again = 0; again < 2; ++again) {
        const Position had = primary.end(0);
        standby.receiver()->acknowledges(false);
        append(20);
        for (int i = 0; i < 1'000; ++i) turn();
        EXPECT_TRUE(sender->peer_is_incomplete());
        EXPECT_EQ(standby.end(0), primary.end(0));
        EXPECT_EQ(sender->positions(0).received.load(), had.value);
        standby.receiver()->acknowledges(true);
        for (int i = 0; i < 100; ++i) turn();
        EXPECT_FALSE(sender->peer_is_incomplete());
        EXPECT_TRUE(caught_up());
    }
}

TEST_F(Streams, a_primary_that_says_that_it_reigns_and_is_over_is_not_believed) {
    begin();
    catch_up();
    sender->tell({first({"a", 1}, 0).value(), 1});
    for (int i = 0; i < 100; ++i) turn();
    EXPECT_EQ(sender->state(), SenderState::over);
    EXPECT_NE(standby.last_why.find("it reigns"), std::string::npos) << standby.last_why;
}

TEST_F(Streams, a_standby_whose_sink_takes_no_more_stops_and_keeps_its_journal) {
    begin();
    append(20);
    catch_up();
    // Its streams anew, with a sink that breaks.
    standby.close();
    sender.reset();
    append(20);
    ASSERT_TRUE(standby.open());
    Collector sink;
    StandbyStreamsOptions options;
    options.sinks = [&](std::uint32_t) -> journal::RecordSink& { return sink; };
    options.trouble = [&](std::uint32_t) {
        return sink.history.size() < 5 ? std::string() : std::string("an event is unknown");
    };
    StandbyStreams streams(standby.directory(), options);
    auto [called, caller] = connect(network, *listener, *connector, "a", now);
    sender = primary.sender(std::move(called), epoch);
    ReceiverOptions receiver_options;
    receiver_options.directory = "dir";
    Receiver receiver(standby.storage(), &streams, std::move(caller), receiver_options);
    for (int i = 0; i < 100 && receiver.state() != ReceiverState::over; ++i) {
        now += 100'000;
        network.advance_to(now);
        sender->do_work(now);
        primary.write_when_due(now);
        receiver.do_work(now);
    }
    EXPECT_EQ(receiver.end(), TalkEnd::failed);
    EXPECT_NE(receiver.why().find("an event is unknown"), std::string::npos) << receiver.why();
}

TEST_F(Streams, applying_looks_up_after_as_many_bytes_as_it_was_told) {
    begin();
    append(20);
    catch_up();
    standby.close();
    sender.reset();
    append(60, 1000);
    ASSERT_TRUE(standby.open());
    Collector sink;
    StandbyStreamsOptions options;
    options.sinks = [&](std::uint32_t) -> journal::RecordSink& { return sink; };
    options.apply_bytes_max = 3000;
    StandbyStreams streams(standby.directory(), options);
    StreamSource source(primary.directory(), 0, std::size_t{1} << 20);
    source.begin(streams.received(0), streams.last_checksum(0));
    const auto run = source.look();
    ASSERT_TRUE(run.ok());
    ASSERT_TRUE(streams.offer(0, {run->position, run->checksum_before, run->records, epoch}).ok());
    const std::uint64_t taken = streams.take_some();
    ASSERT_GT(taken, 10 * options.apply_bytes_max);
    constexpr std::uint64_t one_record = 1200;
    for (std::uint64_t applied = 0; applied < taken;) {
        const std::uint64_t turn = streams.apply_some();
        ASSERT_GE(turn, std::min<std::uint64_t>(options.apply_bytes_max, taken - applied));
        ASSERT_LT(turn, options.apply_bytes_max + one_record);
        applied += turn;
    }
    EXPECT_EQ(streams.applied(0), streams.received(0));
}

}  // namespace
}  // namespace pawl::replication::testing
