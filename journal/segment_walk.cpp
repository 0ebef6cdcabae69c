// One pass over all blocks: check and deliver.
#include "journal/segment_walk.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "journal/block.hpp"
#include "journal/seal.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t read_bytes = std::size_t{4} << 20;

// A window over one segment file that moves forward.
class Window {
public:
    explicit Window(std::uint64_t segment_bytes)
        : buffer_(std::min<std::uint64_t>(inflight_bytes_limit + read_bytes, segment_bytes)) {}

    void open(File& file, std::uint64_t file_bytes) noexcept {
        file_ = &file;
        file_bytes_ = file_bytes;
        begin_ = end_ = 0;
    }
    // No more than this is read beyond what is asked for.
    void read_ahead(std::uint64_t bytes) noexcept { ahead_bytes_ = bytes; }
    // [offset, offset + bytes) in memory; null when the file ends before, or could not be read
    // (status()).
    const std::byte* at(std::uint64_t offset, std::uint64_t bytes) {
        if (offset + bytes > file_bytes_ || bytes > buffer_.size()) return nullptr;
        if (offset < begin_ || offset + bytes > end_) {
            const auto wish = std::min<std::uint64_t>(
                std::max<std::uint64_t>(bytes, ahead_bytes_),
                std::min<std::uint64_t>(buffer_.size(), file_bytes_ - offset));
            std::size_t got = 0;
            status_ = file_->read_at(offset, {buffer_.data(), wish}, got);
            begin_ = offset;
            end_ = offset + got;
            if (!status_.ok() || got < bytes) return nullptr;
        }
        return buffer_.data() + (offset - begin_);
    }
    StorageStatus status() const noexcept { return status_; }

private:
    AlignedBuffer buffer_;
    File* file_ = nullptr;
    std::uint64_t file_bytes_ = 0;
    std::uint64_t begin_ = 0, end_ = 0;
    std::uint64_t ahead_bytes_ = read_bytes;
    StorageStatus status_;
};

// Where the walk stands in what it looks at: good so far, bad, or nothing there.
enum class Step : std::uint8_t { good, nothing, bad, disagrees, io };

}  // namespace

class SegmentWalk::Walk {
public:
    Walk(Storage& storage, const WalkOptions& options)
        : storage_(storage), options_(options), window_(options.segment_bytes) {
        PAWL_ASSERT(options.segment_bytes % block_alignment_bytes == 0);
        end_.tail.checksum = chain_seed(options.identity, options.shard);
    }

    Result<WalkEnd> go_on(Position bound, std::uint64_t epoch_max, RecordSink& sink) {
        sink_ = &sink;
        options_.bound = bound;
        options_.epoch_max = epoch_max;
        Result<WalkEnd> walked = run();
        // The next slice counts its own; it stands where this one ended.
        end_ = WalkEnd{};
        if (!walked.ok()) return walked;
        end_.tail = walked->tail;
        end_.last_offset_bytes = walked->last_offset_bytes;
        end_.last_bytes = walked->last_bytes;
        end_.epoch = walked->epoch;
        first_seen_ = false;
        return walked;
    }

private:
    Result<WalkEnd> run() {
        auto listed = list_readable_segments(storage_, options_.directory, options_.shard);
        if (!listed.ok()) return listed.error();
        const auto& indexes = listed.value();
        const bool stands = file_ != nullptr;
        if (stands) {
            first_index_ = end_.tail.segment_index;
        } else if (options_.from) {
            auto fault = place_fault(storage_, options_, *options_.from);
            if (!fault.ok()) return fault.error();
            if (!fault->empty())
                return Error{ErrorCode::damaged, std::move(fault).value() +
                                                     ": the walk cannot begin there; see 'pawl "
                                                     "journal verify'"};
            first_index_ = options_.from->tail.segment_index;
        }
        const auto first = std::lower_bound(indexes.begin(), indexes.end(), first_index_);
        total_bytes_ = static_cast<std::uint64_t>(indexes.end() - first) * options_.segment_bytes;
        for (std::uint64_t index = first_index_;; ++index) {
            const bool there = std::binary_search(indexes.begin(), indexes.end(), index);
            if (!there && index <= (indexes.empty() ? 0 : indexes.back()))
                end_.remarks.push_back(missing_path(index) +
                                       " is missing, later segments are there");
            const bool resumed = (stands || options_.from) && index == first_index_;
            const Step entered = !there     ? Step::nothing
                                 : !resumed ? enter_segment(index)
                                 : stands   ? stay()
                                            : resume(*options_.from);
            if (entered == Step::io) return io_error();
            if (entered != Step::good) {
                // What was seen in the segment before stands, unless this one says more.
                if (entered != Step::nothing && end_.seen == Seen::nothing) note(entered);
                break;
            }
            end_.seen = Seen::nothing;
            end_.why.clear();
            end_.salvage.clear();
            end_.torn.clear();
            const Step stopped = walk_blocks();
            if (stopped == Step::io) return io_error();
            note(stopped);
            if (end_.bound_reached || stopped == Step::disagrees) break;
        }
        if (end_.seen == Seen::nothing && options_.bound == no_bound)
            if (!look_at_later(indexes)) return io_error();
        return std::move(end_);
    }

    // At most one empty segment follows the stream. One behind it that is not empty stands there
    // for no good reason; who writes next must not meet it.
    bool look_at_later(const std::vector<std::uint64_t>& indexes) {
        const std::uint64_t next = end_.tail.segment_index + 1;
        const auto later = std::upper_bound(indexes.begin(), indexes.end(), next);
        for (auto index = later; index != indexes.end(); ++index) {
            if (!open_file(*index)) return false;
            const std::byte* const page = window_.at(0, block_alignment_bytes);
            if (page == nullptr && !window_.status().ok()) {
                fault_ = window_.status();
                return false;
            }
            if (page != nullptr && all_zero(page, block_alignment_bytes)) continue;
            note(bad(0, "the segment is in use, but " + missing_path(next) + " is not"));
            return true;
        }
        return true;
    }

    std::string missing_path(std::uint64_t index) const {
        return segment_path(options_.directory, options_.shard, index);
    }
    Error io_error() const { return storage_error(fault_, "read the segment", path_); }
    void note(Step step) {
        end_.seen = step == Step::bad         ? Seen::bad
                    : step == Step::disagrees ? Seen::disagrees
                                              : Seen::nothing;
        if (step != Step::nothing) end_.why = std::exchange(why_, {});
    }
    Step bad(std::uint64_t offset, const std::string& what) {
        why_ = path_ + ": offset " + std::to_string(offset) + ", position " +
               std::to_string(end_.tail.position.value) + ": " + what;
        return Step::bad;
    }

    // The segment's file in the window; it may be in the archive.
    bool open_file(std::uint64_t index) {
        path_ = missing_path(index);
        fault_ = open_segment(storage_, options_.directory, options_.shard, index, next_file_);
        if (!fault_.ok()) return false;
        path_ = next_file_->path();
        fault_ = next_file_->size(next_file_bytes_);
        if (!fault_.ok()) return false;
        window_.open(*next_file_, next_file_bytes_);
        return true;
    }

    void entered() {
        if (file_ != nullptr) look_at_unused();
        if (next_file_bytes_ != options_.segment_bytes)
            end_.remarks.push_back(path_ + " has " + std::to_string(next_file_bytes_) +
                                   " bytes, should have " + std::to_string(options_.segment_bytes));
        file_ = std::move(next_file_);
        file_bytes_ = next_file_bytes_;
        ++end_.segments;
    }

    // The slice before ended in this segment. Nothing that lay behind its end is believed.
    Step stay() {
        path_ = file_->path();
        window_.open(*file_, file_bytes_);
        ++end_.segments;
        return Step::good;
    }

    // Nobody needs the bytes behind the last block of a segment that is full, but they are zeros:
    // if not, something writes where it should not, or forgets.
    void look_at_unused() {
        AlignedBuffer page(block_alignment_bytes);
        for (std::uint64_t at = end_.tail.offset_bytes; at < options_.segment_bytes;
             at += page.size()) {
            std::size_t got = 0;
            const auto status = file_->read_at(at, {page.data(), page.size()}, got);
            if (!status.ok() || got == 0) return;
            if (all_zero(page.data(), got)) continue;
            end_.remarks.push_back(file_->path() + ": offset " + std::to_string(at) +
                                   ": bytes behind the last block are not zero (unused bytes)");
            return;
        }
    }

    // The place was checked; the walk goes on behind it.
    Step resume(const WalkFrom& from) {
        if (!open_file(from.tail.segment_index)) return Step::io;
        entered();
        end_.tail = from.tail;
        end_.last_offset_bytes = from.last_offset_bytes;
        end_.last_bytes = from.last_bytes;
        end_.epoch = from.epoch;
        return Step::good;
    }

    Step enter_segment(std::uint64_t index) {
        if (!open_file(index)) return Step::io;
        const std::byte* const page = window_.at(0, block_alignment_bytes);
        if (page == nullptr) {
            fault_ = window_.status();
            return fault_.ok() ? bad(0, "the file is cut short") : Step::io;
        }
        if (all_zero(page, block_alignment_bytes)) {
            // It has its whole size before it has its name: who writes next could not use this one.
            if (next_file_bytes_ == options_.segment_bytes) return Step::nothing;
            return bad(0, "the file has " + std::to_string(next_file_bytes_) +
                              " bytes, should have " + std::to_string(options_.segment_bytes));
        }
        const auto& header = *reinterpret_cast<const SegmentHeader*>(page);
        if (!intact(header)) return bad(0, "the segment's header is not intact");
        if (header.identity != options_.identity || header.shard != options_.shard)
            return bad(0, "the segment belongs to another directory or shard");
        if (header.format != format_version || header.segment_bytes != options_.segment_bytes)
            return bad(0, "the segment's format or size is not the manifest's");
        const StreamTail& tail = end_.tail;
        PAWL_ASSERT(index == tail.segment_index + 1 || tail.segment_index == 0);
        if (header.index != index || header.generation <= tail.generation ||
            header.first_position != tail.position.value ||
            header.previous_hash != tail.block_hash || header.previous_checksum != tail.checksum)
            return bad(0, "the segment does not follow the one before");
        if (header.epoch > options_.epoch_max) {
            bad(0, "the segment is of a later reign than the manifest knows");
            return Step::disagrees;
        }
        entered();
        if (!all_zero(page + sizeof header, block_alignment_bytes - sizeof header))
            end_.remarks.push_back(path_ + ": offset " + std::to_string(sizeof header) +
                                   ": bytes behind the header are not zero (unused bytes)");
        end_.tail.block_hash = header.header_hash;
        end_.tail.segment_index = index;
        end_.tail.generation = header.generation;
        end_.tail.offset_bytes = block_alignment_bytes;
        end_.last_offset_bytes = 0;
        end_.last_bytes = block_alignment_bytes;
        end_.epoch = std::max(end_.epoch, header.epoch);
        return Step::good;
    }

    Step walk_blocks() {
        for (;;) {
            StreamTail& tail = end_.tail;
            if (tail.position >= options_.bound) {
                end_.bound_reached = true;
                return Step::nothing;
            }
            read_ahead_to_bound();
            if (options_.progress) options_.progress(done_bytes(), total_bytes_);
            if (tail.offset_bytes + block_alignment_bytes > options_.segment_bytes)
                return Step::nothing;
            const std::byte* page = window_.at(tail.offset_bytes, block_alignment_bytes);
            if (page == nullptr) {
                fault_ = window_.status();
                return fault_.ok() ? bad_block("the file ends here") : Step::io;
            }
            if (all_zero(page, sizeof(BlockHeader)) && all_zero(page, block_alignment_bytes))
                return Step::nothing;
            const Step step = take_block(*reinterpret_cast<const BlockHeader*>(page));
            if (step != Step::good) return step;
        }
    }

    // A slice of a larger walk does not read the next one's bytes.
    void read_ahead_to_bound() {
        const std::uint64_t left = options_.bound.value - end_.tail.position.value;
        window_.read_ahead(left < read_bytes ? rounded_up_to_block(left + read_bytes / 64)
                                             : read_bytes);
    }

    std::uint64_t done_bytes() const {
        return (end_.tail.segment_index - first_index_) * options_.segment_bytes +
               end_.tail.offset_bytes;
    }

    Step bad_block(const std::string& what) { return bad(end_.tail.offset_bytes, what); }

    Step take_block(const BlockHeader header) {
        StreamTail& tail = end_.tail;
        const std::uint64_t room = std::min<std::uint64_t>(
            options_.segment_bytes - tail.offset_bytes, inflight_bytes_limit);
        if (!intact(header, room)) return bad_with_salvage("the block's header is not intact");
        if (header.identity != options_.identity || header.shard != options_.shard)
            return bad_block("the block belongs to another directory or shard");
        if (header.generation < tail.generation) return Step::nothing;
        if (header.generation != tail.generation || header.first_position != tail.position.value)
            return bad_block("the block belongs to another place: it holds position " +
                             std::to_string(header.first_position));
        if (header.previous_hash != tail.block_hash || header.previous_checksum != tail.checksum)
            return bad_block("the block does not chain to the one before");
        if (header.epoch > options_.epoch_max) {
            bad_block("the block is of a later reign than the manifest knows");
            return Step::disagrees;
        }
        if (header.epoch < end_.epoch) return bad_block("the block is of an earlier reign");
        const std::byte* const block = window_.at(tail.offset_bytes, header.block_bytes);
        if (block == nullptr) {
            fault_ = window_.status();
            return fault_.ok() ? bad_with_salvage("the file ends in this block") : Step::io;
        }
        if (!payload_intact(block)) return bad_with_salvage("the block's payload is not intact");
        RecordPoint point{tail.checksum, tail.sequence.value, tail.time_ns};
        const auto run = deliver({block + sizeof(BlockHeader), header.payload_bytes}, point);
        if (run.fault != RecordFault::none)
            return bad_block("the record " + std::to_string(run.good_bytes) +
                             " bytes into the block is not good: " + to_string(run.fault));
        end_.records += run.records;
        end_.events += run.events;
        end_.last_offset_bytes = tail.offset_bytes;
        end_.last_bytes = header.block_bytes;
        tail.position.value += header.payload_bytes;
        tail.checksum = point.checksum;
        tail.sequence = Sequence{point.sequence};
        tail.time_ns = point.time_ns;
        tail.block_hash = header.header_hash;
        tail.offset_bytes += header.block_bytes;
        PAWL_ASSERT(tail.position.value % detail::record_alignment == 0);
        PAWL_ASSERT(tail.offset_bytes <= options_.segment_bytes);
        end_.epoch = header.epoch;
        ++end_.blocks;
        return Step::good;
    }

    // The good records of a payload, some at a time, so that they are still near when the sink
    // looks at them.
    RecordRun deliver(std::span<const std::byte> payload, RecordPoint& point) {
        RecordRun all;
        while (all.good_bytes < payload.size() && all.fault == RecordFault::none) {
            const auto left = payload.subspan(all.good_bytes);
            const auto run = walk_records(
                left.data(), left.size(), point,
                [this](const std::byte* record, std::uint64_t) { tally(record); }, records_at_once);
            if (run.records != 0)
                sink_->on_records(left.first(run.good_bytes),
                                  Position{end_.tail.position.value + all.good_bytes});
            all.good_bytes += run.good_bytes;
            all.records += run.records;
            all.events += run.events;
            all.fault = run.fault;
        }
        return all;
    }

    void tally(const std::byte* record) {
        const detail::RecordHeader& header = detail::RecordView(record).header();
        if (!first_seen_) end_.first_time_ns = header.decided_ns;
        first_seen_ = true;
        const auto kind = header.kind();
        end_.rejected +=
            kind == detail::RecordKind::rejected || kind == detail::RecordKind::refused ? 1 : 0;
    }

    // Records carry their own chain: those at the front of a torn block are as good as any.
    Step bad_with_salvage(const std::string& what) {
        const StreamTail& tail = end_.tail;
        const std::uint64_t room = std::min<std::uint64_t>(
            options_.segment_bytes - tail.offset_bytes, inflight_bytes_limit);
        std::uint64_t readable = room;
        const std::byte* block = nullptr;
        while (block == nullptr && readable > block_alignment_bytes) {
            block = window_.at(tail.offset_bytes, readable);
            if (block == nullptr) readable -= block_alignment_bytes;
        }
        if (block != nullptr) {
            const std::byte* const payload = block + sizeof(BlockHeader);
            RecordPoint point{tail.checksum, tail.sequence.value, tail.time_ns};
            const auto run = walk_records(payload, readable - sizeof(BlockHeader), point,
                                          [](const std::byte*, std::uint64_t) {});
            PAWL_ASSERT(run.good_bytes <= readable - sizeof(BlockHeader));
            end_.salvage.assign(payload, payload + run.good_bytes);
            end_.torn.assign(payload + run.good_bytes, payload + readable - sizeof(BlockHeader));
        }
        return bad_block(what);
    }

    Storage& storage_;
    WalkOptions options_;
    RecordSink* sink_ = nullptr;
    WalkEnd end_;
    Window window_;
    std::unique_ptr<File> file_;  // the segment that the walk is in
    std::uint64_t file_bytes_ = 0;
    std::unique_ptr<File> next_file_;  // the one that it looks at
    std::uint64_t next_file_bytes_ = 0;
    std::string path_;  // of what the window is on
    std::uint64_t first_index_ = 1;
    std::uint64_t total_bytes_ = 0;
    bool first_seen_ = false;
    std::string why_;
    StorageStatus fault_;
};

SegmentWalk::SegmentWalk(Storage& storage, const WalkOptions& options)
    : walk_(std::make_unique<Walk>(storage, options)) {}
SegmentWalk::~SegmentWalk() = default;

Result<WalkEnd> SegmentWalk::go_on(Position bound, std::uint64_t epoch_max, RecordSink& sink) {
    return walk_->go_on(bound, epoch_max, sink);
}

Result<WalkEnd> walk_segments(Storage& storage, const WalkOptions& options, RecordSink& sink) {
    return SegmentWalk(storage, options).go_on(options.bound, options.epoch_max, sink);
}

}  // namespace pawl::journal
