// Frames: any split of the bytes gives the same ones, and whatever is not the next whole right one
// is found. A test changes bytes and, where it must get past them, repairs the checksums.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "engine/replication/frame_reader.hpp"
#include "engine/replication/frame_writer.hpp"
#include "journal/crc32c.hpp"
#include "protocol_samples.hpp"

namespace pawl::replication {
namespace {

using Bytes = std::vector<std::byte>;

LinkOptions options_of(std::uint64_t boot) {
    LinkOptions options;
    options.boot = boot;
    return options;
}

// Frames of one connection, each on its own.
class Speaker {
public:
    explicit Speaker(std::uint64_t seed = 1, std::uint64_t boot = 7, std::uint64_t connection = 9)
        : samples_(seed), writer_(options_of(boot), connection) {}

    Bytes frame(MessageType type) { return frame(samples_.of(type)); }
    Bytes frame() { return frame(samples_.any()); }
    Bytes frame(const Sample& sample) {
        const FramePieces pieces(writer_.next_header(sample.message, sample.bytes),
                                 sample.message.body, sample.bytes);
        writer_.keep(pieces, 0);
        const Bytes bytes(writer_.kept().begin(), writer_.kept().end());
        writer_.left(bytes.size());
        return bytes;
    }

private:
    Samples samples_;
    FrameWriter writer_;
};

struct Heard {
    MessageType type;
    std::uint64_t epoch;
    Bytes payload;
    bool operator==(const Heard&) const = default;
};

class Listening {
public:
    explicit Listening(bool admitted = true) : reader(payload_bytes_default) {
        if (admitted) reader.admit();
    }

    // As much as there is space for at a time, never more than `most`.
    void hear(std::span<const std::byte> bytes, std::size_t most = SIZE_MAX) {
        while (!bytes.empty() && reader.fault() == LinkEnd::none) {
            const auto space = reader.space();
            const std::size_t some = std::min({space.size(), bytes.size(), most});
            if (some != 0) std::memcpy(space.data(), bytes.data(), some);
            reader.filled(some);
            bytes = bytes.subspan(some);
            take();
            ASSERT_TRUE(some != 0 || reader.fault() != LinkEnd::none) << "no space, no fault";
        }
    }
    void take() {
        while (const auto received = reader.next()) {
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(received->payload.data()) % 8, 0U);
            heard.push_back({received->type, received->epoch,
                             Bytes(received->payload.begin(), received->payload.end())});
        }
    }

    FrameReader reader;
    std::vector<Heard> heard;
};

FrameHeader header_of(const Bytes& frame) {
    FrameHeader header;
    std::memcpy(&header, frame.data(), sizeof header);
    return header;
}

void fix_checksums(Bytes& frame) {
    FrameHeader header = header_of(frame);
    header.payload_checksum =
        journal::crc32c(0, frame.data() + sizeof header, frame.size() - sizeof header);
    header.header_checksum = 0;
    header.header_checksum = journal::crc32c(0, &header, sizeof header);
    std::memcpy(frame.data(), &header, sizeof header);
}

Bytes changed(Bytes frame, auto&& change) {
    FrameHeader header = header_of(frame);
    change(header);
    std::memcpy(frame.data(), &header, sizeof header);
    fix_checksums(frame);
    return frame;
}

void append(Bytes& to, const Bytes& bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

TEST(Frames, any_split_of_the_bytes_gives_the_same_frames) {
    rc::check([](std::uint64_t seed) {
        sim::Chance chance(seed);
        Speaker speaker(seed);
        Bytes stream;
        Listening whole;
        const std::size_t count = chance.between(1, 30);
        for (std::size_t i = 0; i < count; ++i) {
            const Bytes frame = speaker.frame();
            whole.hear(frame);
            append(stream, frame);
        }
        RC_ASSERT(whole.heard.size() == count);
        Listening split;
        const std::size_t most = chance.coin() ? chance.between(1, 100) : chance.between(1, 70'000);
        for (std::span<const std::byte> left(stream); !left.empty();) {
            const std::size_t some = std::min(left.size(), chance.between(1, most));
            split.hear(left.first(some));
            left = left.subspan(some);
        }
        RC_ASSERT(split.heard == whole.heard);
        RC_ASSERT(split.reader.ends_whole());
    });
}

TEST(Frames, a_writer_that_is_let_off_piece_by_piece_says_the_same) {
    rc::check([](std::uint64_t seed) {
        sim::Chance chance(seed);
        Samples samples(seed);
        Speaker speaker(seed);
        FrameWriter writer(options_of(7), 9);
        Bytes whole, left;
        for (int i = 0; i < 20; ++i) {
            const Sample sample = samples.any();
            append(whole, speaker.frame(sample));
            const FramePieces pieces(writer.next_header(sample.message, sample.bytes),
                                     sample.message.body, sample.bytes);
            std::size_t skip = 0;
            if (writer.kept().empty()) {  // a part has gone past the buffer
                skip = chance.below(pieces.size() + 1);
                std::size_t some = skip;
                for (const auto piece : pieces.pieces()) {
                    const std::size_t part = std::min(some, piece.size());
                    left.insert(left.end(), piece.begin(),
                                piece.begin() + static_cast<std::ptrdiff_t>(part));
                    some -= part;
                }
            }
            writer.keep(pieces, skip);
            const std::size_t goes = chance.below(writer.kept().size() + 1);
            left.insert(left.end(), writer.kept().begin(),
                        writer.kept().begin() + static_cast<std::ptrdiff_t>(goes));
            writer.left(goes);
        }
        left.insert(left.end(), writer.kept().begin(), writer.kept().end());
        RC_ASSERT(left == whole);
    });
}

TEST(Frames, each_single_bit_that_flips_is_found) {
    Speaker speaker;
    const Bytes first = speaker.frame(MessageType::heartbeat);
    const Bytes second = speaker.frame(MessageType::refused);  // a length with zeros behind it
    const Bytes third = speaker.frame(MessageType::positions);
    Bytes stream = first;
    append(stream, second);
    append(stream, third);
    for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
        stream[bit / 8] ^= std::byte{1} << (bit % 8);
        Listening listening;
        listening.hear(stream);
        const std::size_t before = bit / 8 < first.size()                   ? 0
                                   : bit / 8 < first.size() + second.size() ? 1
                                                                            : 2;
        ASSERT_EQ(listening.heard.size(), before) << "bit " << bit;
        ASSERT_NE(listening.reader.fault(), LinkEnd::none) << "bit " << bit;
        ASSERT_FALSE(listening.reader.why().empty());
        stream[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST(Frames, of_a_stream_that_is_cut_only_whole_frames_are_given) {
    Speaker speaker;
    Bytes stream;
    std::vector<std::size_t> ends = {0};
    for (const MessageType type : all_types) {
        append(stream, speaker.frame(type));
        ends.push_back(stream.size());
    }
    for (std::size_t bytes = 0; bytes <= stream.size(); ++bytes) {
        Listening listening;
        listening.hear(std::span(stream).first(bytes));
        const auto whole = std::upper_bound(ends.begin(), ends.end(), bytes) - ends.begin() - 1;
        ASSERT_EQ(listening.heard.size(), static_cast<std::size_t>(whole));
        ASSERT_EQ(listening.reader.fault(), LinkEnd::none);
        ASSERT_EQ(listening.reader.ends_whole(),
                  std::binary_search(ends.begin(), ends.end(), bytes));
    }
}

LinkEnd end_after(const std::vector<Bytes>& frames, bool admitted = true) {
    Listening listening(admitted);
    for (const Bytes& frame : frames) listening.hear(frame);
    EXPECT_EQ(listening.heard.size(), frames.size() - 1) << "only the last one is wrong";
    EXPECT_EQ(listening.reader.frames(), listening.heard.size());
    return listening.reader.fault();
}

TEST(Frames, replayed_and_reordered_frames_are_refused) {
    Speaker speaker;
    const Bytes one = speaker.frame(MessageType::heartbeat);
    const Bytes two = speaker.frame(MessageType::positions);
    const Bytes three = speaker.frame(MessageType::heartbeat);
    EXPECT_EQ(end_after({one, one}), LinkEnd::out_of_order);
    EXPECT_EQ(end_after({one, two, one}), LinkEnd::out_of_order);
    EXPECT_EQ(end_after({one, three}), LinkEnd::out_of_order);
    EXPECT_EQ(end_after({two}), LinkEnd::out_of_order);
}

TEST(Frames, frames_of_another_connection_boot_or_epoch_are_refused) {
    Speaker speaker;
    const Bytes one = speaker.frame(MessageType::heartbeat);
    const Bytes two = speaker.frame(MessageType::heartbeat);
    EXPECT_EQ(end_after({one, changed(two, [](FrameHeader& h) { h.connection ^= 1; })}),
              LinkEnd::out_of_order);
    EXPECT_EQ(end_after({one, changed(two, [](FrameHeader& h) { h.boot ^= 1; })}),
              LinkEnd::out_of_order);
    EXPECT_EQ(end_after({one, changed(two, [](FrameHeader& h) { h.epoch = 0; })}),
              LinkEnd::out_of_order);
    EXPECT_EQ(end_after({changed(one, [](FrameHeader& h) { h.boot = 0; })}), LinkEnd::foreign);
    EXPECT_EQ(end_after({changed(one, [](FrameHeader& h) { h.connection = 0; })}),
              LinkEnd::foreign);
}

TEST(Frames, what_is_not_of_this_protocol_is_foreign) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a.long.enough.name.of.some.node\r\n\r\n";
    const auto bytes = std::as_bytes(std::span(text));
    Listening listening;
    listening.hear(bytes);
    EXPECT_EQ(listening.reader.fault(), LinkEnd::foreign);
    EXPECT_NE(listening.reader.why().find("port"), std::string::npos);
    Speaker speaker;
    const Bytes one = speaker.frame(MessageType::refused);
    EXPECT_EQ(end_after({changed(one, [](FrameHeader& h) { h.flags = 1; })}), LinkEnd::foreign);
    EXPECT_EQ(end_after({changed(one, [](FrameHeader& h) { h.reserved = 1; })}), LinkEnd::foreign);
    EXPECT_EQ(end_after({changed(one, [](FrameHeader& h) { h.type = 127; })}), LinkEnd::unexpected);
}

TEST(Frames, what_stands_behind_the_payload_is_zero) {
    Samples samples(5);
    Sample sample = samples.of(MessageType::snapshot_chunk);
    sample.bytes.resize(13);
    Bytes frame = Speaker().frame(sample);
    frame.back() = std::byte{1};
    fix_checksums(frame);
    EXPECT_EQ(end_after({frame}), LinkEnd::foreign);
}

TEST(Frames, an_oversize_frame_is_refused_before_anything_is_allocated) {
    Speaker speaker;
    const Bytes one = speaker.frame(MessageType::snapshot_chunk);
    for (const std::uint32_t bytes :
         {static_cast<std::uint32_t>(payload_bytes_default + 1), 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
        Listening listening;
        const Bytes frame =
            changed(one, [bytes](FrameHeader& header) { header.payload_bytes = bytes; });
        listening.hear(std::span(frame).first(sizeof(FrameHeader)));
        EXPECT_EQ(listening.reader.fault(), LinkEnd::oversize) << bytes;
        EXPECT_LE(listening.reader.memory_bytes(), 70'000U);
    }
    Listening listening;
    const Bytes fits = changed(one, [](FrameHeader& header) {
        header.payload_bytes = static_cast<std::uint32_t>(payload_bytes_default);
    });
    listening.hear(std::span(fits).first(sizeof(FrameHeader)));
    EXPECT_EQ(listening.reader.fault(), LinkEnd::none);
}

TEST(Frames, a_stranger_may_only_greet_and_only_briefly) {
    for (const MessageType type : all_types) {
        Speaker speaker;
        Listening listening(false);
        listening.hear(speaker.frame(type));
        EXPECT_EQ(listening.heard.size(), is_greeting(type) ? 1U : 0U) << to_string(type);
        EXPECT_EQ(listening.reader.fault(),
                  is_greeting(type) ? LinkEnd::none : LinkEnd::unexpected);
    }
    Speaker speaker;
    const Bytes hello = changed(speaker.frame(MessageType::hello), [](FrameHeader& header) {
        header.payload_bytes = greeting_bytes_max + 1;
    });
    for (const bool admitted : {false, true}) {
        Listening listening(admitted);
        listening.hear(std::span(hello).first(sizeof(FrameHeader)));
        EXPECT_EQ(listening.reader.fault(), LinkEnd::oversize);
        EXPECT_LE(listening.reader.memory_bytes(), 70'000U);
    }
}

TEST(Frames, what_came_behind_the_greeting_waits_until_the_peer_is_admitted) {
    Speaker speaker;
    Bytes stream = speaker.frame(MessageType::hello);
    append(stream, speaker.frame(MessageType::records));
    FrameReader reader(payload_bytes_default);
    std::memcpy(reader.space().data(), stream.data(), stream.size());
    reader.filled(stream.size());
    ASSERT_TRUE(reader.next().has_value());
    reader.look();
    reader.space();
    ASSERT_EQ(reader.fault(), LinkEnd::none);
    reader.admit();
    const auto records = reader.next();
    ASSERT_TRUE(records.has_value());
    EXPECT_EQ(records->type, MessageType::records);
}

TEST(Frames, a_frame_stays_where_it_is_until_the_next_is_asked_for) {
    Samples samples(6);
    Sample sample = samples.of(MessageType::snapshot_chunk);
    sample.bytes.assign(60'000, std::byte{42});
    sample.message.epoch = 100;
    Speaker speaker;
    Bytes stream = speaker.frame(MessageType::history);  // so that it does not begin the buffer
    append(stream, speaker.frame(sample));
    append(stream, speaker.frame(sample));
    FrameReader reader(payload_bytes_default);
    reader.admit();
    std::span<const std::byte> left(stream);
    std::optional<Received> given;
    while (!given || given->type != sample.message.type) {
        const auto space = reader.space();
        const std::size_t some = std::min(space.size(), left.size());
        std::memcpy(space.data(), left.data(), some);
        reader.filled(some);
        left = left.subspan(some);
        given = reader.next();
    }
    for (;;) {  // as much as it takes beside the one that was given
        const auto space = reader.space();
        const std::size_t some = std::min(space.size(), left.size());
        if (some == 0) break;
        std::memcpy(space.data(), left.data(), some);
        reader.filled(some);
        left = left.subspan(some);
    }
    EXPECT_TRUE(std::all_of(given->payload.begin() + sizeof(SnapshotChunkFixed),
                            given->payload.end(),
                            [](std::byte byte) { return byte == std::byte{42}; }));
}

TEST(Frames, a_reader_keeps_no_more_than_a_largest_frame_and_a_little) {
    Samples samples(8);
    Speaker speaker;
    Listening listening;
    sim::Chance chance(8);
    for (int i = 0; i < 60; ++i) {
        Sample sample = samples.of(MessageType::snapshot_chunk);
        sample.bytes.resize(chance.one_in(4) ? payload_bytes_default - sample.message.body.size()
                                             : chance.between(1, 200'000));
        listening.hear(speaker.frame(sample), 32'000);
        listening.heard.clear();
        ASSERT_EQ(listening.reader.fault(), LinkEnd::none);
        ASSERT_LE(listening.reader.memory_bytes(), frame_bytes(payload_bytes_default) + 70'000);
    }
}

}  // namespace
}  // namespace pawl::replication
