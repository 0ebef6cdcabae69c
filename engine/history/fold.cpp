// From segments and snapshots to states, and on.
#include "engine/history/fold.hpp"

#include <cstring>
#include <string_view>
#include <utility>

#include "engine/history/body.hpp"
#include "journal/hash.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

namespace {

constexpr std::size_t late_named_max = 3;

// Of the body itself and of the first types' states.
std::uint64_t layout_hash_of(std::string_view lines) {
    std::string text = "pawl-fold 1\n";
    text += lines;
    return journal::hash64(text.data(), text.size());
}

}  // namespace

Fold::Parts::Parts(const FoldOptions& options)
    : heap(make_shard_heap()),
      machine(options.domain->make_machine(options.shard, options.shards, heap->resource())),
      sessions(options.session_window, options.sessions_max),
      replayer(*machine, sessions) {
    if (options.carries_hash) machine->carry_hash(events_traced);
}

Fold::Fold(const FoldOptions& options)
    : options_(options), parts_(std::make_unique<Parts>(options)) {}

void Fold::clear() {
    parts_.reset();  // before the next one: states may be large
    parts_ = std::make_unique<Parts>(options_);
    stand_at(std::nullopt);
    end_ = Position{};
    records_ = events_ = 0;
    epochs_ = {};
    agreed_ = Position{};
    agreed_at_ = Sequence{};
    difference_.reset();
    failed_ = false;
    failed_at_ = Position{};
}

void Fold::on_record(const RecordView& record, Position position) {
    on_records({record.bytes(), record.length()}, position);
}

void Fold::on_records(std::span<const std::byte> records, Position first) {
    PAWL_ASSERT(failed_ || first == end_);
    while (!failed_ && !records.empty()) records = records.subspan(take_some(records));
}

// What can be taken together from the front, or one that stands for itself. Returns the bytes.
std::size_t Fold::take_some(std::span<const std::byte> records) {
    const Replayer::Replayed answers = parts_->replayer.replay_answers(records, end_);
    end_.value += answers.bytes;
    records_ += answers.records;
    events_ += answers.events;
    if (answers.fault) {
        fail();
        return answers.bytes;
    }
    // Somebody may have watched an aggregate when this was an engine's.
    if (parts_->machine->views_changed()) parts_->machine->publish_views(answers.last);
    if (answers.bytes != 0) return answers.bytes;
    const RecordView other(records.data());
    take_other(other);
    return other.length();
}

void Fold::fail() noexcept {
    failed_ = true;
    failed_at_ = end_;
}

void Fold::take_other(const RecordView& record) {
    if (!parts_->replayer.replay_other(record)) return fail();
    if (record.header().kind() == RecordKind::session) note_name(record);
    if (record.header().kind() == RecordKind::state) compare(record, end_);
    static_cast<void>(epochs_.note(record, end_));
    end_.value += record.length();
    ++records_;
    events_ += record.header().event_count;
}

void Fold::went_on(const WentOn& so_far) {
    PAWL_ASSERT(!failed_ && so_far.end.end >= end_);
    end_ = so_far.end.end;
    records_ += so_far.records;
    events_ += so_far.events;
    epochs_ = so_far.end.epochs;
    stand_at(std::nullopt);
    parts_->names.resize(parts_->sessions.count());
    parts_->replayer.set_schema_hash(so_far.schema_hash);
    agreed_ = end_;
    agreed_at_ = so_far.end.last_sequence;
    if (parts_->machine->carried_hash() == nullptr) return;
    // As a shard that begins here: nothing is put off, no way has been come.
    static_cast<void>(parts_->machine->settled_hash());
    static_cast<void>(parts_->machine->carried_hash()->take_way());
}

void Fold::note_name(const RecordView& record) {
    SessionRecord session{};
    std::memcpy(&session, record.body(), sizeof session);
    std::string name;
    if (session.name_bytes <= record.body_bytes() - sizeof session)
        name.assign(reinterpret_cast<const char*>(record.body()) + sizeof session,
                    session.name_bytes);
    parts_->names.push_back(std::move(name));
    PAWL_ASSERT(parts_->names.size() == parts_->sessions.count());
}

void Fold::compare(const RecordView& record, Position position) {
    if (parts_->machine->carried_hash() == nullptr || record.body_bytes() < sizeof(StateRecord))
        return;
    StateRecord state{};
    std::memcpy(&state, record.body(), sizeof state);
    const std::vector<std::string> late =
        difference_ ? std::vector<std::string>{} : parts_->machine->put_off(late_named_max);
    const std::uint64_t here = parts_->machine->settled_hash();
    const std::uint64_t way = parts_->machine->carried_hash()->take_way();
    const Sequence last{record.header().sequence};
    // Who has begun in between has not come the whole way.
    const bool comparable = agreed_at_.value == state.since;
    if ((here != state.hash || (comparable && way != state.way)) && !difference_)
        difference_ = StateDifference{position, state.hash, here, agreed_, agreed_at_, last, late};
    agreed_ = Position{position.value + record.length()};
    agreed_at_ = last;
}

const std::string& Fold::session_name(std::uint32_t index) const noexcept {
    PAWL_ASSERT(index - 1 < parts_->names.size());
    return parts_->names[index - 1];
}

Status Fold::on_snapshot(journal::SnapshotReader& snapshot) {
    LoadBody body(*this, snapshot);
    const Result<bool> loaded = body.some(~std::size_t{0});
    if (!loaded) return loaded.error();
    PAWL_ASSERT(*loaded);
    return Done{};
}

Status Fold::advance(journal::Storage& storage, journal::WalkOptions walk, Position bound) {
    if (end_ >= bound) return Done{};
    PAWL_ASSERT(!place_ || place_->tail.position == end_);
    walk.from = place_;
    if (walk_ == nullptr) walk_ = std::make_unique<journal::SegmentWalk>(storage, walk);
    const std::uint64_t records_before = records_;
    Result<journal::WalkEnd> walked = walk_->go_on(bound, walk.epoch_max, *this);
    if (!walked || !walked->bound_reached) walk_.reset();
    if (!walked) return walked.error();
    if (failed_)
        return Error{ErrorCode::mismatch,
                     "journal " + walk.directory + ": shard " + std::to_string(walk.shard) +
                         ", position " + std::to_string(failed_at_.value) + ": " + why() +
                         ": open it with the program that wrote it, or replay with a fixed one"};
    if (walked->bound_reached) {
        PAWL_ASSERT(records_ - records_before == walked->records);
        PAWL_ASSERT(walked->tail.position == end_ && end_ >= bound);
        if (walked->segments != 0 || place_) place_ = journal::continued(*walked);
        return Done{};
    }
    return Error{ErrorCode::damaged,
                 "journal " + walk.directory + ": shard " + std::to_string(walk.shard) +
                     ": everything below position " + std::to_string(bound.value) +
                     " was on disk, but what can be read ends at " +
                     std::to_string(walked->tail.position.value) +
                     (walked->why.empty() ? std::string() : " (" + walked->why + ")") +
                     ": run 'pawl journal verify'"};
}

std::uint64_t Fold::layout_hash() const {
    return layout_hash_of(parts_->machine->layout_text());
}

std::uint32_t Fold::tables_of(std::uint64_t layout_hash) const {
    const std::string text = parts_->machine->layout_text();
    std::uint32_t tables = 0;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        ++tables;
        if (layout_hash_of(std::string_view(text).substr(0, at + 1)) == layout_hash) return tables;
    }
    return 0;
}

}  // namespace pawl::detail
