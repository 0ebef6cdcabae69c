// Halves the list: positions grow with the numbers.
#include "journal/segment_index.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "journal/seal.hpp"
#include "journal/segment_files.hpp"

namespace pawl::journal {

SegmentIndex::SegmentIndex(Storage& storage, const std::string& directory, std::uint32_t shard,
                           const Identity& identity)
    : storage_(storage), directory_(directory), shard_(shard), identity_(identity) {}

Status SegmentIndex::list() {
    auto listed = list_readable_segments(storage_, directory_, shard_);
    if (!listed.ok()) return listed.error();
    listed_ = std::move(listed).value();
    std::erase_if(known_, [this](const auto& one) {
        return !std::binary_search(listed_.begin(), listed_.end(), one.first);
    });
    return Done{};
}

const SegmentIndex::Entry* SegmentIndex::known(std::uint64_t index) const noexcept {
    const auto found = known_.find(index);
    return found == known_.end() ? nullptr : &found->second;
}

Result<SegmentIndex::Found> SegmentIndex::look(std::uint64_t index) {
    if (known_.contains(index)) return Found::in_use;
    std::unique_ptr<File> file;
    SegmentHeader header{};
    std::size_t got = 0;
    auto status = open_segment(storage_, directory_, shard_, index, file);
    if (status.fault == StorageFault::missing) return Found::gone;
    if (status.ok()) status = file->read_at(0, std::as_writable_bytes(std::span(&header, 1)), got);
    if (!status.ok())
        return storage_error(status, "open the segment", segment_path(directory_, shard_, index));
    if (got != sizeof header || !intact(header) || header.identity != identity_ ||
        header.shard != shard_ || header.index != index)
        return Found::not_in_use;
    known_.emplace(index, Entry{index, Position{header.first_position}, header.generation});
    return Found::in_use;
}

std::optional<SegmentIndex::Entry> SegmentIndex::find(Position at) {
    trouble_.reset();
    std::optional<Entry> best;
    std::size_t low = 0;  // what is below begins at or before `at`, or went since it was listed
    std::size_t high = listed_.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const Result<Found> found = look(listed_[middle]);
        if (!found.ok()) trouble_ = found.error();
        const Entry* const entry = known(listed_[middle]);
        if (!found.ok() || *found == Found::not_in_use || (entry != nullptr && at < entry->first)) {
            high = middle;
            continue;
        }
        if (entry != nullptr) best = *entry;
        low = middle + 1;
    }
    return best;
}

Result<std::optional<SegmentIndex::Entry>> SegmentIndex::lowest() {
    for (const std::uint64_t index : listed_) {
        const Result<Found> found = look(index);
        if (!found.ok()) return found.error();
        if (*found == Found::not_in_use) break;
        if (*found == Found::in_use) return std::optional(known_.at(index));
    }
    return std::optional<Entry>{};
}

}  // namespace pawl::journal
