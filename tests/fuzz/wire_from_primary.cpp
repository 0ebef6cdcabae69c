// Arbitrary bytes as what comes from a primary: frames, greeting, messages, and a receiver with a
// journal that hears them. Never a crash, nothing that is accepted without being looked at whole;
// what was committed stays, and what is acknowledged is there.
#include "engine/replication/receiver.hpp"
#include "primary_words.hpp"

namespace {

using namespace pawl;
using namespace pawl::replication;
using namespace pawl::replication::fuzz;

constexpr std::uint32_t shards = SmallJournal::shards;

// Of the world's byte.
constexpr unsigned compares = 1;     // states are compared
constexpr unsigned incomplete = 2;   // what is here may be less than what is counted on
constexpr unsigned small_steps = 4;  // applies little at a time
constexpr unsigned slow_line = 8;    // what is said leaves now and then

// One that nobody has changed since it was made.
std::unique_ptr<SmallJournal>& untouched() {
    static std::unique_ptr<SmallJournal> one;
    return one;
}

class Listening final : public Watch {
public:
    explicit Listening(const World& world) : world_(world) {
        if (world.has(other))
            journal_ = std::make_unique<SmallJournal>(true);
        else if (untouched() != nullptr)
            journal_ = std::move(untouched());
        else
            journal_ = std::make_unique<SmallJournal>();
        calls_ = journal_->storage().calls();
        if (!world.has(other)) begin_streams();
        begin_receiver();
    }

    void play_all() {
        std::vector<Step> steps;
        if (world_.has(framed)) {
            PrimaryWords words(world_.epoch(SmallJournal::epoch + 1), world_.has(other));
            if (world_.has(greeted)) words.greet();
            for_each_word(world_.words, [&](const Word& word) { words.say(word); });
            steps = words.steps();
        } else {
            steps.push_back({{world_.words.begin(), world_.words.end()}, {}});
        }
        play(steps, *line_, [this](auto what) { happens(what); }, [this] { return turn(); });
        PAWL_ASSERT(receiver_->end() != TalkEnd::none);
        PAWL_ASSERT(!receiver_->why().empty());
    }

    // What has to be done is done, and the journal is looked at.
    void judge() {
        const Todo todo = receiver_->todo();
        PAWL_ASSERT(todo == Todo::nothing || receiver_->end() == TalkEnd::done);
        const auto parts = receiver_->parts();
        const auto begins = receiver_->begins();
        const auto origin = receiver_->origin();
        receiver_.reset();
        for (std::uint32_t i = 0; streams_ != nullptr && i < shards; ++i)
            received_.push_back(streams_->received(i));
        streams_.reset();
        if (todo == Todo::adopt) return adopt(origin, begins);
        if (streams_are_there() && todo == Todo::cut) return cut(parts);
        if (!streams_are_there()) return;
        if (is_as_before()) {
            untouched() = std::move(journal_);
            return;
        }
        open_again();
    }

private:
    bool streams_are_there() const { return !received_.empty(); }

    void begin_streams() {
        StandbyStreamsOptions options;
        options.sinks = [this](std::uint32_t shard) -> journal::RecordSink& {
            return journal_->stream(shard);
        };
        for (std::uint32_t i = 0; i < shards; ++i)
            options.ends.push_back(journal_->stream(i).shard_end());
        if ((world_.chance & small_steps) != 0) options.apply_bytes_max = 100;
        if ((world_.chance & compares) != 0) {
            options.states.differs = [this](std::uint32_t shard) { return differs(shard); };
            options.states.trace = [](std::uint32_t, std::uint64_t first,
                                      std::span<std::uint32_t> to) {
                for (std::size_t i = 0; i < to.size(); ++i)
                    to[i] = static_cast<std::uint32_t>(first + i);
                return true;
            };
            options.states.event = [](std::uint32_t, std::uint64_t) { return "an event"; };
        }
        streams_ = std::make_unique<StandbyStreams>(journal_->directory(), std::move(options));
    }
    // States whose hash is odd are not the primary's, since the first event.
    std::optional<StatesDiffer> differs(std::uint32_t shard) {
        const PlainStream& stream = journal_->stream(shard);
        if (stream.state_hash % 2 == 0) return std::nullopt;
        states_differ_ = true;
        return StatesDiffer{shard, "states differ", 1, stream.last().sequence, "no event"};
    }
    void begin_receiver() {
        ReceiverOptions options;
        options.talk.epoch = SmallJournal::epoch;
        options.directory = "dir";
        options.frames_max = 4;
        options.difference_ns_max = 20'000'000;
        receiver_ =
            std::make_unique<Receiver>(journal_->storage(), streams_.get(),
                                       std::make_unique<WatchedLink>(line_, *this), options);
        if ((world_.chance & incomplete) != 0) receiver_->acknowledges(false);
    }

    void happens(std::span<const std::byte> what) {
        switch (std::to_integer<unsigned>(what[0]) % 8) {
            case 0:
                return receiver_->raise_epoch(receiver_->epoch_seen() + 1);
            case 1:
                return write();
            case 2:
                return receiver_->acknowledges(false);
            case 3:
                return receiver_->acknowledges(true);
            case 4:
                return receiver_->stop("it is told to");
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
    void write() {
        for (std::uint32_t i = 0; streams_ != nullptr && i < shards; ++i) journal_->write(i);
    }
    bool turn() {
        now_ns_ += 1'000;
        line_->full = (world_.chance & slow_line) != 0 && ++turns_ % 8 != 0;
        receiver_->do_work(now_ns_);
        // A head that is full of what nobody writes is no end, but it hides one.
        if (world_.has(writes) || line_->ended) write();
        PAWL_ASSERT((receiver_->state() == ReceiverState::over) ==
                    (receiver_->end() != TalkEnd::none));
        PAWL_ASSERT(!contradicts_ || receiver_->end() != TalkEnd::none);
        return receiver_->state() == ReceiverState::over;
    }

    // ---- what passes

    void heard(const Received& frame) override {
        bool accepted = false;
        PAWL_ASSERT(decodes_to_itself(frame.type, frame.payload, accepted));
        contradicts_ = contradicts_ || frame.epoch < receiver_->epoch_seen();
        switch (frame.type) {
            case MessageType::records:  // not looked at while it is asked where states differ
                contradicts_ = contradicts_ || (!states_differ_ && !fits(frame.payload));
                return;
            case MessageType::part_point:
                contradicts_ = contradicts_ || !accepted || is_beyond(frame.payload);
                return;
            case MessageType::directory:
            case MessageType::snapshot_begin:
            case MessageType::snapshot_chunk:
            case MessageType::snapshot_end:
            case MessageType::trace_told:
            case MessageType::reign_told:
            case MessageType::sync_ask:
            case MessageType::heartbeat:
                contradicts_ = contradicts_ || !accepted;
                return;
            default:
                contradicts_ = true;  // refused and bye end it as well
        }
    }
    // No gap before them, and where they come once more they are the same. What is not applied yet
    // is not compared here.
    bool fits(std::span<const std::byte> payload) const {
        Records records;
        if (!decode(payload, records) || streams_ == nullptr || records.fixed.shard >= shards)
            return false;
        const Position at{records.fixed.position};
        const PlainStream& here = journal_->stream(records.fixed.shard);
        if (at > streams_->received(records.fixed.shard)) return false;
        if (at >= here.end()) return true;
        const auto known = here.from(at);
        const std::size_t both = std::min(known.size(), records.bytes.size());
        return std::equal(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(both),
                          records.bytes.begin());
    }
    bool is_beyond(std::span<const std::byte> payload) const {
        PartPoint part;
        if (!decode(payload, part)) return true;
        if (streams_ == nullptr) return part.fixed.position != 0;
        return part.fixed.shard >= shards ||
               part.fixed.position > streams_->received(part.fixed.shard).value;
    }
    void said(MessageType type, std::span<const std::byte> payload) override {
        if (type != MessageType::positions) return;
        Positions positions;
        PAWL_ASSERT(decode(payload, positions) && positions.shards.size() == shards);
        for (std::uint32_t i = 0; i < shards; ++i) {
            const ShardPositions& one = positions.shards[i];
            PAWL_ASSERT(one.received <= journal_->directory().head(i).committed().value);
            PAWL_ASSERT(one.synced <= journal_->directory().head(i).synced().value);
            PAWL_ASSERT(one.applied <= journal_->stream(i).end().value);
            on_disk_[i] = std::max(on_disk_[i], Position{one.synced});
        }
    }

    // ---- afterwards

    bool is_as_before() {
        for (std::uint32_t i = 0; i < shards; ++i) {
            PAWL_ASSERT(received_[i] >= past().streams[i].end());
            if (received_[i] != past().streams[i].end()) return false;
        }
        return journal_->storage().calls() == calls_;
    }
    void open_again() {
        const bool power_fails = world_.has(third);
        if (power_fails)
            journal_->cut_power();
        else
            journal_->kill();
        must_open();
        for (std::uint32_t i = 0; i < shards; ++i) {
            const PlainStream& now = journal_->stream(i);
            PAWL_ASSERT(past().streams[i].is_beginning_of(now));
            PAWL_ASSERT(now.end() >= on_disk_[i]);
            PAWL_ASSERT(power_fails || now.end() == received_[i]);
        }
    }
    void must_open() {
        const Status opened = journal_->open();
        if (!opened.ok()) std::fprintf(stderr, "%s\n", opened.error().sentence.c_str());
        PAWL_ASSERT(opened.ok());
    }
    void cut(const std::vector<journal::PartPoint>& parts) {
        std::vector<PlainStream> before;
        for (std::uint32_t i = 0; i < shards; ++i) before.push_back(journal_->stream(i));
        PAWL_ASSERT(journal_->close().ok());
        const auto cut =
            journal::cut_directory(journal_->storage(), SmallJournal::options(), parts);
        must_open();
        for (std::uint32_t i = 0; i < shards; ++i) {
            const PlainStream& now = journal_->stream(i);
            const Mark* const mark = before[i].at(parts[i].position);
            PAWL_ASSERT(now.is_beginning_of(before[i]));
            if (cut.ok()) {
                PAWL_ASSERT(mark != nullptr && mark->checksum == parts[i].checksum);
                PAWL_ASSERT(now.end() == parts[i].position);
            } else {
                PAWL_ASSERT(!cut.error().sentence.empty());
                PAWL_ASSERT(now.end() == before[i].end());
            }
        }
    }
    void adopt(const journal::Origin& origin, const std::vector<Position>& begins) {
        if (streams_are_there()) PAWL_ASSERT(journal_->close().ok());
        journal::AdoptOptions options;
        options.path = "dir";
        options.origin = origin;
        options.heads = "heads";
        options.begins = begins;
        options.inflight_bytes_max = SmallJournal::options().inflight_bytes_max;
        const Status adopted = journal::adopt_directory(journal_->storage(), options);
        if (!adopted.ok()) {
            PAWL_ASSERT(!adopted.error().sentence.empty());
            if (streams_are_there()) must_open();
            return;
        }
        if (origin.head_bytes > journal::head_bytes_min) return;  // more than it is worth
        const Status opened = journal_->open_as(origin.identity);
        PAWL_ASSERT(opened.ok() || !opened.error().sentence.empty());
        const bool right = origin == journal::origin_of(past().manifest);
        PAWL_ASSERT(opened.ok() || !right);
        for (std::uint32_t i = 0; opened.ok() && i < shards; ++i)
            PAWL_ASSERT(journal_->stream(i).begin() == begins[i] &&
                        journal_->stream(i).end() == begins[i]);
    }

    const World world_;
    std::unique_ptr<SmallJournal> journal_;
    std::shared_ptr<Line> line_ = std::make_shared<Line>();
    std::unique_ptr<StandbyStreams> streams_;
    std::unique_ptr<Receiver> receiver_;
    std::int64_t now_ns_ = 1'000'000'000;
    std::uint64_t turns_ = 0;
    std::uint64_t calls_ = 0;     // of the storage, before
    bool contradicts_ = false;    // something was heard that ends it
    bool states_differ_ = false;  // and it is asked where
    Position on_disk_[shards]{};  // as it was acknowledged
    std::vector<Position> received_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    if (!is_conversation(input)) {
        listen_to(Side::caller, input);
        return 0;
    }
    Listening receiver(world_of(input));
    receiver.play_all();
    receiver.judge();
    return 0;
}
