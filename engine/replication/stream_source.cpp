// The head first: when it has been overwritten meanwhile, the bytes are in segments.
#include "engine/replication/stream_source.hpp"

#include <algorithm>
#include <cstring>

#include "pawl/detail/assert.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::replication {

StreamSource::StreamSource(journal::Directory& directory, std::uint32_t shard,
                           std::size_t run_bytes_max)
    : directory_(directory),
      shard_(shard),
      head_(directory.head(shard)),
      run_bytes_max_(
          std::max<std::size_t>(run_bytes_max & ~std::size_t{7}, sizeof(detail::RecordHeader))),
      buffer_(run_bytes_max_) {}

void StreamSource::begin(Position at, std::uint32_t checksum_before) {
    PAWL_ASSERT(at.value % detail::record_alignment == 0);
    PAWL_ASSERT(at <= head_.committed());
    position_ = at;
    checksum_before_ = checksum_before;
    filled_ = 0;
    if (reader_ != nullptr) reader_->seek(at);
}

Result<SourceRun> StreamSource::look() {
    if (filled_ == 0)
        if (auto status = fill(); !status.ok()) return status.error();
    return SourceRun{position_, checksum_before_, {buffer_.data(), filled_}};
}

void StreamSource::advance() {
    position_.value += filled_;
    if (filled_ != 0) checksum_before_ = last_checksum_;
    filled_ = 0;
}

// Bytes of whole records at the front; their lengths are the shard's own, and looked at before they
// are used all the same: memory may be wrong.
std::uint64_t StreamSource::whole_records(std::span<const std::byte> bytes) {
    std::uint64_t whole = 0;
    while (bytes.size() - whole >= sizeof(detail::RecordHeader)) {
        const auto& header = detail::RecordView(bytes.data() + whole).header();
        if (header.length < sizeof header || header.length % detail::record_alignment != 0 ||
            header.length > bytes.size() - whole)
            break;
        last_checksum_ = header.checksum;
        whole += header.length;
    }
    return whole;
}

Status StreamSource::fill() {
    const Position committed = head_.committed();
    PAWL_ASSERT(position_ <= committed);
    if (position_ == committed) return Done{};
    if (position_ >= head_.base() && fill_from_head(committed)) {
        counters_.head_bytes += filled_;
        return Done{};
    }
    // What was overwritten, or was never in this head, is on disk.
    const Position synced = head_.synced();
    if (position_ >= synced) return Done{};  // it was not overwritten: look again
    if (auto status = fill_from_segments(synced); !status.ok()) return status;
    counters_.segment_bytes += filled_;
    return Done{};
}

bool StreamSource::fill_from_head(Position committed) {
    const std::uint64_t there = committed.value - position_.value;
    const std::span<std::byte> all(buffer_.data(), std::min<std::uint64_t>(there, buffer_.size()));
    if (!head_.copy(position_, all)) return false;
    filled_ = whole_records(all);
    if (filled_ != 0) return true;
    // One record that is larger than a run.
    const std::uint64_t length = detail::RecordView(buffer_.data()).header().length;
    if (length <= buffer_.size() || length > there || length % detail::record_alignment != 0 ||
        length > directory_.record_bytes_max())
        return false;
    buffer_.resize(length);
    if (!head_.copy(position_, buffer_)) return false;
    filled_ = whole_records(buffer_);
    return filled_ != 0;
}

Status StreamSource::fill_from_segments(Position synced) {
    if (reader_ == nullptr) reader_ = directory_.reader(shard_);
    if (reader_->position() != position_) reader_->seek(position_);
    while (filled_ < run_bytes_max_) {
        auto run = reader_->next_run(synced, run_bytes_max_ - filled_, filled_ == 0);
        if (!run.ok()) {
            filled_ = 0;
            return run.error();
        }
        const std::size_t bytes = run->records.size();
        if (bytes == 0) break;
        if (filled_ + bytes > buffer_.size()) buffer_.resize(filled_ + bytes);
        std::memcpy(buffer_.data() + filled_, run->records.data(), bytes);
        filled_ += bytes;
        last_checksum_ = run->last_checksum;
    }
    return Done{};
}

}  // namespace pawl::replication
