// A directory as bytes in memory, with the list of what was written into it and how much of that is
// provably durable. Knows the journal's parts; judges nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "journal/manifest.hpp"
#include "tests/unit/journal/kit.hpp"

namespace pawl::journal::testing {

using Bytes = std::vector<std::byte>;

struct HeadImage {
    Bytes page;
    Bytes twice;  // the ring, two times in a row, as it is mapped
};

// How the process that wrote it ended.
enum class End {
    in_order,    // closed: the manifest says where each shard ends, no heads
    power_lost,  // everything written was synced, heads gone
    killed,      // heads there, the newest records only in them
};

// Whether the last life goes another way than that of an image with the same options.
enum class Fork {
    none,
    same_shape,   // other records of the same lengths
    other_shape,  // of other lengths
};

struct Image {
    std::map<std::string, Bytes> files;
    std::set<std::string> folders;
    std::map<std::string, HeadImage> heads;
    Manifest manifest;
    std::vector<Bytes> manifests;  // as they were after each opening and orderly end
    std::vector<History> written;  // per shard
    // Per shard: records that nothing but a whole journal may answer for. After a loss of power the
    // last block is not among them: no later block says that it was on disk.
    std::vector<std::size_t> durable;

    std::uint32_t shards() const { return static_cast<std::uint32_t>(written.size()); }
    std::uint64_t segment_file_bytes() const;
    std::vector<std::string> segments() const;  // paths, all shards
    Bytes& segment(std::uint32_t shard, std::uint64_t index);
    std::string head(std::uint32_t shard) const;
};

struct ImageOptions {
    End end = End::in_order;
    std::uint32_t shards = 4;
    std::uint64_t segments = 3;       // per shard: the last one partly used
    std::uint64_t seed = 1;           // of sizes and moments
    std::uint64_t identity_seed = 7;  // another one makes a twin: the same shape, another directory
    int lives = 3;
    Fork fork = Fork::none;
    bool snapshots = false;  // each shard has two, in the last life
};

// Writes it with the production code over three lives: one closed in order, one killed, and one
// that ends as `end` says.
Image make_image(const ImageOptions& options);

// The same options that wrote it, to open it again.
DirectoryOptions options_of(const ImageOptions& options);

// The body of a snapshot of so many records: nothing but a pattern that cannot be mistaken.
Bytes snapshot_body(std::uint64_t records);

struct BlockPlace {
    std::uint32_t shard = 0;
    std::string segment;  // path
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};
std::vector<BlockPlace> blocks_of(const Image& image);

}  // namespace pawl::journal::testing
