// Walk, find the gap, form the block that fits, prove that it is the one, put it there, walk on.
#include "journal/heal.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "journal/block.hpp"
#include "journal/gap.hpp"
#include "journal/inspect.hpp"
#include "journal/inspect_verify.hpp"
#include "journal/posix_storage.hpp"
#include "journal/quarantine.hpp"
#include "journal/reader.hpp"
#include "journal/segment_files.hpp"

namespace pawl::journal {
namespace {

constexpr std::uint64_t epochs_tried_max = 65'536;

struct Nobody final : RecordSink {
    void on_record(const detail::RecordView&, Position) override {}
};

// A header of either kind in front of its bytes, whose every field but the epoch is known: the name
// tells which epoch it was. Without a name the first one is as good as any.
template <class Header>
bool find_epoch(Header& header, const Gap& gap) {
    const std::uint64_t last = std::min(gap.epoch_max, gap.epoch_min + epochs_tried_max);
    for (std::uint64_t epoch = gap.epoch_min; epoch <= last; ++epoch) {
        header.epoch = epoch;
        header.header_hash = hash_of(header);
        if (!gap.name || *gap.name == header.header_hash) return true;
    }
    return false;
}

BlockWriterOptions as_written(const WalkOptions& options) {
    return {.identity = options.identity,
            .shard = options.shard,
            .segment_bytes = options.segment_bytes};
}

// Forms in `page` the header page that fits the gap. False: there is none.
bool fit_segment_header(const Gap& gap, const StreamTail& tail, const WalkOptions& options,
                        AlignedBuffer& page) {
    form_segment_header(page.data(), as_written(options), tail, gap.segment, gap.generation);
    return find_epoch(*reinterpret_cast<SegmentHeader*>(page.data()), gap);
}

// Forms in `block` the block that fits the gap from these records. False: they are not its records.
bool fit_block(const Gap& gap, const StreamTail& tail, const WalkOptions& options,
               std::span<const std::byte> records, AlignedBuffer& block) {
    if (records.size() != gap.end.value - gap.begin.value) return false;
    if (rounded_up_to_block(sizeof(BlockHeader) + records.size()) != gap.bytes) return false;
    RecordPoint point{tail.checksum, tail.sequence.value, tail.time_ns};
    const RecordRun run =
        walk_records(records.data(), records.size(), point, [](const std::byte*, std::uint64_t) {});
    if (run.good_bytes != records.size()) return false;
    if (gap.checksum && *gap.checksum != point.checksum) return false;
    form_block(block.data(), as_written(options), tail, records, point,
               static_cast<std::uint32_t>(run.records));
    return find_epoch(*reinterpret_cast<BlockHeader*>(block.data()), gap);
}

class ShardHealing {
public:
    ShardHealing(Storage& storage, const Looked& looked, std::uint32_t shard,
                 const FetchRecords& fetch, HealReport& report)
        : storage_(storage),
          looked_(looked),
          fetch_(fetch),
          report_(report),
          options_(look_at_head(storage, looked, shard).walk_options) {}

    Status run() {
        auto begin = first_place(storage_, options_);
        if (!begin.ok()) return begin.error();
        options_.from = std::move(begin).value();
        const std::uint64_t kept = looked_.manifest.kept_of(options_.shard).segment_index;
        if (options_.from && options_.from->tail.segment_index > kept)
            report_.left.push_back(
                segment_path(options_.directory, options_.shard,
                             options_.from->tail.segment_index - 1) +
                " is missing: restore it from a copy, or let the node begin empty");
        for (;;) {
            auto walked = walk_segments(storage_, options_, nobody_);
            if (!walked.ok()) return walked.error();
            const WalkEnd end = std::move(walked).value();
            // An intact block of another reign: that is another history, and no damage.
            if (end.seen == Seen::disagrees) return leave(end, "another history stands there");
            auto gaps = find_gaps(storage_, options_, looked_.manifest, end);
            if (!gaps.ok()) return gaps.error();
            if (!gaps->goes_on && gaps->possible.empty()) return judge_the_rest(end);
            if (const auto status = read_again(end); !status.ok()) return status;
            auto filled = fill_one_of(gaps->possible, end);
            if (!filled.ok()) return filled.error();
            if (!*filled) return gaps->goes_on ? leave(end, why_not_) : judge_the_rest(end);
            if (end.tail.segment_index != 0) options_.from = continued(end);
        }
    }

private:
    std::string where(const WalkEnd& end) const {
        return "journal " + options_.directory + ": shard " + std::to_string(options_.shard) +
               ", position " + std::to_string(end.tail.position.value);
    }
    Status leave(const WalkEnd& end, const std::string& why) {
        report_.left.push_back(where(end) + (end.why.empty() ? "" : ": " + end.why) + ": " + why +
                               ": nothing was changed there; restore the segment from a copy, or "
                               "let the node begin empty");
        return Done{};
    }

    // A torn tail is no damage: the next opening cuts it. More than that no block can fill.
    Status judge_the_rest(const WalkEnd& end) {
        const auto& clean = looked_.manifest.clean;
        if (end.seen == Seen::nothing && !clean.empty() &&
            clean[options_.shard].position == end.tail.position)
            return Done{};  // whatever is behind was never written by us
        ShardLook look = look_at_head(storage_, looked_, options_.shard);
        look.end = end;
        const auto judged = judge_closed_shard(storage_, looked_, look);
        if (!judged.ok()) return judged.error();
        if (judged->which == Case::clean_end || judged->which == Case::torn_tail) return Done{};
        return leave(end, judged->sentence);
    }

    // Nothing is written because of one answer of the disk.
    Status read_again(const WalkEnd& end) {
        WalkOptions options = options_;
        if (end.tail.segment_index != 0) options.from = continued(end);
        const auto again = walk_segments(storage_, options, nobody_);
        if (!again.ok()) return again.error();
        if (again->tail.position == end.tail.position && again->seen == end.seen) return Done{};
        return Error{ErrorCode::io, where(end) +
                                        ": it reads differently when it is read again: "
                                        "nothing was changed; try again, and look at the "
                                        "disk"};
    }

    Result<bool> fill_one_of(const std::vector<Gap>& gaps, const WalkEnd& end) {
        why_not_ = "more than one block is damaged, and nothing says where the next one began";
        for (const Gap& gap : gaps) {
            if (filled_ && filled_->segment == gap.segment &&
                filled_->offset_bytes == gap.offset_bytes)
                return Error{ErrorCode::io,
                             where(end) +
                                 ": what was written there a moment ago reads otherwise: "
                                 "look at the disk"};
            AlignedBuffer block(gap.bytes);
            bool fetched = false;
            if (!form(gap, end, block, fetched)) continue;
            if (const auto status = put(gap, end, block, fetched); !status.ok())
                return status.error();
            filled_ = gap;
            return true;
        }
        return false;
    }

    // With what is still readable here, else with what the other side has.
    bool form(const Gap& gap, const WalkEnd& end, AlignedBuffer& block, bool& fetched) {
        if (gap.offset_bytes == 0) {
            why_not_ = "its header cannot be told from what stands around it";
            return fit_segment_header(gap, end.tail, options_, block);
        }
        const std::uint64_t bytes = gap.end.value - gap.begin.value;
        if (end.salvage.size() >= bytes &&
            fit_block(gap, end.tail, options_, {end.salvage.data(), bytes}, block))
            return true;
        const auto records = fetch_(options_.shard, gap.begin, end.tail.checksum, gap.end);
        if (!records.ok()) {
            why_not_ = records.error().sentence;
            return false;
        }
        fetched = true;
        why_not_ = "what the other side has from there to position " +
                   std::to_string(gap.end.value) + " is not what stood here";
        return fit_block(gap, end.tail, options_, *records, block);
    }

    Status put(const Gap& gap, const WalkEnd& end, const AlignedBuffer& block, bool fetched) {
        const Extent extent{gap.segment, gap.offset_bytes, gap.offset_bytes + gap.bytes};
        auto kept = copy_to_quarantine(storage_, options_, end, {extent});
        if (!kept.ok()) return kept.error();
        std::unique_ptr<File> file;
        auto status = open_segment(storage_, options_.directory, options_.shard, gap.segment, file);
        const std::string path =
            status.ok() ? file->path()
                        : segment_path(options_.directory, options_.shard, gap.segment);
        if (status.ok()) status = storage_.open(path, OpenMode::write, file);
        if (status.ok())
            status = file->write_durable(gap.offset_bytes, {block.data(), block.size()});
        if (!status.ok()) return storage_error(status, "put a block back", path);
        HealedBlock healed;
        healed.shard = options_.shard;
        healed.begin = gap.begin;
        healed.end = gap.end;
        healed.path = path;
        healed.offset_bytes = gap.offset_bytes;
        healed.bytes = gap.bytes;
        healed.fetched = fetched;
        healed.quarantine_file = *kept;
        report_.healed.push_back(std::move(healed));
        return Done{};
    }

    Storage& storage_;
    const Looked& looked_;
    const FetchRecords& fetch_;
    HealReport& report_;
    WalkOptions options_;
    Nobody nobody_;
    std::optional<Gap> filled_;  // the last one
    std::string why_not_;
};

}  // namespace

Result<HealReport> heal_directory(Storage& storage, const std::string& directory,
                                  const FetchRecords& fetch) {
    std::unique_ptr<FileLock> lock;
    std::string holder;
    if (const auto first = look_at_directory(storage, directory); !first.ok()) return first.error();
    const auto locked = storage.lock(directory + "/lock", lock, holder);
    if (locked.fault == StorageFault::locked)
        return Error{ErrorCode::locked, "journal " + directory + ": in use by " + holder +
                                            ": close it first, then heal it"};
    if (!locked.ok()) return storage_error(locked, "lock", directory + "/lock");
    auto looked = look_at_directory(storage, directory);  // as it is while nobody else has it
    if (!looked.ok()) return looked.error();
    looked->live = false;
    HealReport report;
    for (std::uint32_t shard = 0; shard < looked->manifest.shards; ++shard) {
        const auto status = ShardHealing(storage, *looked, shard, fetch, report).run();
        if (!status.ok()) report.left.push_back(status.error().sentence);
    }
    return report;
}

FetchRecords records_in(Storage& storage, std::string directory) {
    return [&storage, directory = std::move(directory)](
               std::uint32_t shard, Position from, std::uint32_t checksum_before,
               Position to) -> Result<std::vector<std::byte>> {
        const auto manifest = read_manifest(storage, directory);
        if (!manifest.ok()) return manifest.error();
        const auto missing = [&](const std::string& what) {
            return Error{ErrorCode::mismatch,
                         "journal " + directory + ": shard " + std::to_string(shard) + ": " + what};
        };
        if (shard >= manifest->shards) return missing("there is no such shard");
        ReaderOptions options;
        options.directory = directory;
        options.shard = shard;
        options.identity = manifest->identity;
        options.segment_bytes = manifest->segment_bytes;
        StreamReader reader(storage, options);
        const auto before = reader.checksum_before(from);
        if (!before.ok()) return before.error();
        if (!*before || **before != checksum_before)
            return missing("it has another history below position " + std::to_string(from.value));
        std::vector<std::byte> records;
        reader.seek(from);
        while (reader.position() < to) {
            const auto record = reader.next(to);
            if (!record.ok()) return record.error();
            if (!*record) return missing("no record ends at position " + std::to_string(to.value));
            records.insert(records.end(), record->bytes, record->bytes + record->view().length());
        }
        return records;
    };
}

}  // namespace pawl::journal

namespace pawl {

Result<HealReport> journal_heal(const std::string& directory, const FetchRecords& fetch) {
    journal::PosixStorage storage;
    return journal::heal_directory(storage, directory, fetch);
}

FetchRecords records_of_directory(const std::string& directory) {
    auto storage = std::make_shared<journal::PosixStorage>();
    return [storage, fetch = journal::records_in(*storage, directory)](
               std::uint32_t shard, Position from, std::uint32_t checksum_before, Position to) {
        return fetch(shard, from, checksum_before, to);
    };
}

}  // namespace pawl
