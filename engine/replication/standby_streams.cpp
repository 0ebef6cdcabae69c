// Received first, applied later: the bytes stay in the head until both are done.
#include "engine/replication/standby_streams.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {

namespace {

// Until there are `enough` bytes of them, of `bytes` that are there.
std::span<const std::byte> records_in_front(const std::byte* records, std::uint64_t bytes,
                                            std::uint64_t enough) {
    std::size_t in_front = 0;
    const std::uint64_t until = std::min(bytes, enough);
    for (std::size_t i = 0; i < journal::records_at_once && in_front < until; ++i)
        in_front += detail::RecordView(records + in_front).length();
    return {records, in_front};
}

}  // namespace

StandbyStreams::StandbyStreams(journal::Directory& directory, StandbyStreamsOptions options)
    : directory_(directory), options_(std::move(options)) {
    PAWL_ASSERT(options_.sinks != nullptr);
    PAWL_ASSERT(options_.apply_bytes_max != 0);
    PAWL_ASSERT(options_.ends.empty() || options_.ends.size() == directory.shards());
    for (std::uint32_t i = 0; i < directory.shards(); ++i) {
        const journal::ShardEnd& end = options_.ends.empty() ? directory.end(i) : options_.ends[i];
        shards_.push_back(std::make_unique<Shard>(directory, i, end, options_.sinks(i)));
    }
}
StandbyStreams::~StandbyStreams() = default;

Status StandbyStreams::offer(std::uint32_t shard, const journal::StreamRun& run) {
    PAWL_ASSERT(shard < shards_.size());
    if (Status good = shards_[shard]->appender.offer(run); !good) return good;
    if (options_.states.differs) note_state_records(*shards_[shard], run);
    return Done{};
}

void StandbyStreams::note_state_records(Shard& shard, const journal::StreamRun& run) {
    for (std::size_t at = 0; at < run.records.size();) {
        const detail::RecordView record(run.records.data() + at);
        at += record.length();
        const Position behind{run.position.value + at};
        if (record.header().kind() == detail::RecordKind::state && behind > shard.applied &&
            (shard.uncompared.empty() || shard.uncompared.back() < behind))
            shard.uncompared.push_back(behind);
    }
}

std::uint64_t StandbyStreams::take_some() {
    std::uint64_t taken = 0;
    for (std::uint32_t i = 0; i < shards_.size(); ++i) {
        Shard& shard = *shards_[i];
        if (shard.appender.waiting_bytes() == 0) continue;
        // What is not applied yet is read from the head: it must not be overwritten.
        const Position limit{shard.applied.value + directory_.head(i).capacity_bytes()};
        const std::uint64_t bytes = shard.appender.take_some(limit);
        // A head that is full of what nobody has demanded would wait for the clock.
        if (bytes == 0) demand(i, shard.appender.end());
        taken += bytes;
    }
    return taken;
}

void StandbyStreams::demand(std::uint32_t shard, Position position) {
    directory_.journaler(shard).demand(position);
    hurry_ = true;
}

void StandbyStreams::want_on_disk(std::uint32_t shard, Position position) {
    if (position > synced(shard)) demand(shard, position);
}

bool StandbyStreams::waiting() const noexcept {
    return std::any_of(shards_.begin(), shards_.end(),
                       [](const auto& shard) { return shard->appender.waiting_bytes() != 0; });
}

void StandbyStreams::forget_waiting() {
    for (const auto& shard : shards_) {
        shard->appender.forget_waiting();
        while (!shard->uncompared.empty() && shard->uncompared.back() > shard->appender.end())
            shard->uncompared.pop_back();
    }
}

std::uint64_t StandbyStreams::apply_some() {
    if (!trouble_.empty()) return 0;
    std::uint64_t done = 0;
    for (std::uint32_t i = 0; i < shards_.size(); ++i) done += apply_some(*shards_[i], i);
    return done;
}

std::uint64_t StandbyStreams::apply_some(Shard& shard, std::uint32_t index) {
    const journal::Head& head = directory_.head(index);
    const Position begin = shard.applied;
    const Position end = shard.appender.end();
    PAWL_ASSERT(begin <= end);
    const Position enough{begin.value + options_.apply_bytes_max};
    while (shard.applied < std::min(end, enough)) {
        // Up to a state record, if one comes: it is compared before anything behind it is applied.
        Position until = end;
        if (!shard.uncompared.empty()) until = std::min(until, shard.uncompared.front());
        const auto run = records_in_front(head.at(shard.applied), until.value - shard.applied.value,
                                          enough.value - shard.applied.value);
        shard.sink.on_records(run, shard.applied);
        const Position behind{shard.applied.value + run.size()};
        // What of the run was applied nobody is told: the copy is at its end.
        if (is_troubled(index, !shard.uncompared.empty() && shard.uncompared.front() == behind))
            break;
        shard.applied = behind;
        while (!shard.uncompared.empty() && shard.uncompared.front() <= shard.applied)
            shard.uncompared.pop_front();
    }
    return shard.applied.value - begin.value;
}

bool StandbyStreams::is_troubled(std::uint32_t shard, bool compared) {
    if (options_.states.differs && compared) {
        states_differ_ = options_.states.differs(shard);
        if (states_differ_) trouble_ = states_differ_->sentence;
    }
    if (options_.trouble && trouble_.empty()) trouble_ = options_.trouble(shard);
    return !trouble_.empty();
}

Position StandbyStreams::received(std::uint32_t shard) const noexcept {
    return shards_[shard]->appender.end();
}
Position StandbyStreams::synced(std::uint32_t shard) const noexcept {
    return directory_.head(shard).synced();
}
Position StandbyStreams::applied(std::uint32_t shard) const noexcept {
    return shards_[shard]->applied;
}

ShardPositions StandbyStreams::positions(std::uint32_t shard) const noexcept {
    Position got = received(shard);
    const auto& uncompared = shards_[shard]->uncompared;
    if (!uncompared.empty()) got = std::min(got, uncompared.front());
    return ShardPositions{got.value, std::min(synced(shard), got).value, applied(shard).value};
}

journal::ShardEnd StandbyStreams::end(std::uint32_t shard) const {
    return shards_[shard]->appender.shard_end();
}
const journal::EpochLog& StandbyStreams::epochs(std::uint32_t shard) const noexcept {
    return shards_[shard]->appender.epochs();
}
std::uint32_t StandbyStreams::last_checksum(std::uint32_t shard) const noexcept {
    return shards_[shard]->appender.last_checksum();
}
std::vector<StreamEnd> StandbyStreams::ends() const {
    std::vector<StreamEnd> ends;
    for (std::uint32_t i = 0; i < shards_.size(); ++i)
        ends.push_back({received(i).value, last_checksum(i), 0});
    return ends;
}

}  // namespace pawl::replication
