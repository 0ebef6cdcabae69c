// What a standby would say, and what is almost that. Knows the messages and the primary's streams;
// not who listens.
#pragma once

#include "conversation.hpp"

namespace pawl::replication::fuzz {

class StandbyWords {
public:
    explicit StandbyWords(std::uint64_t epoch) : steps_(epoch), streams_(past().streams) {}

    // A sender that hears this ships.
    void greet() {
        for (std::uint32_t i = 0; i < SmallJournal::shards; ++i)
            say({MessageType::history, mended, {}});
    }

    void say(const Word& word) {
        if (word.type == MessageType{}) {
            // What is appended at the primary is the standby's soon.
            if (const auto shard = appends(word.body)) streams_[*shard].add_event(event_bytes);
            return steps_.happens(word.body);
        }
        steps_.begin(word);
        if ((word.how & mended) == 0) return steps_.say(word.type, word.body);
        switch (word.type) {
            case MessageType::history:
                return say_history(word);
            case MessageType::positions:
                return say_positions(word);
            case MessageType::remains:
                return say_remains(word);
            case MessageType::trace_ask:
                return say_trace_ask(word);
            default:
                return steps_.say(word.type, word.body);
        }
    }
    const std::vector<Step>& steps() const { return steps_.all; }

    // Of what happens: a primary commits an event.
    static constexpr std::size_t event_bytes = 100;
    static std::optional<std::uint32_t> appends(std::span<const std::byte> what) {
        if (what.size() < 2 || std::to_integer<unsigned>(what[0]) != 2) return std::nullopt;
        return std::to_integer<std::uint32_t>(what[1]) % SmallJournal::shards;
    }

private:
    static constexpr std::uint32_t shards = SmallJournal::shards;

    // The variant: bits 0 to 2 so many records fewer, bit 3 with a reign of another node at the
    // end, bit 4 the reigns as they stand in the rest of the body.
    void say_history(const Word& word) {
        HistoryFixed fixed;
        const auto rest = take_fixed(word.body, fixed);
        const std::uint32_t shard = told_++ % shards;
        PlainStream stream = streams_[shard];
        const std::size_t fewer = std::min<std::size_t>(word.how & 7U, stream.marks.size() - 1);
        stream.cut(stream.marks.size() - 1 - fewer);
        if ((word.how & 8U) != 0) stream.add_epoch(steps_.epoch() + 1);
        if ((word.how & 8U) != 0) stream.add_event(8);
        std::vector<ReignBegin> reigns;
        for (const auto& start : stream.epochs.starts())
            reigns.push_back({start.epoch, start.begin.value});
        const bool as_they_stand = (word.how & 16U) != 0;
        fixed.end += stream.end().value;
        fixed.end_checksum ^= stream.last().checksum;
        fixed.shard ^= shard;
        fixed.reign_count ^= static_cast<std::uint32_t>(
            as_they_stand ? rest.size() / sizeof(ReignBegin) : reigns.size());
        steps_.say(word.type, fixed, as_they_stand ? rest : std::as_bytes(std::span(reigns)));
    }

    // Three numbers per shard; the rest of the body is added to them. The variant: bits 0 to 2 so
    // many records fewer, bit 3 only in memory, bit 4 one shard too many.
    void say_positions(const Word& word) {
        PositionsFixed fixed;
        const auto rest = take_fixed(word.body, fixed);
        std::vector<std::uint64_t> numbers;
        for (const PlainStream& stream : streams_) {
            const std::size_t last = stream.marks.size() - 1;
            const std::size_t fewer = std::min<std::size_t>(word.how & 7U, last);
            const std::uint64_t end = stream.marks[last - fewer].position.value;
            const bool in_memory = (word.how & 8U) != 0;
            numbers.insert(numbers.end(), {end, in_memory ? 0 : end, in_memory ? 0 : end});
        }
        if ((word.how & 16U) != 0) numbers.insert(numbers.end(), {0, 0, 0});
        for (std::size_t i = 0; i < numbers.size() && (i + 1) * 8 <= rest.size(); ++i) {
            std::uint64_t more = 0;
            std::memcpy(&more, rest.data() + i * 8, sizeof more);
            numbers[i] += more;
        }
        fixed.echo_ns = std::max<std::int64_t>(fixed.echo_ns, 0);
        fixed.shard_count ^= static_cast<std::uint32_t>(numbers.size() / 3);
        steps_.say(word.type, fixed, std::as_bytes(std::span(numbers)));
    }

    // The variant: bit 0 without streams.
    void say_remains(const Word& word) {
        RemainsFixed fixed;
        take_fixed(word.body, fixed);
        std::vector<StreamEnd> ends;
        for (const PlainStream& stream : streams_)
            if ((word.how & 1U) == 0)
                ends.push_back({stream.end().value, stream.last().checksum, 0});
        fixed.epoch ^= steps_.epoch();
        fixed.shard_count ^= static_cast<std::uint32_t>(ends.size());
        steps_.say(word.type, fixed, std::as_bytes(std::span(ends)));
    }

    // The variant: bit 0 the shard.
    void say_trace_ask(const Word& word) {
        TraceAskFixed fixed;
        take_fixed(word.body, fixed);
        fixed.first += 1;
        fixed.count += 1;
        fixed.shard ^= word.how & 1U;
        steps_.say(word.type, fixed, {});
    }

    Steps steps_;
    std::vector<PlainStream> streams_;
    std::uint32_t told_ = 0;  // histories
};

}  // namespace pawl::replication::fuzz
