// Where the segment files of a shard are: in its folder, or in the archive. Knows names and
// folders; not what is in them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/segment.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

std::string archive_path(const std::string& directory, std::uint32_t shard);  // its folder
std::string archived_segment_path(const std::string& directory, std::uint32_t shard,
                                  std::uint64_t index);

// Numbers of the segment files in the shard's folder, sorted.
Result<std::vector<std::uint64_t>> list_segments(Storage& storage, const std::string& directory,
                                                 std::uint32_t shard);
// Numbers of those in the archive, sorted; none when there is no archive.
Result<std::vector<std::uint64_t>> list_archived_segments(Storage& storage,
                                                          const std::string& directory,
                                                          std::uint32_t shard);
// Both, sorted, each number once.
Result<std::vector<std::uint64_t>> list_readable_segments(Storage& storage,
                                                          const std::string& directory,
                                                          std::uint32_t shard);

// Opens a segment for reading wherever it is: retention may move it at any moment. file->path()
// says where it was found. Status `missing`: it is in neither place.
StorageStatus open_segment(Storage& storage, const std::string& directory, std::uint32_t shard,
                           std::uint64_t index, std::unique_ptr<File>& file);

}  // namespace pawl::journal
