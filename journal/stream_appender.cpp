// Check first, copy then, publish last.
#include "journal/stream_appender.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::journal {
StreamAppender::StreamAppender(Directory& directory, std::uint32_t shard, const ShardEnd& end)
    : directory_(directory),
      shard_(shard),
      head_(directory.head(shard)),
      end_(end.end),
      point_{end.last_checksum, end.last_sequence.value, end.last_time_ns},
      epochs_(end.epochs) {
    PAWL_ASSERT(head_.committed() == end_ && "somebody else has written already");
}
StreamAppender::~StreamAppender() = default;

ShardEnd StreamAppender::shard_end() const {
    return ShardEnd{end_, point_.checksum, Sequence{point_.sequence}, point_.time_ns, epochs_};
}

Error StreamAppender::refused(ErrorCode code, const std::string& what) const {
    return Error{code, "shard " + std::to_string(shard_) + ": what came is not taken: " + what};
}

Status StreamAppender::offer(const StreamRun& run) {
    PAWL_ASSERT(waiting_.empty() && "another run waits");
    PAWL_ASSERT(head_.committed() == end_);
    const std::uint64_t at = run.position.value;
    if (at % detail::record_alignment != 0 || run.records.size() % detail::record_alignment != 0 ||
        run.records.empty())
        return refused(ErrorCode::damaged, std::to_string(run.records.size()) +
                                               " bytes at position " + std::to_string(at) +
                                               " are no run of records");
    if (run.position > end_)
        return refused(ErrorCode::mismatch, "it begins at position " + std::to_string(at) +
                                                ", the stream here ends at " +
                                                std::to_string(end_.value));
    const std::uint64_t known = std::min<std::uint64_t>(run.records.size(), end_.value - at);
    if (known != 0)
        if (auto status = check_known(run, known); !status.ok()) return status;
    if (known == 0 && run.checksum_before != point_.checksum)
        return refused(ErrorCode::mismatch, "at position " + std::to_string(at) + " checksum " +
                                                std::to_string(point_.checksum) + " here, " +
                                                std::to_string(run.checksum_before) + " there");
    const auto fresh = run.records.subspan(known);
    if (auto status = check_new(fresh, run.epoch); !status.ok()) return status;
    waiting_ = fresh;
    return Done{};
}

// Equal records, and the last of them ends where the run does or the stream here: then what follows
// them follows here too.
Status StreamAppender::check_known(const StreamRun& run, std::uint64_t bytes) {
    for (std::uint64_t done = 0; done < bytes;) {
        const std::byte* const came = run.records.data() + done;
        const Position at{run.position.value + done};
        const std::uint64_t length = bytes - done < sizeof(detail::RecordHeader)
                                         ? 0
                                         : detail::RecordView(came).header().length;
        if (length < sizeof(detail::RecordHeader) || length > bytes - done ||
            length % detail::record_alignment != 0)
            return refused(ErrorCode::damaged, "no record of it begins at position " +
                                                   std::to_string(at.value) +
                                                   " and ends where the stream here does");
        if (auto status = read_here(at, length); !status.ok()) return status;
        if (here_.size() != length || std::memcmp(here_.data(), came, length) != 0)
            return refused(ErrorCode::mismatch, "another record stands here at position " +
                                                    std::to_string(at.value) +
                                                    ": the two histories are not the same");
        done += length;
    }
    return Done{};
}

// The record at `at`, below end(), into here_; what has left the head is in segments.
Status StreamAppender::read_here(Position at, std::uint64_t length) {
    here_.resize(length);
    if (at >= head_.base() && head_.copy(at, here_)) return Done{};
    if (reader_ == nullptr) reader_ = directory_.reader(shard_);
    return reader_->read_record(at, here_);
}

Status StreamAppender::check_new(std::span<const std::byte> records,
                                 std::uint64_t epoch_max) const {
    RecordPoint point = point_;
    std::uint64_t last_epoch = epochs_.last_epoch();
    for (std::size_t at = 0; at < records.size();) {
        const std::byte* const bytes = records.data() + at;
        const Position position{end_.value + at};
        const auto fault = check_record(bytes, records.size() - at, point);
        const auto wrong = [&](const std::string& what) {
            return refused(ErrorCode::damaged, "the record at position " +
                                                   std::to_string(position.value) + ": " + what);
        };
        if (fault != RecordFault::none) return wrong(to_string(fault));
        const detail::RecordView record(bytes);
        const auto& header = record.header();
        if (header.length > directory_.record_bytes_max())
            return wrong("it has " + std::to_string(header.length) + " bytes, at most " +
                         std::to_string(directory_.record_bytes_max()) + " can be written here");
        if (header.decided_ns < point.time_ns) return wrong("its time goes back");
        if (header.kind() == detail::RecordKind::epoch) {
            detail::EpochRecord epoch{};
            if (record.body_bytes() < sizeof epoch) return wrong("it is too short for its kind");
            std::memcpy(&epoch, record.body(), sizeof epoch);
            if (epoch.epoch <= last_epoch || epoch.epoch > epoch_max)
                return wrong("it begins epoch " + std::to_string(epoch.epoch) + " behind epoch " +
                             std::to_string(last_epoch) + ", said by one of epoch " +
                             std::to_string(epoch_max));
            last_epoch = epoch.epoch;
        }
        point = RecordPoint{header.checksum, last_sequence_of(header), header.decided_ns};
        at += header.length;
    }
    return Done{};
}

std::uint64_t StreamAppender::take_some(Position limit) {
    if (waiting_.empty()) return 0;
    const Position room_end = std::min(head_.writable_end(), limit);
    std::uint64_t taken = 0;
    RecordPoint point = point_;
    while (taken < waiting_.size()) {
        const detail::RecordView record(waiting_.data() + taken);
        const Position position{end_.value + taken};
        if (position.value + record.length() > room_end.value) break;
        const auto& header = record.header();
        point = RecordPoint{header.checksum, last_sequence_of(header), header.decided_ns};
        const bool noted = epochs_.note(record, position);
        PAWL_ASSERT(noted && "offer() has checked it");
        taken += record.length();
    }
    if (taken == 0) return 0;
    const Position end{end_.value + taken};
    head_.announce(end);
    std::memcpy(head_.at(end_), waiting_.data(), taken);
    head_.publish(end, point.checksum);
    end_ = end;
    point_ = point;
    waiting_ = waiting_.subspan(taken);
    return taken;
}

}  // namespace pawl::journal
