// Which segment of a shard holds a position. Knows segment headers, and reads as few of them as it
// must: a journal may have thousands. No block, no record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/layout.hpp"
#include "journal/segment.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// One thread. Beside a running engine: segments come into use at the end and go at the begin.
class SegmentIndex {
public:
    struct Entry {
        std::uint64_t index;
        Position first;
        std::uint64_t generation;
    };
    SegmentIndex(Storage& storage, const std::string& directory, std::uint32_t shard,
                 const Identity& identity);

    // Before anything else, and again when what is sought was not where find() said.
    Status list();
    // The last segment that begins at or before `at`, of those that were there when they were
    // listed; nothing: none does. One that cannot be read counts as one that begins behind it.
    std::optional<Entry> find(Position at);
    // The last find() met one that cannot be read.
    const std::optional<Error>& trouble() const noexcept { return trouble_; }
    // The first one that is kept.
    Result<std::optional<Entry>> lowest();
    // It was handed out, and is listed.
    const Entry* known(std::uint64_t index) const noexcept;

private:
    enum class Found : std::uint8_t { in_use, not_in_use, gone };
    Result<Found> look(std::uint64_t index);

    Storage& storage_;
    const std::string directory_;
    const std::uint32_t shard_;
    const Identity identity_;
    std::vector<std::uint64_t> listed_;
    std::map<std::uint64_t, Entry> known_;
    std::optional<Error> trouble_;
};

}  // namespace pawl::journal
