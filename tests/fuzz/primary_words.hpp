// What a primary would say, and what is almost that. Knows the messages and a stream that grows
// with them; not who listens.
#pragma once

#include "conversation.hpp"

namespace pawl::replication::fuzz {

class PrimaryWords {
public:
    PrimaryWords(std::uint64_t epoch, bool blank) : steps_(epoch), streams_(past().streams) {
        blank_ = blank;
    }

    // A receiver that hears this follows, or begins as a copy.
    void greet() {
        say({MessageType::directory, mended, {}});
        for (std::uint32_t i = 0; i < SmallJournal::shards; ++i)
            if (!blank_) say({MessageType::part_point, mended, {}});
    }

    void say(const Word& word) {
        if (word.type == MessageType{}) return steps_.happens(word.body);
        steps_.begin(word);
        if ((word.how & mended) == 0) return steps_.say(word.type, word.body);
        switch (word.type) {
            case MessageType::directory:
                return say_directory(word);
            case MessageType::part_point:
                return say_part_point(word);
            case MessageType::records:
                return say_records(word);
            case MessageType::snapshot_begin:
                return say_snapshot_begin(word);
            case MessageType::snapshot_chunk:
                return say_snapshot_chunk(word);
            case MessageType::snapshot_end:
                return say_snapshot_end(word);
            case MessageType::trace_told:
                return say_trace(word);
            case MessageType::reign_told:
                return say_reign(word);
            case MessageType::sync_ask:
                return say_sync_ask(word);
            case MessageType::heartbeat:
                return say_heartbeat(word);
            default:
                return steps_.say(word.type, word.body);
        }
    }
    const std::vector<Step>& steps() const { return steps_.all; }

private:
    static constexpr std::uint32_t shards = SmallJournal::shards;

    // Of a stream: so many records before its end.
    static const Mark& back(const PlainStream& stream, std::size_t records) {
        return stream.marks[stream.marks.size() - 1 - std::min(records, stream.marks.size() - 1)];
    }

    void say_directory(const Word& word) {
        DirectoryFixed fixed;
        const auto rest = take_fixed(word.body, fixed);
        const journal::Manifest& right = past().manifest;
        std::string text = right.schema_text;
        for (const std::byte byte : rest) text.push_back(static_cast<char>(byte));
        fixed.identity.high ^= right.identity.high;
        fixed.identity.low ^= right.identity.low;
        fixed.random_seed ^= right.random_seed;
        fixed.router_hash ^= right.router_hash;
        fixed.schema_hash ^= journal::hash64(text.data(), text.size());
        fixed.session_window ^= right.session_window;
        fixed.segment_bytes ^= right.segment_bytes;
        fixed.head_bytes ^= right.head_bytes;
        fixed.shards ^= right.shards;
        fixed.schema_bytes ^= static_cast<std::uint32_t>(text.size());
        steps_.say(word.type, fixed, std::as_bytes(std::span(text)));
    }

    void say_part_point(const Word& word) {
        PartPointFixed fixed;
        take_fixed(word.body, fixed);
        const std::uint32_t shard = answered_++ % shards;
        const PlainStream& stream = streams_[shard];
        const Mark& mark = blank_ ? stream.marks.front() : back(stream, word.how & variant);
        fixed.position += mark.position.value;
        fixed.checksum ^= mark.checksum;
        fixed.shard ^= shard;
        steps_.say(word.type, fixed, {});
    }

    // The variant: bit 0 the shard, bits 1 and 2 so many records come once more, bits 3 and 4 what
    // the rest of the body is.
    void say_records(const Word& word) {
        RecordsFixed fixed;
        auto rest = take_fixed(word.body, fixed);
        const std::uint32_t shard = word.how & 1U;
        PlainStream& stream = streams_[shard];
        const Mark begin = back(stream, (word.how >> 1) & 3U);
        const unsigned kind = (word.how >> 3) & 3U;
        std::vector<std::byte> raw;
        if (kind == 0)
            for (; rest.size() >= 2; rest = rest.subspan(2)) add_record(stream, rest);
        else if (kind == 1)
            stream.add_mended(rest);
        else
            raw.assign(rest.begin(), rest.end());
        const auto whole = stream.from(begin.position);
        raw.insert(raw.begin(), whole.begin(), whole.end());
        if (kind == 3 && !raw.empty()) raw[raw.size() / 2] ^= std::byte{1};
        fixed.position += begin.position.value;
        fixed.checksum_before ^= begin.checksum;
        fixed.shard ^= shard;
        fixed.sent_ns = std::max<std::int64_t>(fixed.sent_ns, 0);
        steps_.say(word.type, fixed, raw);
    }
    void add_record(PlainStream& stream, std::span<const std::byte> two) {
        const auto size = std::to_integer<std::size_t>(two[1]);
        switch (std::to_integer<unsigned>(two[0]) % 4) {
            case 0:
                return stream.add_event(size);
            case 1:
                return stream.add_event(size * 64);
            case 2:
                return stream.add_state(size);
            default:
                return stream.add_epoch(size == 0 ? steps_.epoch() : size);
        }
    }

    void say_snapshot_begin(const Word& word) {
        SnapshotBeginFixed fixed;
        const auto rest = take_fixed(word.body, fixed);
        const std::uint32_t shard = answered_ % shards;
        const PlainStream& stream = streams_[shard];
        const Mark& mark = back(stream, word.how & variant);
        fixed.position += mark.position.value;
        fixed.body_bytes += 1000;
        fixed.last_sequence += mark.sequence;
        fixed.last_time_ns += mark.time_ns;
        fixed.last_checksum ^= mark.checksum;
        fixed.shard ^= shard;
        snapshot_ = shard;
        done_ = 0;
        hash_.emplace();
        left_ = fixed.body_bytes;
        std::vector<ReignBegin> reigns;
        for (const auto& start : stream.epochs.starts())
            if (start.begin.value < fixed.position)
                reigns.push_back({start.epoch, start.begin.value});
        fixed.reign_count ^= static_cast<std::uint32_t>(
            rest.empty() ? reigns.size() : rest.size() / sizeof(ReignBegin));
        steps_.say(word.type, fixed, rest.empty() ? std::as_bytes(std::span(reigns)) : rest);
    }
    void say_snapshot_chunk(const Word& word) {
        SnapshotChunkFixed fixed;
        auto rest = take_fixed(word.body, fixed);
        const std::vector<std::byte> all(std::min<std::uint64_t>(left_, 60'000), std::byte{7});
        if (rest.empty()) rest = all;
        fixed.offset += done_;
        fixed.shard ^= snapshot_;
        if (hash_) hash_->add(rest.data(), rest.size());
        done_ += rest.size();
        left_ -= std::min<std::uint64_t>(left_, rest.size());
        steps_.say(word.type, fixed, rest);
    }
    void say_snapshot_end(const Word& word) {
        SnapshotEndFixed fixed;
        take_fixed(word.body, fixed);
        const journal::Hash128 hash = hash_ ? hash_->value() : journal::Hash128{};
        fixed.body_hash.high ^= hash.high;
        fixed.body_hash.low ^= hash.low;
        fixed.body_bytes += done_;
        fixed.shard ^= snapshot_;
        ++answered_;
        steps_.say(word.type, fixed, {});
    }

    // The variant: bit 0 the shard, bit 1 nothing is remembered.
    void say_trace(const Word& word) {
        TraceToldFixed fixed;
        auto rest = take_fixed(word.body, fixed);
        const std::uint32_t shard = word.how & 1U;
        std::vector<std::uint32_t> halves;
        if ((word.how & 2U) == 0) halves.resize(streams_[shard].last().sequence);
        for (std::size_t i = 0; i < halves.size(); ++i) {
            halves[i] = static_cast<std::uint32_t>(i + 1);
            if (i < rest.size()) halves[i] ^= std::to_integer<std::uint32_t>(rest[i]);
        }
        fixed.first += 1;
        fixed.count ^= static_cast<std::uint32_t>(halves.size());
        fixed.shard ^= shard;
        steps_.say(word.type, fixed, std::as_bytes(std::span(halves)));
    }
    void say_reign(const Word& word) {
        ReignToldFixed fixed;
        const auto rest = take_fixed(word.body, fixed);
        std::string text = (word.how & 1U) != 0 ? "" : print_reign(another_reign());
        for (const std::byte byte : rest) text.push_back(static_cast<char>(byte));
        fixed.revision += 1;
        fixed.text_bytes ^= static_cast<std::uint32_t>(text.size());
        steps_.say(word.type, fixed, std::as_bytes(std::span(text)));
    }
    void say_sync_ask(const Word& word) {
        SyncAskFixed fixed;
        take_fixed(word.body, fixed);
        const std::uint32_t shard = word.how & 1U;
        fixed.position += streams_[shard].end().value;
        fixed.shard ^= shard;
        steps_.say(word.type, fixed, {});
    }
    void say_heartbeat(const Word& word) {
        HeartbeatFixed fixed;
        take_fixed(word.body, fixed);
        std::vector<StreamEnd> ends;
        for (const PlainStream& stream : streams_)
            ends.push_back({stream.end().value, stream.last().checksum, 0});
        fixed.shard_count ^= static_cast<std::uint32_t>(ends.size());
        steps_.say(word.type, fixed, std::as_bytes(std::span(ends)));
    }

    Steps steps_;
    std::vector<PlainStream> streams_;
    bool blank_ = false;
    std::uint32_t answered_ = 0;  // shards
    std::uint32_t snapshot_ = 0;  // the shard's that is said
    std::uint64_t done_ = 0;      // of its body
    std::uint64_t left_ = 0;
    std::optional<journal::StreamHash128> hash_;
};

}  // namespace pawl::replication::fuzz
