// Makes segments ahead of need, slice by slice.
#include "journal/segment.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t slice_bytes_max = std::size_t{1} << 20;
constexpr const char* unfinished_suffix = ".new";

}  // namespace

std::string shard_path(const std::string& directory, std::uint32_t shard) {
    return directory + "/s" + std::to_string(shard);
}

std::string segment_name(std::uint64_t index) {
    char name[32];
    std::snprintf(name, sizeof name, "%08llu.seg", static_cast<unsigned long long>(index));
    return name;
}

std::string segment_path(const std::string& directory, std::uint32_t shard, std::uint64_t index) {
    return shard_path(directory, shard) + "/" + segment_name(index);
}

std::uint64_t segment_index(const std::string& name) noexcept {
    std::uint64_t index = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, fault] = std::from_chars(name.data(), end, index);
    if (fault != std::errc{} || index == 0) return 0;
    return segment_name(index) == name ? index : 0;
}

SegmentPreparer::SegmentPreparer(Storage& storage, SegmentPreparerOptions options)
    : storage_(storage),
      options_(std::move(options)),
      zeros_(std::min<std::uint64_t>(slice_bytes_max, options_.segment_bytes)),
      next_index_(options_.next_index) {
    std::memset(zeros_.data(), 0, zeros_.size());
    PAWL_ASSERT(next_index_ > 0);
    PAWL_ASSERT(options_.segment_bytes % block_alignment_bytes == 0);
}

void SegmentPreparer::fail(StorageStatus status, const char* doing) {
    retry_at_ns_ = now_ns_ + options_.retry_interval_ns;
    refused_.store(true, std::memory_order_relaxed);
    {
        const std::lock_guard guard(mutex_);
        trouble_ = storage_error(status, doing, filling_path_).sentence;
    }
}

// A function of what two threads have said, and kept by neither: a word that either of them wrote
// down could be older than what the other has said since, and would stand for ever.
bool SegmentPreparer::disk_full() const noexcept {
    return refused_.load(std::memory_order_relaxed) &&
           !ready_flag_.load(std::memory_order_relaxed) &&
           room_left_.load(std::memory_order_relaxed) < options_.reserve_bytes;
}

void SegmentPreparer::set_room_left(std::uint64_t bytes) noexcept {
    room_left_.store(bytes, std::memory_order_relaxed);
}

std::string SegmentPreparer::trouble() const {
    const std::lock_guard guard(mutex_);
    return trouble_;
}

// A segment that an earlier life prepared and never used is taken as it is: recovery has looked at
// it.
void SegmentPreparer::begin_next() {
    filling_path_ = segment_path(options_.directory, options_.shard, next_index_);
    std::uint64_t bytes = 0;
    std::unique_ptr<File> file;
    auto status = storage_.open(filling_path_, OpenMode::write, file);
    if (status.ok()) status = file->size(bytes);
    if (status.ok() && bytes != options_.segment_bytes) status = {StorageFault::wrong_size, 0};
    if (status.ok()) {
        // That life may have died between the renaming and the folder's sync.
        status = storage_.sync_directory(shard_path(options_.directory, options_.shard));
        if (status.ok())
            make_ready(std::move(file));
        else
            fail(status, "make the name of a segment durable");
        return;
    }
    if (status.fault != StorageFault::missing) {
        fail(status, "use the segment that is there");
        return;
    }
    filling_path_ += unfinished_suffix;
    filled_bytes_ = 0;
    status = storage_.open(filling_path_, OpenMode::create, filling_);
    if (status.fault == StorageFault::exists) {
        // Left by an attempt that was given up: begun anew.
        status = storage_.remove(filling_path_);
        if (status.ok()) status = storage_.open(filling_path_, OpenMode::create, filling_);
    }
    if (!status.ok()) fail(status, "make a segment");
}

void SegmentPreparer::make_ready(std::unique_ptr<File> file) {
    {
        const std::lock_guard guard(mutex_);
        PAWL_ASSERT(ready_.file == nullptr);
        ready_ = Prepared{std::move(file), next_index_};
        trouble_.clear();
        // Inside, as in take(): behind the lock it could overtake the journaler, say "ready" when
        // the segment is taken already, and no other would ever be made.
        ready_flag_.store(true, std::memory_order_relaxed);
    }
    ++next_index_;
    refused_.store(false, std::memory_order_relaxed);
}

// One slice to go is not late.
bool SegmentPreparer::is_late() const noexcept {
    return hurry_.load(std::memory_order_relaxed) &&
           options_.segment_bytes - filled_bytes_ > slice_bytes_max;
}

bool SegmentPreparer::fill_some() {
    if (can_reserve_ && is_late()) {
        const auto status = filling_->reserve(options_.segment_bytes, can_reserve_);
        if (!status.ok()) {
            fail(status, "reserve the next segment");
            return false;
        }
        if (can_reserve_) {
            filled_bytes_ = options_.segment_bytes;
            return true;
        }
    }
    const std::uint64_t slice =
        std::min<std::uint64_t>(slice_bytes_max, options_.segment_bytes - filled_bytes_);
    const auto status = filling_->write_durable(filled_bytes_, {zeros_.data(), slice});
    if (!status.ok()) {
        fail(status, "fill the next segment");
        return false;
    }
    filled_bytes_ += slice;
    return true;
}

std::size_t SegmentPreparer::do_work(std::int64_t monotonic_ns) {
    now_ns_ = monotonic_ns;
    if (ready_flag_.load(std::memory_order_acquire)) return 0;    // pairs with take()
    if (!last_in_use_.load(std::memory_order_acquire)) return 0;  // pairs with in_use()
    if (refused_.load(std::memory_order_relaxed) && monotonic_ns < retry_at_ns_) return 0;
    if (filling_ == nullptr) begin_next();
    if (filling_ == nullptr) return ready_flag_.load(std::memory_order_relaxed) ? 1 : 0;
    if (filled_bytes_ < options_.segment_bytes) {
        if (!fill_some()) return 0;
        if (filled_bytes_ < options_.segment_bytes) return zeros_.size();
    }
    const std::string final_path = segment_path(options_.directory, options_.shard, next_index_);
    auto status = filling_->sync();
    if (status.ok()) status = storage_.rename(filling_path_, final_path);
    if (status.ok())
        status = storage_.sync_directory(shard_path(options_.directory, options_.shard));
    // Opened again under its own name, so that every later sentence names the right file.
    std::unique_ptr<File> file;
    if (status.ok()) status = storage_.open(final_path, OpenMode::write, file);
    if (!status.ok()) {
        filling_.reset();
        fail(status, "finish the next segment");
        return 0;
    }
    filling_.reset();
    make_ready(std::move(file));
    return zeros_.size();
}

SegmentPreparer::Prepared SegmentPreparer::take() {
    const std::lock_guard guard(mutex_);
    PAWL_ASSERT((ready_.file != nullptr) == ready_flag_.load(std::memory_order_relaxed));
    Prepared taken = std::exchange(ready_, Prepared{});
    if (taken.file != nullptr) {
        last_in_use_.store(false, std::memory_order_relaxed);  // before the flag below
        room_left_.store(options_.segment_bytes, std::memory_order_relaxed);
        hurry_.store(false, std::memory_order_relaxed);
        ready_flag_.store(false, std::memory_order_release);  // pairs with the acquire in do_work
    }
    return taken;
}

}  // namespace pawl::journal
