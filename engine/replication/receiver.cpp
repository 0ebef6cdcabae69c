// Everything is checked where it comes in; what does not fit ends the conversation, and the next
// one begins at what is certain.
#include "engine/replication/receiver.hpp"

#include <algorithm>
#include <utility>

#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "journal/seal.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

TalkOptions following(TalkOptions options) {
    options.reigns = false;
    return options;
}

}  // namespace

Receiver::Receiver(journal::Storage& storage, StandbyStreams* streams, std::unique_ptr<Link> link,
                   const ReceiverOptions& options)
    : storage_(storage),
      streams_(streams),
      options_(options),
      talk_(std::move(link), following(options.talk)) {
    PAWL_ASSERT(options.frames_max >= 1);
    talk_.on_heartbeat = [this](const Heartbeat& heartbeat) {
        const bool of_all = !primary_ends_.empty() && heartbeat.ends.size() == primary_ends_.size();
        if (!of_all) return;
        for (std::size_t i = 0; i < primary_ends_.size(); ++i)
            primary_ends_[i] = Position{heartbeat.ends[i].position};
        primary_heard_ns_ = now_ns_;
    };
}

Receiver::~Receiver() {
    if (streams_ != nullptr) streams_->forget_waiting();
}

std::size_t Receiver::do_work(std::int64_t now_ns) {
    now_ns_ = now_ns;
    std::size_t work = talk_.begin_work(now_ns);
    if (state_ != ReceiverState::over) {
        std::size_t bytes = 0;
        for (std::uint32_t i = 0; i < options_.frames_max && bytes < options_.bytes_max; ++i) {
            // The bytes that wait are the last frame's: no other is asked for meanwhile.
            if (streams_ != nullptr && streams_->waiting()) {
                work += streams_->take_some();
                if (streams_->waiting()) break;
            }
            const auto frame = talk_.next();
            if (!frame) break;
            ++work;
            bytes += frame->payload.size();
            hear(*frame);
        }
        if (streams_ != nullptr && streams_->waiting()) work += streams_->take_some();
        if (talk_.end() == TalkEnd::none) {
            tell_histories();
            tell_remains();
            acknowledge();
            work += talk_.end_work({});
        }
        check_over();
    }
    if (streams_ != nullptr) {
        work += streams_->apply_some();
        if (!streams_->trouble().empty()) end_for_trouble();
    }
    return work;
}

// Where states differ the primary is asked first where it began; meanwhile nothing is taken,
// applied or acknowledged. A conversation that ends before the answer leaves it to the next one.
void Receiver::end_for_trouble() {
    if (talk_.end() != TalkEnd::none) return;
    std::string trouble = streams_->trouble();
    if (streams_->states_differ()) {
        if (!search_) {
            search_.emplace(streams_->states(), *streams_->states_differ());
            search_ends_ns_ = now_ns_ + options_.difference_ns_max;
            streams_->forget_waiting();
        }
        if (now_ns_ >= search_ends_ns_) search_->give_up(talk_.peer() + " did not say");
        if (!search_->done()) {
            if (!search_asked_) search_asked_ = talk_.send(search_->question());
            return;
        }
        trouble = search_->sentence();
    }
    talk_.finish(TalkEnd::failed, trouble + ": this copy follows no further; keep both journals");
    check_over();
}

void Receiver::hear_trace(const Received& frame) {
    TraceTold told;
    if (!search_ || !search_asked_ || !decode(frame.payload, told) || !search_->hear(told))
        return faulty("a trace that was not asked for");
    search_asked_ = false;
}

void Receiver::check_over() {
    if (talk_.end() == TalkEnd::none || state_ == ReceiverState::over) return;
    state_ = ReceiverState::over;
    if (streams_ != nullptr) streams_->forget_waiting();
    incoming_.reset();
}

void Receiver::stop(const std::string& why) {
    talk_.finish(TalkEnd::done, why);
    check_over();
}

void Receiver::faulty(const std::string& what) {
    talk_.finish(TalkEnd::faulty, talk_.peer() + ": " + what);
}

void Receiver::fail(const Error& error) {
    talk_.finish(TalkEnd::failed, error.sentence);
}

Position Receiver::primary_end(std::uint32_t shard) const noexcept {
    return shard < primary_ends_.size() ? primary_ends_[shard] : Position{};
}

void Receiver::hear(const Received& frame) {
    if (!directory_known_ && frame.type != MessageType::directory)
        return faulty(std::string("'") + to_string(frame.type) +
                      "' came before it had said what its directory is");
    switch (frame.type) {
        case MessageType::directory:
            return hear_directory(frame);
        case MessageType::part_point:
            return hear_part_point(frame);
        case MessageType::records:
            return hear_records(frame);
        case MessageType::trace_told:
            return hear_trace(frame);
        case MessageType::snapshot_begin:
            return hear_snapshot_begin(frame);
        case MessageType::snapshot_chunk:
            return hear_snapshot_chunk(frame);
        case MessageType::snapshot_end:
            return hear_snapshot_end(frame);
        case MessageType::reign_told:
            return hear_reign(frame);
        case MessageType::sync_ask:
            return hear_sync_ask(frame);
        default:
            return faulty(std::string("'") + to_string(frame.type) + "' is not for a standby");
    }
}

void Receiver::hear_reign(const Received& frame) {
    ReignTold told;
    if (!decode(frame.payload, told)) return faulty("a reign that makes no sense");
    Result<Reign> reign = parse_reign(told.text, talk_.peer());
    if (!reign.ok()) return faulty("a reign that is none");
    if (reign->primary().boot == frame.boot) return faulty("it reigns, and says that it is over");
    reign_told_ = KnownReign{std::move(*reign), told.fixed.revision};
}

// ---- who are you, here is where I stand

void Receiver::hear_directory(const Received& frame) {
    DirectoryShape shape;
    if (directory_known_ || !decode(frame.payload, shape))
        return faulty("a description of a directory that makes no sense here");
    origin_.identity = shape.fixed.identity;
    origin_.shards = shape.fixed.shards;
    origin_.router_hash = shape.fixed.router_hash;
    origin_.random_seed = shape.fixed.random_seed;
    origin_.segment_bytes = shape.fixed.segment_bytes;
    origin_.head_bytes = shape.fixed.head_bytes;
    origin_.session_window = shape.fixed.session_window;
    origin_.schema_text = shape.schema_text;
    if (shape.fixed.schema_hash !=
        journal::hash64(origin_.schema_text.data(), origin_.schema_text.size()))
        return faulty("its schema's text and hash do not agree");
    if (!is_same_directory()) return;
    directory_known_ = true;
    answers_.resize(origin_.shards);
    disk_wanted_.resize(origin_.shards);
    primary_ends_.resize(origin_.shards);
}

bool Receiver::is_same_directory() {
    if (streams_ == nullptr) return true;
    const journal::Manifest& here = streams_->directory().manifest();
    const auto differs = [&](const char* what, const std::string& mine, const std::string& theirs,
                             Refusal reason) {
        talk_.finish(TalkEnd::foreign,
                     std::string(what) + " " + mine + " here, " + theirs + " at " + talk_.peer() +
                         ": another history is never followed; choose a new directory, or the "
                         "right primary",
                     reason);
        return false;
    };
    if (here.identity != origin_.identity)
        return differs("identity", journal::to_hex(here.identity),
                       journal::to_hex(origin_.identity), Refusal::identity);
    if (here.shards != origin_.shards)
        return differs("shard count", std::to_string(here.shards), std::to_string(origin_.shards),
                       Refusal::shape);
    if (here.router_hash != origin_.router_hash)
        return differs("router", journal::to_hex(here.router_hash),
                       journal::to_hex(origin_.router_hash), Refusal::shape);
    if (here.random_seed != origin_.random_seed)
        return differs("random seed", journal::to_hex(here.random_seed),
                       journal::to_hex(origin_.random_seed), Refusal::shape);
    return true;
}

void Receiver::tell_histories() {
    if (!directory_known_) return;
    for (; told_ < origin_.shards && talk_.end() == TalkEnd::none; ++told_) {
        History history;
        history.fixed.shard = told_;
        history.fixed.end_checksum = journal::chain_seed(origin_.identity, told_);
        if (streams_ != nullptr) {
            history.fixed.end = streams_->received(told_).value;
            history.fixed.end_checksum = streams_->last_checksum(told_);
            for (const auto& start : streams_->epochs(told_).starts())
                history.reigns.push_back({start.epoch, start.begin.value});
        }
        if (!talk_.send(history)) return;
    }
}

// ---- the answers

void Receiver::hear_part_point(const Received& frame) {
    PartPoint part;
    if (!decode(frame.payload, part) || part.fixed.shard >= answers_.size() ||
        answers_[part.fixed.shard].known || told_ != origin_.shards || incoming_ != nullptr)
        return faulty("a part point that makes no sense here");
    const std::uint32_t shard = part.fixed.shard;
    const Position end = streams_ == nullptr ? Position{} : streams_->received(shard);
    if (part.fixed.position > end.value)
        return faulty("shard " + std::to_string(shard) + " parts at position " +
                      std::to_string(part.fixed.position) + ", but ends here at " +
                      std::to_string(end.value));
    answers_[shard] = Answer{true, false, Position{part.fixed.position}, part.fixed.checksum};
    all_answered();
}

void Receiver::all_answered() {
    const auto all = [&](auto&& is) { return std::all_of(answers_.begin(), answers_.end(), is); };
    if (!all([](const Answer& answer) { return answer.known; })) return;
    const bool any_snapshot = !all([](const Answer& answer) { return !answer.snapshot; });
    if (any_snapshot || streams_ == nullptr) {
        for (const Answer& answer : answers_) {
            if (!answer.snapshot && answer.position != Position{0})
                return faulty("one shard begins anew and another does not");
            begins_.push_back(answer.position);
        }
        todo_ = Todo::adopt;
        talk_.finish(TalkEnd::done, "everything is here for this directory to begin as a copy");
        return;
    }
    bool parted = false;
    for (std::uint32_t i = 0; i < answers_.size(); ++i) {
        const Position end = streams_->received(i);
        const std::uint32_t checksum = streams_->last_checksum(i);
        if (answers_[i].position == end && answers_[i].checksum != checksum)
            return faulty("shard " + std::to_string(i) + ": at position " +
                          std::to_string(end.value) + " checksum " + std::to_string(checksum) +
                          " here, " + std::to_string(answers_[i].checksum) + " there");
        parted = parted || answers_[i].position != end;
        parts_.push_back({answers_[i].position, answers_[i].checksum});
    }
    if (!parted) {
        state_ = ReceiverState::following;
        return;
    }
    todo_ = Todo::cut;
    talk_.finish(TalkEnd::done, "the histories parted: the tail here is to be set aside first");
}

// ---- a snapshot

void Receiver::hear_snapshot_begin(const Received& frame) {
    SnapshotBegin begin;
    if (!decode(frame.payload, begin) || begin.fixed.shard >= answers_.size() ||
        answers_[begin.fixed.shard].known || told_ != origin_.shards || incoming_ != nullptr)
        return faulty("a snapshot that makes no sense here");
    journal::SnapshotFacts facts;
    facts.tail.position = Position{begin.fixed.position};
    facts.tail.checksum = begin.fixed.last_checksum;
    facts.tail.sequence = Sequence{begin.fixed.last_sequence};
    facts.tail.time_ns = begin.fixed.last_time_ns;
    facts.records = begin.fixed.records;
    facts.events = begin.fixed.events;
    facts.layout_hash = begin.fixed.layout_hash;
    facts.state_hash = begin.fixed.state_hash;
    facts.body_bytes = begin.fixed.body_bytes;
    std::vector<journal::EpochStart> starts;
    for (const ReignBegin& reign : begin.reigns)
        starts.push_back({reign.epoch, Position{reign.position}});
    facts.epochs = journal::EpochLog(starts);
    incoming_shard_ = begin.fixed.shard;
    auto incoming = journal::IncomingSnapshot::create(
        storage_, {options_.directory, incoming_shard_, origin_.identity}, facts);
    if (!incoming.ok()) return fail(incoming.error());
    incoming_ = std::move(incoming).value();
    answers_[incoming_shard_].position = facts.tail.position;
    state_ = ReceiverState::taking;
}

void Receiver::hear_snapshot_chunk(const Received& frame) {
    SnapshotChunk chunk;
    if (incoming_ == nullptr || !decode(frame.payload, chunk) ||
        chunk.fixed.shard != incoming_shard_ || chunk.fixed.offset != incoming_->bytes_done())
        return faulty("a piece of a snapshot that does not follow the one before");
    if (auto status = incoming_->write(chunk.bytes); !status.ok()) return fail(status.error());
}

void Receiver::hear_snapshot_end(const Received& frame) {
    SnapshotEnd end;
    if (incoming_ == nullptr || !decode(frame.payload, end) || end.fixed.shard != incoming_shard_)
        return faulty("the end of a snapshot that was not begun");
    if (auto status = incoming_->finish(end.fixed.body_hash); !status.ok())
        return fail(status.error());
    incoming_.reset();
    answers_[incoming_shard_].known = true;
    answers_[incoming_shard_].snapshot = true;
    all_answered();
}

// ---- live

void Receiver::hear_records(const Received& frame) {
    if (search_) return;
    if (state_ != ReceiverState::following || !decode(frame.payload, records_) ||
        records_.fixed.shard >= answers_.size())
        return faulty("records that make no sense here");
    const journal::StreamRun run{Position{records_.fixed.position}, records_.fixed.checksum_before,
                                 records_.bytes, frame.epoch};
    if (auto status = streams_->offer(records_.fixed.shard, run); !status.ok())
        return faulty(status.error().sentence);
    echo_ns_ = records_.fixed.sent_ns;
}

void Receiver::hear_sync_ask(const Received& frame) {
    SyncAsk ask;
    if (state_ != ReceiverState::following || !decode(frame.payload, ask) ||
        ask.fixed.shard >= disk_wanted_.size())
        return faulty("a question for what is on the disk that makes no sense here");
    Position& wanted = disk_wanted_[ask.fixed.shard];
    wanted = std::max(wanted, Position{ask.fixed.position});
    streams_->want_on_disk(ask.fixed.shard, wanted);
}

void Receiver::tell_remains() {
    if (acknowledges_) told_remains_ = false;
    if (acknowledges_ || told_remains_ || !directory_known_) return;
    Remains remains;
    remains.fixed.epoch = talk_.epoch();
    if (streams_ != nullptr) remains.ends = streams_->ends();
    told_remains_ = talk_.send(remains);
}

// Replies wait for what was received, and for what is on the disk when the primary has said so.
bool Receiver::is_urgent(std::uint32_t shard, const ShardPositions& now) const noexcept {
    const ShardPositions& said = said_.shards[shard];
    return now.received != said.received ||
           (now.synced != said.synced && said.synced < disk_wanted_[shard].value);
}

// Only what is true already is said, and only when it is new.
void Receiver::acknowledge() {
    if (!acknowledges_ || state_ != ReceiverState::following || talk_.end() != TalkEnd::none)
        return;
    said_.shards.resize(streams_->count());
    bool news = !said_any_;
    bool urgent = news || now_ns_ - said_ns_ >= options_.idle_news_ns;
    for (std::uint32_t i = 0; i < streams_->count(); ++i) {
        const ShardPositions now = streams_->positions(i);
        news = news || !(now == said_.shards[i]);
        urgent = urgent || is_urgent(i, now);
    }
    if (!news || !urgent) return;
    for (std::uint32_t i = 0; i < streams_->count(); ++i) said_.shards[i] = streams_->positions(i);
    said_.fixed = PositionsFixed{};
    if (!streams_->waiting()) said_.fixed.echo_ns = echo_ns_;
    // What could not be said is not forgotten.
    said_any_ = talk_.send(said_);
    said_ns_ = now_ns_;
    if (said_any_ && !streams_->waiting()) echo_ns_ = 0;  // an echo is said once
}

}  // namespace pawl::replication
