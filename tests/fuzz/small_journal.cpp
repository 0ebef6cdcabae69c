// Records that follow each other, and the journal they are in.
#include "small_journal.hpp"

#include <algorithm>
#include <cstring>

#include "journal/block.hpp"
#include "journal/seal.hpp"
#include "journal/snapshot.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication::fuzz {

using detail::RecordHeader;
using detail::RecordKind;

// ---- the stream

RecordHeader& PlainStream::make(RecordKind kind, std::size_t body_bytes) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof(RecordHeader) + detail::padded(body_bytes));
    auto& header = *reinterpret_cast<RecordHeader*>(bytes.data() + at);
    header.length = static_cast<std::uint32_t>(bytes.size() - at);
    header.sequence = last().sequence;
    header.decided_ns = last().time_ns + 1;
    header.command_type = detail::no_command_type;
    header.kind_and_flags = static_cast<std::uint8_t>(kind);
    return header;
}

// The record behind the last mark, which is whole but for its checksum.
void PlainStream::seal() {
    const std::size_t at = end().value - begin().value;
    auto& header = *reinterpret_cast<RecordHeader*>(bytes.data() + at);
    journal::seal(header, last().checksum);
    const detail::RecordView record(bytes.data() + at);
    // Who hears it looks first as well.
    if (record.body_offset() <= header.length) static_cast<void>(epochs.note(record, end()));
    marks.push_back({Position{end().value + header.length}, header.checksum,
                     journal::last_sequence_of(header), header.decided_ns});
}

void PlainStream::add_event(std::size_t size) {
    RecordHeader& header = make(RecordKind::accepted, sizeof(detail::EventHeader) + size);
    header.command_type = 0;
    header.event_count = 1;
    header.version = ++header.sequence;
    const detail::EventHeader event{static_cast<std::uint32_t>(size), 0, 0, 0};
    std::byte* const body = reinterpret_cast<std::byte*>(&header) + sizeof header;
    std::memcpy(body, &event, sizeof event);
    for (std::size_t i = 0; i < size; ++i)
        body[sizeof event + i] = static_cast<std::byte>(header.sequence * 31 + i);
    seal();
}

void PlainStream::add_epoch(std::uint64_t epoch) {
    const detail::EpochRecord body{epoch, 77};
    std::memcpy(&make(RecordKind::epoch, sizeof body) + 1, &body, sizeof body);
    seal();
}

void PlainStream::add_state(std::uint64_t hash) {
    const detail::StateRecord body{hash, 0, 0};
    std::memcpy(&make(RecordKind::state, sizeof body) + 1, &body, sizeof body);
    seal();
}

void PlainStream::add_mended(std::span<const std::byte> records) {
    while (records.size() >= sizeof(RecordHeader)) {
        RecordHeader header;
        std::memcpy(&header, records.data(), sizeof header);
        const std::size_t most =
            records.size() / detail::record_alignment * detail::record_alignment;
        header.length = static_cast<std::uint32_t>(
            std::clamp<std::size_t>(detail::padded(header.length % 4096), sizeof header, most));
        header.sequence = last().sequence + (header.event_count == 0 ? 0 : 1);
        header.decided_ns = std::max(header.decided_ns, last().time_ns);
        bytes.insert(bytes.end(), records.begin(), records.begin() + header.length);
        std::memcpy(bytes.data() + bytes.size() - header.length, &header, sizeof header);
        seal();
        records = records.subspan(header.length);
    }
}

void PlainStream::cut(std::size_t mark) {
    marks.resize(mark + 1);
    bytes.resize(end().value - begin().value);
    epochs.cut(end());
}

const Mark* PlainStream::at(Position position) const {
    const auto found =
        std::lower_bound(marks.begin(), marks.end(), position,
                         [](const Mark& mark, Position sought) { return mark.position < sought; });
    return found != marks.end() && found->position == position ? &*found : nullptr;
}

bool PlainStream::is_beginning_of(const PlainStream& whole) const {
    return begin() == whole.begin() && bytes.size() <= whole.bytes.size() &&
           std::equal(bytes.begin(), bytes.end(), whole.bytes.begin());
}

void PlainStream::on_record(const detail::RecordView& record, Position position) {
    PAWL_ASSERT(position == end());
    PAWL_ASSERT(journal::check_record(record.bytes(), record.length(),
                                      {last().checksum, last().sequence, last().time_ns}) ==
                journal::RecordFault::none);
    bytes.insert(bytes.end(), record.bytes(), record.bytes() + record.length());
    if (record.header().kind() == RecordKind::state &&
        record.body_bytes() >= sizeof(detail::StateRecord))
        std::memcpy(&state_hash, record.body(), sizeof state_hash);
    seal();
}

Status PlainStream::on_snapshot(journal::SnapshotReader& snapshot) {
    const journal::StreamTail& tail = snapshot.facts().tail;
    bytes.clear();
    marks = {Mark{tail.position, tail.checksum, tail.sequence.value, tail.time_ns}};
    epochs = snapshot.facts().epochs;
    return Done{};
}

// ---- the journal

namespace {

std::int64_t standing_clock() noexcept {
    return 0;
}

}  // namespace

journal::DirectoryOptions SmallJournal::options() {
    journal::DirectoryOptions options;
    options.path = "dir";
    options.heads = "heads";
    options.shards = shards;
    options.segment_bytes = journal::segment_bytes_min;
    options.head_bytes = journal::head_bytes_min;
    options.inflight_bytes_max = 16384;
    options.schema_text = "pawl-schema 1\naggregate 0 Box\n";
    options.parallel_recovery = false;
    options.random = [number = std::uint64_t{7}]() mutable { return number += 0x1234567; };
    options.monotonic_ns = &standing_clock;
    return options;
}

SmallJournal::SmallJournal(bool blank) {
    storage_.set_quota_bytes(std::uint64_t{32} << 20);
    PAWL_ASSERT(storage_.make_directory("heads").ok());
    if (blank) return;
    PAWL_ASSERT(open());
    identity_ = directory().manifest().identity;
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
        PlainStream& one = stream(shard);
        one = PlainStream(journal::chain_seed(identity_, shard));
        for (std::uint64_t reign = 1; reign <= epoch; ++reign) {
            one.add_epoch(reign);
            for (std::uint64_t i = 0; i < 3 + shard; ++i) one.add_event(24 + 40 * i);
        }
        commit(shard);
        write_all(shard);
    }
}

SmallJournal::~SmallJournal() = default;

Status SmallJournal::open() {
    streams_.clear();
    for (std::uint32_t shard = 0; shard < shards; ++shard)
        streams_.push_back(std::make_unique<PlainStream>(journal::chain_seed(identity_, shard)));
    auto opened = journal::Directory::open(
        storage_, options(),
        [this](std::uint32_t shard) -> journal::RecordSink& { return *streams_.at(shard); });
    if (!opened.ok()) return opened.error();
    directory_ = std::move(opened).value();
    return Done{};
}

Status SmallJournal::close() {
    const Status closed = directory_->close();
    directory_.reset();
    return closed;
}

void SmallJournal::cut_power() {
    kill();
    storage_.cut_power(journal::testing::Unsynced::lost);
    PAWL_ASSERT(storage_.make_directory("heads").ok());
}

void SmallJournal::commit(std::uint32_t shard) {
    journal::Head& head = directory_->head(shard);
    const PlainStream& one = stream(shard);
    const auto fresh = one.from(head.committed());
    PAWL_ASSERT(one.end() <= head.writable_end());
    head.announce(one.end());
    std::memcpy(head.at(head.committed()), fresh.data(), fresh.size());
    head.publish(one.end(), one.last().checksum);
}

void SmallJournal::write(std::uint32_t shard) {
    journal::Journaler& journaler = directory_->journaler(shard);
    journaler.demand(directory_->head(shard).committed());
    journaler.do_work(0);
    directory_->preparer(shard).do_work(0);
}

void SmallJournal::write_all(std::uint32_t shard) {
    while (directory_->head(shard).synced() < directory_->head(shard).committed()) write(shard);
}

Status SmallJournal::snapshot(std::uint32_t shard) {
    write_all(shard);
    journal::WalkOptions walk = directory_->walk_options(shard);
    walk.bound = directory_->head(shard).synced();
    PlainStream fold(journal::chain_seed(identity_, shard));
    auto end = journal::walk_segments(storage_, walk, fold);
    if (!end.ok()) return end.error();
    auto writer = directory_->snapshot_writer(shard, fold.bytes.size());
    if (!writer.ok()) return writer.error();
    if (auto status = (*writer)->write(fold.bytes); !status.ok()) return status;
    const journal::WalkFrom place = journal::continued(*end);
    journal::SnapshotFacts facts;
    facts.tail = place.tail;
    facts.last_offset_bytes = place.last_offset_bytes;
    facts.last_bytes = place.last_bytes;
    facts.epoch = place.epoch;
    facts.records = facts.events = fold.marks.size() - 1;
    facts.epochs = fold.epochs;
    return (*writer)->finish(facts);
}

}  // namespace pawl::replication::fuzz
