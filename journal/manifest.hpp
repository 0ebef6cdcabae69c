// What a directory is, as text with a checksum. Knows its fields and how it is replaced whole; not
// segments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "journal/layout.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// A reign: its number and where it began in each shard.
struct EpochBegin {
    std::uint64_t epoch = 0;
    std::vector<Position> positions;
};

// Where a shard ended when it was closed in order.
struct CleanMark {
    Position position;
    std::uint32_t checksum = 0;
};

// Where a shard's segments begin since retention archived or removed the ones before.
struct Kept {
    std::uint64_t segment_index = 1;  // the first in the shard's folder
    Position position;                // of its first block
    friend bool operator==(const Kept&, const Kept&) = default;
};

struct Manifest {
    Identity identity;
    std::uint32_t format = format_version;
    std::uint32_t shards = 1;
    std::uint64_t router_hash = 0;
    std::uint64_t random_seed = 0;
    std::uint64_t segment_bytes = segment_bytes_default;
    std::uint64_t head_bytes = head_bytes_default;
    std::uint64_t inflight_bytes_max = inflight_bytes_default;  // of the life that wrote last
    std::uint64_t session_window = 0;
    std::string heads;        // directory of the shared memory
    std::string schema_text;  // of the program that opened it last
    std::vector<EpochBegin> epochs;
    std::vector<CleanMark> clean;  // one per shard, or none: not closed in order
    std::vector<Kept> kept;        // one per shard, or none: nothing ever went

    Kept kept_of(std::uint32_t shard) const { return kept.empty() ? Kept{} : kept.at(shard); }

    std::uint64_t schema_hash() const noexcept;
    std::uint64_t epoch() const noexcept { return epochs.empty() ? 0 : epochs.back().epoch; }
};

std::string manifest_path(const std::string& directory);

// As text; parse(print(m)) is m. A damaged or foreign text is an error that says what is wrong,
// never a crash.
std::string print_manifest(const Manifest& manifest);
Result<Manifest> parse_manifest(std::string_view text, std::string_view path);

// Whole to a temporary, synced, renamed, directory synced: a reader sees the old one or the new
// one.
Status write_manifest(Storage& storage, const std::string& directory, const Manifest& manifest);
Result<Manifest> read_manifest(Storage& storage, const std::string& directory);

std::string to_hex(const Identity& identity);
std::string to_hex(std::uint64_t value);

}  // namespace pawl::journal
