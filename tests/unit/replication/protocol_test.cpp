// What the messages accept and refuse, byte by byte.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "protocol_samples.hpp"

namespace pawl::replication {
namespace {

bool accepts(MessageType type, std::span<const std::byte> payload) {
    bool accepted = false;
    EXPECT_TRUE(decodes_to_itself(type, payload, accepted)) << to_string(type);
    return accepted;
}

template <class Fixed>
std::vector<std::byte> with(std::vector<std::byte> payload, auto&& change) {
    Fixed fixed;
    std::memcpy(&fixed, payload.data(), sizeof fixed);
    change(fixed);
    std::memcpy(payload.data(), &fixed, sizeof fixed);
    return payload;
}

TEST(Protocol, each_message_is_read_as_it_was_written) {
    rc::check([](std::uint64_t seed) {
        Samples samples(seed);
        for (const MessageType type : all_types) {
            bool accepted = false;
            RC_ASSERT(decodes_to_itself(type, samples.of(type).payload(), accepted));
            RC_ASSERT(accepted);
        }
    });
}

TEST(Protocol, what_was_written_stands_in_the_fields) {
    Records records{{4096, 77, 0xABCD, 3}, {}};
    Message message;
    encode(records, message);
    const std::vector<std::byte> bytes(72, std::byte{5});
    std::vector<std::byte> payload = message.body;
    payload.insert(payload.end(), bytes.begin(), bytes.end());
    Records read;
    ASSERT_TRUE(decode(payload, read));
    EXPECT_EQ(read.fixed.position, 4096U);
    EXPECT_EQ(read.fixed.sent_ns, 77);
    EXPECT_EQ(read.fixed.checksum_before, 0xABCDU);
    EXPECT_EQ(read.fixed.shard, 3U);
    EXPECT_TRUE(std::equal(read.bytes.begin(), read.bytes.end(), bytes.begin(), bytes.end()));

    History history;
    history.fixed.end = 640;
    history.reigns = {{1, 0}, {4, 320}};
    encode(history, message);
    History read_history;
    ASSERT_TRUE(decode(message.body, read_history));
    EXPECT_EQ(read_history.reigns, history.reigns);
}

TEST(Protocol, a_message_with_a_byte_less_or_more_is_refused) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Samples samples(seed);
        for (const MessageType type : all_types) {
            // what follows these may have any length, in whole records or bytes
            const bool open_ended = type == MessageType::records ||
                                    type == MessageType::snapshot_chunk ||
                                    type == MessageType::records_told;
            const std::vector<std::byte> whole = samples.of(type).payload();
            for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
                const bool accepted = accepts(type, std::span(whole).first(bytes));
                EXPECT_TRUE(open_ended || !accepted) << to_string(type) << " " << bytes;
            }
            std::vector<std::byte> longer = whole;
            longer.push_back(std::byte{0});
            EXPECT_TRUE(!accepts(type, longer) || type == MessageType::snapshot_chunk)
                << to_string(type);
        }
    }
}

TEST(Protocol, of_records_only_whole_words_and_at_least_one_record_are_accepted) {
    Samples samples(1);
    const std::vector<std::byte> whole = samples.of(MessageType::records).payload();
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        const std::size_t of_stream =
            bytes < sizeof(RecordsFixed) ? 0 : bytes - sizeof(RecordsFixed);
        EXPECT_EQ(accepts(MessageType::records, std::span(whole).first(bytes)),
                  of_stream >= record_bytes_min && of_stream % 8 == 0);
    }
}

// Not every change is wrong: a hash may be any number. But nothing may be overlooked.
TEST(Protocol, no_changed_bit_is_overlooked) {
    Samples samples(3);
    for (const MessageType type : all_types) {
        std::vector<std::byte> payload = samples.of(type).payload();
        const std::size_t bits = 8 * std::min<std::size_t>(payload.size(), 400);
        for (std::size_t bit = 0; bit < bits; ++bit) {
            payload[bit / 8] ^= std::byte{1} << (bit % 8);
            accepts(type, payload);
            payload[bit / 8] ^= std::byte{1} << (bit % 8);
        }
        EXPECT_TRUE(accepts(type, payload));
    }
}

TEST(Protocol, bytes_that_must_be_zero_are_looked_at) {
    const std::pair<MessageType, std::size_t> zeros[] = {
        {MessageType::hello, offsetof(HelloFixed, reserved)},
        {MessageType::challenge, offsetof(ChallengeFixed, reserved)},
        {MessageType::challenge, offsetof(ChallengeFixed, facts.reserved)},
        {MessageType::refused, offsetof(ReasonFixed, reserved)},
        {MessageType::bye, offsetof(ReasonFixed, reason)},
        {MessageType::heartbeat, offsetof(HeartbeatFixed, reserved)},
        {MessageType::history, offsetof(HistoryFixed, reserved)},
        {MessageType::positions, offsetof(PositionsFixed, reserved)},
        {MessageType::snapshot_begin, offsetof(SnapshotBeginFixed, reserved)},
        {MessageType::snapshot_chunk, offsetof(SnapshotChunkFixed, reserved)},
        {MessageType::snapshot_end, offsetof(SnapshotEndFixed, reserved)},
        {MessageType::reign_told, offsetof(ReignToldFixed, reserved)},
        {MessageType::sync_ask, offsetof(SyncAskFixed, reserved)},
        {MessageType::client_hello, offsetof(ClientHelloFixed, reserved)},
        {MessageType::client_welcome, offsetof(ClientWelcomeFixed, reserved)},
        {MessageType::commands, offsetof(CommandsFixed, reserved)},
        {MessageType::commands, sizeof(CommandsFixed) + offsetof(CommandFixed, reserved)},
        {MessageType::replies, offsetof(RepliesFixed, reserved)},
        {MessageType::replies, sizeof(RepliesFixed) + offsetof(ReplyFixed, reserved)},
        {MessageType::not_primary, offsetof(NotPrimaryFixed, reserved)},
        {MessageType::hello_again, offsetof(BareFixed, reserved)},
    };
    Samples samples(5);
    for (const auto& [type, at] : zeros) {
        std::vector<std::byte> payload = samples.of(type).payload();
        EXPECT_EQ(payload.at(at), std::byte{0});
        payload.at(at) = std::byte{1};
        EXPECT_FALSE(accepts(type, payload)) << to_string(type) << " at " << at;
    }
}

TEST(Protocol, a_count_larger_than_its_bytes_is_refused_before_anything_is_allocated) {
    Samples samples(4);
    const auto huge = [](auto& fixed) { fixed.shard_count = 0xFFFF'FFFF; };
    const auto heartbeat = samples.of(MessageType::heartbeat).payload();
    EXPECT_FALSE(accepts(MessageType::heartbeat, with<HeartbeatFixed>(heartbeat, huge)));
    const auto positions = samples.of(MessageType::positions).payload();
    EXPECT_FALSE(accepts(MessageType::positions, with<PositionsFixed>(positions, huge)));
    const auto long_text = [](auto& fixed) { fixed.text_bytes = 0xFFFF'FFFF; };
    const auto reign = samples.of(MessageType::reign_told).payload();
    EXPECT_FALSE(accepts(MessageType::reign_told, with<ReignToldFixed>(reign, long_text)));
    const auto many = [](auto& fixed) { fixed.reign_count = 0x2000'0000; };
    const auto history = samples.of(MessageType::history).payload();
    EXPECT_FALSE(accepts(MessageType::history, with<HistoryFixed>(history, many)));
    const auto lots = [](auto& fixed) { fixed.count = 0xFFFF'FFFF; };
    const auto commands = samples.of(MessageType::commands).payload();
    EXPECT_FALSE(accepts(MessageType::commands, with<CommandsFixed>(commands, lots)));
    const auto replies = samples.of(MessageType::replies).payload();
    EXPECT_FALSE(accepts(MessageType::replies, with<RepliesFixed>(replies, lots)));
}

// A question, an inspection, a watch, a note carry an address of the shard's own process.
TEST(Protocol, only_commands_facts_trials_and_status_questions_come_from_a_client) {
    for (unsigned kind = 0; kind < 256; ++kind) {
        CommandFixed command{};
        command.number = kind == 3 ? 0 : 7;
        command.kind = static_cast<std::uint8_t>(kind);
        std::vector<std::byte> payload(sizeof(CommandsFixed) + sizeof command);
        payload[0] = std::byte{1};
        std::memcpy(payload.data() + sizeof(CommandsFixed), &command, sizeof command);
        EXPECT_EQ(accepts(MessageType::commands, payload),
                  kind == 0 || kind == 1 || kind == 3 || kind == 4)
            << kind;
    }
}

TEST(Protocol, what_a_client_attaches_to_a_command_arrives) {
    detail::MessageParts parts;
    parts.header.aggregate = 42;
    parts.header.number = 7;
    parts.header.token = 99;
    parts.header.command_type = 3;
    parts.header.aggregate_type = 1;
    parts.header.durability = 2;
    parts.header.flags = detail::message_has_expected;
    parts.expected_version = 5;
    parts.links = {11, 12};
    const std::uint64_t payload[] = {1, 2};
    parts.header.payload_bytes = sizeof payload;
    parts.payload = payload;
    std::vector<std::byte> bytes;
    append_command(bytes, parts);
    parts.header.flags = 0;
    parts.links = {};
    parts.header.payload_bytes = 3;
    append_command(bytes, parts);

    CommandReader reader(bytes);
    const detail::MessageParts first = reader.next();
    EXPECT_EQ(first.header.aggregate, 42U);
    EXPECT_EQ(first.header.number, 7U);
    EXPECT_EQ(first.header.token, 99U);
    EXPECT_EQ(first.header.command_type, 3U);
    EXPECT_EQ(first.header.aggregate_type, 1U);
    EXPECT_EQ(first.header.durability, 2U);
    EXPECT_EQ(first.expected_version, 5U);
    EXPECT_EQ(first.links.correlation, 11U);
    EXPECT_EQ(first.links.cause, 12U);
    EXPECT_EQ(first.header.flags, detail::message_wants_reply | detail::message_has_expected |
                                      detail::message_has_links);
    EXPECT_EQ(std::memcmp(first.payload, payload, sizeof payload), 0);
    const detail::MessageParts second = reader.next();
    EXPECT_EQ(second.header.flags, detail::message_wants_reply);
    EXPECT_EQ(second.header.payload_bytes, 3U);
    EXPECT_TRUE(reader.done());
}

TEST(Protocol, positions_that_cannot_be_are_refused) {
    Positions positions;
    positions.shards = {{64, 64, 0}};
    Message message;
    encode(positions, message);
    const auto word = [&message](std::size_t index, std::uint64_t value) {
        std::vector<std::byte> payload = message.body;
        std::memcpy(payload.data() + sizeof(PositionsFixed) + 8 * index, &value, sizeof value);
        return payload;
    };
    EXPECT_TRUE(accepts(MessageType::positions, word(1, 0)));
    EXPECT_FALSE(accepts(MessageType::positions, word(1, 72))) << "synced above received";
    EXPECT_FALSE(accepts(MessageType::positions, word(2, 72))) << "applied above received";
    EXPECT_FALSE(accepts(MessageType::positions, word(1, 7))) << "not a multiple of 8";
    EXPECT_FALSE(accepts(MessageType::positions, word(0, ~std::uint64_t{7}))) << "impossibly large";
}

TEST(Protocol, reigns_that_do_not_grow_are_refused) {
    History history;
    history.fixed.end = 1'000 * 8;
    history.reigns = {{1, 0}, {2, 64}, {5, 128}};
    Message message;
    encode(history, message);
    const auto changed = [&message](std::size_t index, ReignBegin reign) {
        std::vector<std::byte> payload = message.body;
        std::memcpy(payload.data() + sizeof(HistoryFixed) + index * sizeof reign, &reign,
                    sizeof reign);
        return payload;
    };
    EXPECT_TRUE(accepts(MessageType::history, changed(1, {3, 72})));
    EXPECT_FALSE(accepts(MessageType::history, changed(1, {1, 72}))) << "the epoch stands still";
    EXPECT_FALSE(accepts(MessageType::history, changed(1, {6, 72}))) << "the next epoch is lower";
    EXPECT_FALSE(accepts(MessageType::history, changed(1, {3, 0}))) << "the place stands still";
    EXPECT_FALSE(accepts(MessageType::history, changed(2, {9, 8'000}))) << "behind the end";
    EXPECT_FALSE(accepts(MessageType::history, changed(0, {0, 0}))) << "there is no epoch 0";
}

// An empty node becomes what it is told: its manifest could not say this.
TEST(Protocol, a_directory_that_no_manifest_can_describe_is_refused) {
    Samples samples(9);
    const auto payload = samples.of(MessageType::directory).payload();
    const auto sized = [&payload](std::uint64_t bytes) {
        return with<DirectoryFixed>(payload,
                                    [=](DirectoryFixed& fixed) { fixed.segment_bytes = bytes; });
    };
    EXPECT_TRUE(accepts(MessageType::directory, sized(journal::segment_bytes_limit)));
    EXPECT_FALSE(accepts(MessageType::directory, sized(journal::segment_bytes_limit + 4096)));
    EXPECT_FALSE(accepts(MessageType::directory, sized(journal::segment_bytes_min - 4096)));
}

TEST(Protocol, a_node_without_a_directory_has_nothing_of_one) {
    Samples samples(9);
    std::vector<std::byte> payload;
    HelloFixed fixed{};
    do {
        payload = samples.of(MessageType::hello).payload();
        std::memcpy(&fixed, payload.data(), sizeof fixed);
    } while (fixed.facts.shards == 0);
    const auto changed = [&payload](auto&& change) {
        return with<HelloFixed>(payload, [&change](HelloFixed& hello) { change(hello.facts); });
    };
    EXPECT_FALSE(accepts(MessageType::hello, changed([](NodeFacts& f) { f.shards = 0; })));
    EXPECT_FALSE(accepts(MessageType::hello, changed([](NodeFacts& f) { f.identity = {}; })));
    EXPECT_FALSE(accepts(MessageType::hello, changed([](NodeFacts& f) { f.shards = 4097; })));
    EXPECT_FALSE(accepts(MessageType::hello, changed([](NodeFacts& f) { f.reserved = 1; })));
    EXPECT_TRUE(accepts(MessageType::hello, changed([](NodeFacts& f) { f = NodeFacts{}; })));
}

TEST(Protocol, what_a_stranger_writes_cannot_reach_a_terminal_raw) {
    Message message;
    encode(Refused{Refusal::other, "\x1B[2Jgone\n"}, message);
    Refused read;
    ASSERT_TRUE(decode(message.body, read));
    EXPECT_EQ(read.text, "?[2Jgone?");
    message.body[sizeof(ReasonFixed)] = std::byte{0x1B};
    EXPECT_FALSE(accepts(MessageType::refused, message.body));
    encode(Bye{std::string(10'000, 'x')}, message);
    EXPECT_EQ(message.body.size(), sizeof(ReasonFixed) + reason_bytes_max);
}

TEST(Protocol, the_largest_greeting_fits_its_bound) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Samples samples(seed);
        for (const MessageType type : all_types) {
            if (!is_greeting(type)) continue;
            EXPECT_LE(samples.of(type).payload().size(), greeting_bytes_max);
        }
    }
    static_assert(sizeof(HelloFixed) + node_name_bytes_max <= greeting_bytes_max);
    static_assert(sizeof(ChallengeFixed) + node_name_bytes_max <= greeting_bytes_max);
    static_assert(sizeof(ReasonFixed) + reason_bytes_max <= greeting_bytes_max);
    static_assert(sizeof(PositionsFixed) + shards_max * sizeof(ShardPositions) <=
                  payload_bytes_min);
    static_assert(sizeof(HistoryFixed) + reigns_max * sizeof(ReignBegin) <= payload_bytes_min);
}

TEST(Protocol, each_type_has_a_word_and_no_other_number_is_known) {
    std::size_t known = 0;
    for (std::uint32_t number = 0; number <= 0xFFFF; ++number) {
        const auto type = static_cast<MessageType>(number);
        if (is_known(type)) ++known;
        EXPECT_EQ(is_known(type), std::string(to_string(type)) != "unknown");
        EXPECT_TRUE(is_known(type) || !is_greeting(type));
    }
    EXPECT_EQ(known, std::size(all_types));
    for (std::uint16_t reason = 0; reason <= refusal_max; ++reason)
        EXPECT_STRNE(to_string(static_cast<Refusal>(reason)), "unknown");
    for (int end = 0; end < static_cast<int>(LinkEnd::count_of_ends); ++end)
        EXPECT_STRNE(to_string(static_cast<LinkEnd>(end)), "unknown");
}

}  // namespace
}  // namespace pawl::replication
