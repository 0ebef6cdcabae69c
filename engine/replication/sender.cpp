// Where does the peer stand, what does it need first, and then: what is committed leaves.
#include "engine/replication/sender.hpp"

#include <algorithm>
#include <utility>

#include "engine/replication/sender_shard.hpp"
#include "journal/manifest.hpp"
#include "journal/seal.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

constexpr int frames_per_turn_max = 256;

TalkOptions reigning(TalkOptions options) {
    options.reigns = true;
    return options;
}

}  // namespace

Sender::Sender(journal::Storage& storage, journal::Directory& directory, std::unique_ptr<Link> link,
               const SenderOptions& options, EpochsOf epochs)
    : storage_(storage),
      directory_(directory),
      options_(options),
      epochs_(std::move(epochs)),
      talk_(std::move(link), reigning(options.talk)) {
    PAWL_ASSERT(options.runs_max >= 1);
    const std::size_t room = talk_.payload_bytes_max() - sizeof(RecordsFixed);
    record_bytes_max_ = std::min(options.run_bytes_max, room);
    for (std::uint32_t i = 0; i < directory.shards(); ++i)
        shards_.push_back(std::make_unique<Shard>(directory, i, record_bytes_max_));
    if (directory.record_bytes_max() > room)
        talk_.finish(TalkEnd::failed,
                     "a record may have " + std::to_string(directory.record_bytes_max()) +
                         " bytes, a frame of this link only " + std::to_string(room) +
                         ": raise payload_bytes_max on both nodes",
                     Refusal::other);
    check_over();
}
Sender::~Sender() = default;

std::size_t Sender::do_work(std::int64_t now_ns) {
    now_ns_ = now_ns;
    std::size_t work = talk_.begin_work(now_ns);
    if (state_ == SenderState::over) return work;
    greet();
    for (int i = 0; i < frames_per_turn_max; ++i) {
        const auto frame = talk_.next();
        if (!frame) break;
        ++work;
        hear(*frame);
    }
    if (talk_.end() == TalkEnd::none) {
        if (trace_ && talk_.send(*trace_)) trace_.reset();
        if (state_ == SenderState::asking) judge();
        if (state_ != SenderState::asking) answer();
        if (state_ == SenderState::following) work += ship() + ask_for_disk();
        const bool ends_are_due =
            state_ == SenderState::following &&
            (!ends_said_ns_ || now_ns_ - *ends_said_ns_ >= options_.talk.heartbeat_ns);
        if (ends_are_due) ends_said_ns_ = now_ns_;
        const bool says_ends = ends_are_due || talk_.heartbeat_due();
        work += talk_.end_work(says_ends ? ends() : std::vector<StreamEnd>{});
    }
    check_over();
    return work;
}

void Sender::check_over() {
    if (talk_.end() != TalkEnd::none) state_ = SenderState::over;
}

void Sender::tell(const KnownReign& known) {
    if (state_ != SenderState::following) return;
    const std::string text = print_reign(known.reign);
    ReignTold told;
    told.fixed.revision = known.revision;
    told.text = text;
    static_cast<void>(talk_.send(told));
}

void Sender::stop(const std::string& why) {
    talk_.finish(TalkEnd::done, why);
    check_over();
}

void Sender::fail(const Error& error) {
    talk_.finish(TalkEnd::failed, error.sentence, Refusal::other);
}

std::vector<StreamEnd> Sender::ends() const {
    std::vector<StreamEnd> ends;
    for (std::uint32_t i = 0; i < directory_.shards(); ++i)
        ends.push_back(StreamEnd{directory_.head(i).committed().value, 0, 0});
    return ends;
}

const journal::ReplicatedPositions& Sender::positions(std::uint32_t shard) const noexcept {
    PAWL_ASSERT(shard < shards_.size());
    return shards_[shard]->positions;
}

Position Sender::needed(std::uint32_t shard) const noexcept {
    PAWL_ASSERT(shard < shards_.size());
    const Shard& one = *shards_[shard];
    if (state_ == SenderState::following)
        return Position{one.positions.synced.load(std::memory_order_relaxed)};
    return one.needed;
}

std::uint64_t Sender::lag_bytes() const noexcept {
    std::uint64_t lag = 0;
    for (std::uint32_t i = 0; i < shards_.size(); ++i)
        lag += directory_.head(i).committed().value -
               shards_[i]->positions.received.load(std::memory_order_relaxed);
    return lag;
}

void Sender::want_on_disk(std::uint32_t shard, Position position) noexcept {
    PAWL_ASSERT(shard < shards_.size());
    Position& wanted = shards_[shard]->disk_wanted;
    wanted = std::max(wanted, position);
}

// ---- what is said first: what this directory is

void Sender::greet() {
    if (greeted_ || talk_.end() != TalkEnd::none) return;
    const journal::Manifest& manifest = directory_.manifest();
    DirectoryShape shape;
    shape.fixed.identity = manifest.identity;
    shape.fixed.random_seed = manifest.random_seed;
    shape.fixed.router_hash = manifest.router_hash;
    shape.fixed.schema_hash = manifest.schema_hash();
    shape.fixed.session_window = manifest.session_window;
    shape.fixed.segment_bytes = manifest.segment_bytes;
    shape.fixed.head_bytes = manifest.head_bytes;
    shape.fixed.shards = manifest.shards;
    shape.schema_text = manifest.schema_text;
    greeted_ = talk_.send(shape);
}

// ---- what is heard

void Sender::hear(const Received& frame) {
    switch (frame.type) {
        case MessageType::history:
            return hear_history(frame);
        case MessageType::positions:
            return hear_positions(frame);
        case MessageType::remains:
            return hear_remains(frame);
        case MessageType::trace_ask:
            return hear_trace_ask(frame);
        default:
            talk_.finish(TalkEnd::faulty, talk_.peer() + " sent '" + to_string(frame.type) +
                                              "' to a primary: it is not taken");
    }
}

void Sender::hear_history(const Received& frame) {
    History history;
    const bool good = decode(frame.payload, history) && history.fixed.shard < shards_.size() &&
                      state_ == SenderState::asking && !shards_[history.fixed.shard]->history_known;
    if (!good) {
        talk_.finish(TalkEnd::faulty, talk_.peer() + ": a history that makes no sense here");
        return;
    }
    Shard& shard = *shards_[history.fixed.shard];
    shard.history_known = true;
    shard.their_end = Position{history.fixed.end};
    shard.their_checksum = history.fixed.end_checksum;
    std::vector<journal::EpochStart> starts;
    for (const ReignBegin& reign : history.reigns)
        starts.push_back({reign.epoch, Position{reign.position}});
    shard.theirs = journal::EpochLog(starts);
}

// Nothing is believed that was not sent: an acknowledgement is a promise that replies stand on.
void Sender::hear_positions(const Received& frame) {
    Positions heard;
    bool good = decode(frame.payload, heard) && state_ == SenderState::following &&
                heard.shards.size() == shards_.size();
    for (std::size_t i = 0; good && i < shards_.size(); ++i) {
        const ShardPositions& now = heard.shards[i];
        const journal::ReplicatedPositions& before = shards_[i]->positions;
        good = now.received <= shards_[i]->source.position().value && now.synced <= now.received &&
               now.applied <= now.received &&
               now.received >= before.received.load(std::memory_order_relaxed) &&
               now.synced >= before.synced.load(std::memory_order_relaxed) &&
               now.applied >= before.applied.load(std::memory_order_relaxed);
    }
    if (!good) {
        talk_.finish(TalkEnd::faulty,
                     talk_.peer() +
                         " acknowledges what was never sent, or takes back what it had "
                         "acknowledged: nothing of it is believed");
        return;
    }
    peer_is_incomplete_ = false;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        journal::ReplicatedPositions& positions = shards_[i]->positions;
        // release: pairs with the acquires of the reply gate and of counters' readers
        positions.received.store(heard.shards[i].received, std::memory_order_release);
        positions.synced.store(heard.shards[i].synced, std::memory_order_release);
        positions.applied.store(heard.shards[i].applied, std::memory_order_release);
    }
    if (heard.fixed.echo_ns != 0 && heard.fixed.echo_ns <= now_ns_)
        counters_.lag_ns = now_ns_ - heard.fixed.echo_ns;
}

void Sender::hear_remains(const Received& frame) {
    Remains remains;
    if (!decode(frame.payload, remains)) {
        talk_.finish(TalkEnd::faulty, talk_.peer() +
                                          " has lost something, and says it in no words "
                                          "that make sense here");
        return;
    }
    peer_is_incomplete_ = true;
}

void Sender::hear_trace_ask(const Received& frame) {
    TraceAsk ask;
    if (!decode(frame.payload, ask) || ask.fixed.shard >= shards_.size() || trace_) {
        talk_.finish(TalkEnd::faulty,
                     talk_.peer() + ": a question about a trace that makes no sense here");
        return;
    }
    TraceTold told{{ask.fixed.first, 0, ask.fixed.shard}, {}};
    told.halves.resize(ask.fixed.count);
    if (!options_.trace || !options_.trace(ask.fixed.shard, ask.fixed.first, told.halves))
        told.halves.clear();
    trace_ = std::move(told);
}

// ---- the answer to each shard's history

void Sender::answer() {
    for (; answered_ < shards_.size() && talk_.end() == TalkEnd::none; ++answered_) {
        Shard& shard = *shards_[answered_];
        if (shard.verdict == Verdict::snapshot) {
            auto sent = send_snapshot(shard, answered_);
            if (!sent.ok()) return fail(sent.error());
            if (!*sent) return;
            continue;
        }
        PartPoint part;
        part.fixed.position = shard.part.value;
        part.fixed.checksum = shard.part_checksum;
        part.fixed.shard = answered_;
        if (!talk_.send(part)) return;
    }
}

// True: all of it has left.
Result<bool> Sender::send_snapshot(Shard& shard, std::uint32_t index) {
    SnapshotSource& snapshot = *shard.snapshot;
    const journal::SnapshotFacts& facts = snapshot.facts();
    if (!snapshot.begun) {
        SnapshotBegin begin;
        begin.fixed.position = facts.tail.position.value;
        begin.fixed.body_bytes = facts.body_bytes;
        begin.fixed.last_sequence = facts.tail.sequence.value;
        begin.fixed.last_time_ns = facts.tail.time_ns;
        begin.fixed.records = facts.records;
        begin.fixed.events = facts.events;
        begin.fixed.layout_hash = facts.layout_hash;
        begin.fixed.state_hash = facts.state_hash;
        begin.fixed.last_checksum = facts.tail.checksum;
        begin.fixed.shard = index;
        for (const auto& start : facts.epochs.starts())
            begin.reigns.push_back({start.epoch, start.begin.value});
        if (!talk_.send(begin)) return false;
        snapshot.begun = true;
    }
    for (;;) {
        auto piece = snapshot.look(record_bytes_max_);
        if (!piece.ok()) return piece.error();
        if (piece->empty()) break;
        SnapshotChunk chunk;
        chunk.fixed.offset = snapshot.offset();
        chunk.fixed.shard = index;
        chunk.bytes = *piece;
        if (!talk_.send(chunk, *piece)) return false;
        counters_.snapshot_bytes += piece->size();
        snapshot.advance();
    }
    SnapshotEnd end;
    end.fixed.body_hash = snapshot.hash();
    end.fixed.body_bytes = facts.body_bytes;
    end.fixed.shard = index;
    if (!talk_.send(end)) return false;
    shard.snapshot.reset();
    return true;
}

// ---- live

std::size_t Sender::ship() {
    if (answered_ != shards_.size()) return 0;
    std::size_t work = 0;
    bool room = true;
    const auto count = static_cast<std::uint32_t>(shards_.size());
    // Each begins once: a shard that always has something must not starve the others.
    for (std::uint32_t i = 0; i < count && room; ++i) {
        const std::uint32_t index = (turn_ + i) % count;
        for (std::uint32_t run = 0; run < options_.runs_max && room; ++run) {
            const std::size_t shipped = ship_run(*shards_[index], index, room);
            if (shipped == 0) break;
            work += shipped;
        }
    }
    turn_ = (turn_ + 1) % count;
    return work;
}

std::size_t Sender::ship_run(Shard& shard, std::uint32_t index, bool& room) {
    auto run = shard.source.look();
    if (!run.ok()) {
        fail(run.error());
        room = false;
        return 0;
    }
    if (run->records.empty()) return 0;
    records_.fixed = RecordsFixed{};
    records_.fixed.position = run->position.value;
    records_.fixed.sent_ns = now_ns_;
    records_.fixed.checksum_before = run->checksum_before;
    records_.fixed.shard = index;
    records_.bytes = run->records;
    if (!talk_.send(records_, run->records)) {
        room = false;
        return 0;
    }
    shard.source.advance();
    ++counters_.frames;
    counters_.record_bytes += run->records.size();
    counters_.head_bytes = counters_.segment_bytes = 0;
    for (const auto& one : shards_) {
        counters_.head_bytes += one->source.counters().head_bytes;
        counters_.segment_bytes += one->source.counters().segment_bytes;
    }
    return run->records.size();
}

std::size_t Sender::ask_for_disk() {
    std::size_t work = 0;
    for (std::uint32_t i = 0; i < shards_.size(); ++i) {
        Shard& shard = *shards_[i];
        const Position there{shard.positions.synced.load(std::memory_order_relaxed)};
        if (shard.disk_wanted <= std::max(shard.disk_asked, there)) continue;
        if (!talk_.send(SyncAsk{{shard.disk_wanted.value, i, 0}})) break;
        shard.disk_asked = shard.disk_wanted;
        ++work;
    }
    return work;
}

}  // namespace pawl::replication
