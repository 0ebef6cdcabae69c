// Segment files of one shard: their names, their making ahead of need. Knows files and sizes; not
// records.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "journal/block.hpp"
#include "journal/layout.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

std::string shard_path(const std::string& directory, std::uint32_t shard);
std::string segment_name(std::uint64_t index);  // "00000001.seg"
std::string segment_path(const std::string& directory, std::uint32_t shard, std::uint64_t index);
// The number in a segment's name, 0 when it is not one.
std::uint64_t segment_index(const std::string& name) noexcept;

struct SegmentPreparerOptions {
    std::string directory;
    std::uint32_t shard = 0;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t next_index = 1;  // of the first segment to make
    std::uint64_t reserve_bytes =
        0;  // disk_full() is said when less than this is left and no segment is ready
    std::int64_t retry_interval_ns = 100'000'000;
};

// Keeps one segment ready, on disk and nothing but zeros. Writing them makes small blocks cheap
// later, so that is what it does while there is time; when the journaler says so the rest is only
// reserved. An agent: one thread calls do_work(); take() is the
// journaler's, on any thread.
class SegmentPreparer {
public:
    SegmentPreparer(Storage& storage, SegmentPreparerOptions options);

    // One slice of at most 1 MiB. Returns the bytes it prepared; 0: nothing to do, or it cannot at
    // present.
    std::size_t do_work(std::int64_t monotonic_ns);

    struct Prepared {
        std::unique_ptr<File> file;  // null: none is ready
        std::uint64_t index = 0;
    };
    // Journaler: takes the ready segment.
    Prepared take();
    // Journaler: its header is on disk. Only now is the next one made: a segment that is there says
    // that the one before was used.
    void in_use() noexcept { last_in_use_.store(true, std::memory_order_release); }

    // Any thread: no room for another segment and the present one is nearly full. Refuse new work;
    // it resumes by itself.
    bool disk_full() const noexcept;
    // Journaler: bytes left in the segment it writes to.
    void set_room_left(std::uint64_t bytes) noexcept;
    // Journaler: it stands still while the head fills, or writes nothing but full blocks. What is
    // left of the next segment is reserved.
    void hurry() noexcept { hurry_.store(true, std::memory_order_relaxed); }
    // Any thread: why the last attempt failed, empty when it did not.
    std::string trouble() const;

private:
    void begin_next();
    bool fill_some();
    bool is_late() const noexcept;
    void make_ready(std::unique_ptr<File> file);
    void fail(StorageStatus status, const char* doing);

    Storage& storage_;
    const SegmentPreparerOptions options_;
    AlignedBuffer zeros_;            // one slice
    std::unique_ptr<File> filling_;  // do_work's alone
    std::string filling_path_;
    std::uint64_t filled_bytes_ = 0;
    bool can_reserve_ = true;
    std::uint64_t next_index_;
    std::int64_t retry_at_ns_ = 0;
    std::int64_t now_ns_ = 0;

    std::atomic<bool> ready_flag_{false};  // ready_ is there; changed with it, under the mutex
    std::atomic<bool> last_in_use_{true};
    std::atomic<bool> refused_{false};  // the storage said no space
    std::atomic<bool> hurry_{false};
    std::atomic<std::uint64_t> room_left_{0};
    mutable std::mutex mutex_;  // guards the two below: touched once per segment
    Prepared ready_;
    std::string trouble_;
};

}  // namespace pawl::journal
