// Arbitrary bytes as what comes from a standby: frames, greeting, messages, and a sender with a
// journal that hears them, or a node that may have lost something. Never a crash, nothing that is
// accepted without being looked at whole; nothing counts as received that was not sent.
#include "engine/replication/remains_talk.hpp"
#include "engine/replication/sender.hpp"
#include "standby_words.hpp"

namespace {

using namespace pawl;
using namespace pawl::replication;
using namespace pawl::replication::fuzz;

constexpr std::uint32_t shards = SmallJournal::shards;
constexpr std::uint64_t our_epoch = SmallJournal::epoch;

// Of the world's byte.
constexpr unsigned forgets = 1;      // what states hashed to is not remembered
constexpr unsigned small_steps = 2;  // ships little at a time
constexpr unsigned slow_line = 4;    // what is said leaves now and then

std::vector<Step> steps_of(const World& world) {
    if (!world.has(framed)) return {{{world.words.begin(), world.words.end()}, {}}};
    StandbyWords words(world.epoch(our_epoch));
    if (world.has(greeted)) words.greet();
    for_each_word(world.words, [&](const Word& word) { words.say(word); });
    return words.steps();
}

// Ones that nobody has changed since they were made: without snapshots, with them.
std::unique_ptr<SmallJournal>& untouched(bool with_snapshots) {
    static std::unique_ptr<SmallJournal> two[2];
    return two[with_snapshots ? 1 : 0];
}
std::unique_ptr<SmallJournal> journal_for(bool with_snapshots) {
    if (untouched(with_snapshots) != nullptr) return std::move(untouched(with_snapshots));
    auto made = std::make_unique<SmallJournal>();
    for (std::uint32_t i = 0; with_snapshots && i < shards; ++i)
        PAWL_ASSERT(made->snapshot(i).ok());
    return made;
}

class Listening final : public Watch {
public:
    explicit Listening(const World& world)
        : world_(world), journal_(journal_for(world.has(other))) {
        SenderOptions options;
        options.talk.epoch = our_epoch;
        if ((world.chance & small_steps) != 0) {
            options.run_bytes_max = 256;
            options.runs_max = 1;
        }
        options.trace = [this](std::uint32_t shard, std::uint64_t, std::span<std::uint32_t> to) {
            PAWL_ASSERT(shard < shards && !to.empty() && to.size() <= trace_count_max);
            return (world_.chance & forgets) == 0;
        };
        sender_ = std::make_unique<Sender>(
            journal_->storage(), journal_->directory(), std::make_unique<WatchedLink>(line_, *this),
            options, [this](std::uint32_t shard) { return journal_->stream(shard).epochs; });
    }

    void play_all() {
        play(
            steps_of(world_), *line_, [this](auto what) { happens(what); },
            [this] { return turn(); });
        PAWL_ASSERT(sender_->end() != TalkEnd::none);
        PAWL_ASSERT(!sender_->why().empty());
    }

    // The journal is what it would be without a standby.
    void judge() {
        for (std::uint32_t i = 0; i < shards; ++i) {
            const PlainStream& stream = journal_->stream(i);
            PAWL_ASSERT(journal_->directory().head(i).committed() == stream.end());
            std::vector<std::byte> bytes(stream.bytes.size());
            PAWL_ASSERT(journal_->directory().head(i).copy(Position{0}, bytes) || appended_);
            PAWL_ASSERT(bytes == stream.bytes || appended_);
        }
        sender_.reset();
        if (!appended_) untouched(world_.has(other)) = std::move(journal_);
    }

private:
    void happens(std::span<const std::byte> what) {
        if (const auto shard = StandbyWords::appends(what)) return append(*shard);
        switch (std::to_integer<unsigned>(what[0]) % 8) {
            case 0:
                return sender_->raise_epoch(sender_->epoch_seen() + 1);
            case 1:
                return write();
            case 2:
                for (std::uint32_t i = 0; i < shards; ++i)
                    sender_->want_on_disk(i, journal_->stream(i).end());
                return;
            case 3:
                return sender_->tell({another_reign(), 7});
            case 4:
                return sender_->stop("it is told to");
            case 5:
                now_ns_ += 2'000'000;
                return;
            case 6:
                now_ns_ += 30'000'000;
                return;
            default:
                now_ns_ += 2'000'000'000;
                return;
        }
    }
    void append(std::uint32_t shard) {
        appended_ = true;
        journal_->stream(shard).add_event(StandbyWords::event_bytes);
        if (journal_->stream(shard).end() > journal_->directory().head(shard).writable_end())
            journal_->write_all(shard);
        journal_->commit(shard);
    }
    void write() {
        for (std::uint32_t i = 0; i < shards; ++i) journal_->write(i);
    }
    bool turn() {
        now_ns_ += 1'000;
        line_->full = (world_.chance & slow_line) != 0 && ++turns_ % 8 != 0;
        sender_->do_work(now_ns_);
        if (appended_ && (world_.has(writes) || line_->ended)) write();
        PAWL_ASSERT((sender_->state() == SenderState::over) == (sender_->end() != TalkEnd::none));
        PAWL_ASSERT(!contradicts_ || sender_->end() != TalkEnd::none);
        std::uint64_t lag = 0;
        for (std::uint32_t i = 0; i < shards; ++i) {
            const journal::ReplicatedPositions& now = sender_->positions(i);
            const std::uint64_t received = now.received.load();
            PAWL_ASSERT(received <= sent_[i].value);
            PAWL_ASSERT(now.synced.load() <= received && now.applied.load() <= received);
            PAWL_ASSERT(received >= received_[i] && now.synced.load() >= synced_[i]);
            received_[i] = received;
            synced_[i] = now.synced.load();
            PAWL_ASSERT(sender_->needed(i) <= journal_->stream(i).end());
            lag += journal_->stream(i).end().value - received;
        }
        PAWL_ASSERT(sender_->lag_bytes() == lag);
        return sender_->state() == SenderState::over;
    }

    // ---- what passes

    void heard(const Received& frame) override {
        bool accepted = false;
        PAWL_ASSERT(decodes_to_itself(frame.type, frame.payload, accepted));
        contradicts_ = contradicts_ || frame.epoch != sender_->epoch_seen();
        switch (frame.type) {
            case MessageType::positions:
                contradicts_ = contradicts_ || !accepted || is_too_much(frame.payload);
                return;
            case MessageType::history:
            case MessageType::remains:
            case MessageType::trace_ask:
            case MessageType::heartbeat:
                contradicts_ = contradicts_ || !accepted;
                return;
            default:
                contradicts_ = true;  // refused and bye end it as well
        }
    }
    // More than was sent, or less than it had said.
    bool is_too_much(std::span<const std::byte> payload) const {
        Positions positions;
        if (!decode(payload, positions) || positions.shards.size() != shards) return true;
        for (std::uint32_t i = 0; i < shards; ++i) {
            const ShardPositions& one = positions.shards[i];
            if (one.received > sent_[i].value || one.received < received_[i] ||
                one.synced < synced_[i])
                return true;
        }
        return false;
    }

    // Only what is committed is said, and each byte as it stands in the journal.
    void said(MessageType type, std::span<const std::byte> payload) override {
        if (type == MessageType::part_point) {
            PartPoint part;
            PAWL_ASSERT(decode(payload, part) && part.fixed.shard < shards);
            const PlainStream& stream = journal_->stream(part.fixed.shard);
            const Mark* const mark = stream.at(Position{part.fixed.position});
            PAWL_ASSERT(mark != nullptr && mark->checksum == part.fixed.checksum);
            PAWL_ASSERT(sent_[part.fixed.shard] == Position{0});
            sent_[part.fixed.shard] = mark->position;
        } else if (type == MessageType::records) {
            Records records;
            PAWL_ASSERT(decode(payload, records) && records.fixed.shard < shards);
            Position& sent = sent_[records.fixed.shard];
            const auto left = journal_->stream(records.fixed.shard).from(sent);
            PAWL_ASSERT(records.fixed.position == sent.value);
            PAWL_ASSERT(records.bytes.size() <= left.size());
            PAWL_ASSERT(std::equal(records.bytes.begin(), records.bytes.end(), left.begin()));
            sent.value += records.bytes.size();
        } else if (type == MessageType::snapshot_chunk) {
            SnapshotChunk chunk;  // a small journal's snapshots are its streams
            PAWL_ASSERT(decode(payload, chunk) && chunk.fixed.shard < shards);
            const auto body =
                journal_->stream(chunk.fixed.shard).from(Position{chunk.fixed.offset});
            PAWL_ASSERT(chunk.bytes.size() <= body.size());
            PAWL_ASSERT(std::equal(chunk.bytes.begin(), chunk.bytes.end(), body.begin()));
        }
    }

    const World world_;
    std::unique_ptr<SmallJournal> journal_;
    std::shared_ptr<Line> line_ = std::make_shared<Line>();
    std::unique_ptr<Sender> sender_;
    std::int64_t now_ns_ = 1'000'000'000;
    bool contradicts_ = false;  // something was heard that ends it
    bool appended_ = false;
    std::uint64_t turns_ = 0;
    Position sent_[shards]{};
    std::uint64_t received_[shards]{};  // as the sender believes
    std::uint64_t synced_[shards]{};
};

// Two nodes that may both have lost something.
class Comparing final : public Watch {
public:
    explicit Comparing(const World& world)
        : world_(world), talk_(std::make_unique<WatchedLink>(line_, *this), options(), mine()) {}

    void play_all() {
        play(
            steps_of(world_), *line_,
            [this](auto what) {
                if (std::to_integer<unsigned>(what[0]) == 6) now_ns_ += 2'000'000'000;
            },
            [this] { return turn(); });
        PAWL_ASSERT(taken_ <= 1 && taken_ <= heard_);
        PAWL_ASSERT(talk_.epoch_seen() >= our_epoch);
    }

private:
    static TalkOptions options() {
        TalkOptions options;
        options.epoch = our_epoch;
        return options;
    }
    static Remains mine() {
        Remains remains;
        remains.fixed.epoch = our_epoch;
        for (const PlainStream& stream : past().streams)
            remains.ends.push_back({stream.end().value, stream.last().checksum, 0});
        return remains;
    }
    bool turn() {
        talk_.do_work(now_ns_ += 1'000);
        if (const auto theirs = talk_.take_theirs()) {
            ++taken_;
            Message message;
            encode(*theirs, message);
            PAWL_ASSERT(message.body == last_);
        }
        PAWL_ASSERT(!contradicts_ || talk_.is_over());
        return talk_.is_over();
    }
    void heard(const Received& frame) override {
        bool accepted = false;
        PAWL_ASSERT(decodes_to_itself(frame.type, frame.payload, accepted));
        contradicts_ = contradicts_ || frame.epoch < talk_.epoch_seen();
        const bool is_remains = frame.type == MessageType::remains;
        if (is_remains) last_.assign(frame.payload.begin(), frame.payload.end());
        if (is_remains) ++heard_;
        if (is_remains || frame.type == MessageType::heartbeat)
            contradicts_ = contradicts_ || !accepted || heard_ > 1;
        else
            contradicts_ = true;
    }
    void said(MessageType type, std::span<const std::byte>) override {
        told_ += type == MessageType::remains ? 1 : 0;
        PAWL_ASSERT(told_ <= 1);
    }

    const World world_;
    std::shared_ptr<Line> line_ = std::make_shared<Line>();
    std::int64_t now_ns_ = 1'000'000'000;
    bool contradicts_ = false;
    int heard_ = 0;  // remains
    int told_ = 0;
    int taken_ = 0;
    std::vector<std::byte> last_;
    RemainsTalk talk_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    if (!is_conversation(input)) {
        listen_to(Side::called, input);
        return 0;
    }
    const World world = world_of(input);
    if (world.has(third)) {
        Comparing(world).play_all();
        return 0;
    }
    Listening sender(world);
    sender.play_all();
    sender.judge();
    return 0;
}
