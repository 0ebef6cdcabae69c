// Records in pieces of a few megabytes.
#include "engine/runtime/record_source.hpp"

#include <algorithm>
#include <utility>

#include "journal/seal.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{4} << 20;

// Keeps what the walk finds good, from a position on.
class Collect final : public journal::RecordSink {
public:
    Collect(std::vector<std::byte>& records, Position from) : records_(records), from_(from) {}
    void on_record(const RecordView& record, Position position) override {
        if (position < from_) return;
        records_.insert(records_.end(), record.bytes(), record.bytes() + record.length());
    }

private:
    std::vector<std::byte>& records_;
    const Position from_;
};

}  // namespace

RecordSource::RecordSource(journal::Storage& storage, const journal::Looked& looked,
                           std::uint32_t shard)
    : storage_(storage), looked_(looked), shard_(shard) {
    const journal::Manifest& manifest = looked.manifest;
    walk_.directory = looked.directory;
    walk_.shard = shard;
    walk_.identity = manifest.identity;
    walk_.segment_bytes = manifest.segment_bytes;
    walk_.epoch_max = manifest.epoch();
    point_.checksum = journal::chain_seed(manifest.identity, shard);
    look_at_head();
    if (!manifest.clean.empty()) durable_ = manifest.clean[shard].position;
    if (!manifest.epochs.empty())
        durable_ = std::max(durable_, manifest.epochs.back().positions[shard]);
    if (looked.live) end_ = head_current_ ? head_.committed() : durable_;
}

void RecordSource::look_at_head() {
    const journal::Manifest& manifest = looked_.manifest;
    head_ = journal::HeadRemains::find(
        storage_, manifest.heads + "/" + journal::head_name(manifest.identity, shard_),
        manifest.identity, shard_, journal::RingMode::look);
    head_current_ =
        head_.state() == journal::HeadRemains::State::ours && head_.epoch() == manifest.epoch();
    if (head_current_) durable_ = std::max(durable_, head_.synced());
}

void RecordSource::begin_at(const journal::WalkFrom& from) {
    PAWL_ASSERT(records_.empty() && position_ == Position{});
    walk_.from = from;
    position_ = next_ = from.tail.position;
    point_ = {from.tail.checksum, from.tail.sequence.value, from.tail.time_ns};
}

Result<const std::byte*> RecordSource::peek() {
    if (used_ == records_.size()) {
        records_.clear();
        used_ = 0;
        if (Status filled = fill(); !filled) return filled.error();
        if (records_.empty() || position_ >= end_) return nullptr;
    }
    return records_.data() + used_;
}

void RecordSource::pop() noexcept {
    PAWL_ASSERT(used_ < records_.size());
    const std::size_t length = RecordView(records_.data() + used_).length();
    used_ += length;
    position_.value += length;
    PAWL_ASSERT(used_ <= records_.size());
}

Status RecordSource::fill() {
    if (position_ >= end_) return Done{};
    if (!segments_done_)
        if (Status filled = fill_from_segments(); !filled) return filled;
    return records_.empty() ? fill_from_head() : Status(Done{});
}

Status RecordSource::fill_from_segments() {
    if (!walk_.from)
        if (Status begun = begin_at_first_kept(); !begun) return begun;
    // Behind what is synced a running journaler may be writing this very moment.
    const Position safe = looked_.live ? durable_ : Position{~std::uint64_t{0}};
    const Position bound = std::min(Position{next_.value + piece_bytes}, safe);
    Collect collect(records_, next_);
    if (slices_ == nullptr) slices_ = std::make_unique<journal::SegmentWalk>(storage_, walk_);
    auto walked = slices_->go_on(bound, walk_.epoch_max, collect);
    if (!walked) {
        slices_.reset();
        return walked.error();
    }
    if (walked->tail.segment_index != 0) walk_.from = journal::continued(*walked);
    if (const journal::StreamTail& tail = walked->tail; tail.position > next_) {
        next_ = tail.position;
        point_ = journal::RecordPoint{tail.checksum, tail.sequence.value, tail.time_ns};
    }
    if (walked->bound_reached && !records_.empty()) return Done{};
    segments_done_ = true;
    slices_.reset();
    if (next_ < durable_)
        return damaged(walked->why.empty() ? "the segments end there" : walked->why);
    return Done{};
}

// What is neither kept nor archived any more cannot be read.
Status RecordSource::begin_at_first_kept() {
    const auto first = journal::first_place(storage_, walk_);
    if (!first) return first.error();
    if (!*first) return Done{};
    records_.clear();
    begin_at(**first);
    return Done{};
}

Status RecordSource::fill_from_head() {
    if (!head_current_ || head_.first() > next_) return Done{};
    const Position end = std::min(head_.committed(), end_);
    while (next_ < end && records_.size() < piece_bytes) {
        if (copy_from_head(end)) continue;
        if (!looked_.live || !records_.empty()) return Done{};
        // Overwritten meanwhile: then the segments have it.
        look_at_head();
        if (durable_ <= next_) return damaged("the head's record there is not good");
        segments_done_ = false;
        return fill_from_segments();
    }
    return Done{};
}

// One record. False: it is not good, or not there any more.
bool RecordSource::copy_from_head(Position end) {
    const std::size_t begin = records_.size();
    const auto copy = [&](std::size_t bytes) {
        records_.resize(begin + bytes);
        return head_.copy(next_, std::span(records_).subspan(begin));
    };
    bool good = copy(sizeof(RecordHeader));
    const std::uint64_t length = good ? RecordView(records_.data() + begin).length() : 0;
    good = length >= sizeof(RecordHeader) && length % record_alignment == 0 &&
           length <= end.value - next_.value && copy(length);
    if (good)
        good = journal::walk_records(records_.data() + begin, length, point_,
                                     [](const std::byte*, std::uint64_t) {})
                   .fault == journal::RecordFault::none;
    if (good)
        next_.value += length;
    else
        records_.resize(begin);
    return good;
}

Error RecordSource::damaged(const std::string& why) const {
    return Error{ErrorCode::damaged,
                 "journal " + looked_.directory + ": shard " + std::to_string(shard_) +
                     ": it can be read up to position " + std::to_string(next_.value) +
                     ", was durable up to " + std::to_string(durable_.value) + ": " + why +
                     ": see 'pawl journal verify', or restore the segment from a copy"};
}

}  // namespace pawl::detail
