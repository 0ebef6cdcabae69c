// Two folders looked at as one.
#include "journal/segment_files.hpp"

#include <algorithm>
#include <iterator>

namespace pawl::journal {
namespace {

StorageStatus list_folder(Storage& storage, const std::string& folder,
                          std::vector<std::uint64_t>& indexes) {
    std::vector<std::string> names;
    const auto status = storage.list(folder, names);
    if (!status.ok()) return status;
    for (const auto& name : names)
        if (const auto index = segment_index(name); index != 0) indexes.push_back(index);
    std::sort(indexes.begin(), indexes.end());
    return status;
}

}  // namespace

std::string archive_path(const std::string& directory, std::uint32_t shard) {
    return directory + "/archive/s" + std::to_string(shard);
}

std::string archived_segment_path(const std::string& directory, std::uint32_t shard,
                                  std::uint64_t index) {
    return archive_path(directory, shard) + "/" + segment_name(index);
}

Result<std::vector<std::uint64_t>> list_segments(Storage& storage, const std::string& directory,
                                                 std::uint32_t shard) {
    const std::string folder = shard_path(directory, shard);
    std::vector<std::uint64_t> indexes;
    const auto status = list_folder(storage, folder, indexes);
    if (!status.ok()) return storage_error(status, "list the segments", folder);
    return indexes;
}

Result<std::vector<std::uint64_t>> list_archived_segments(Storage& storage,
                                                          const std::string& directory,
                                                          std::uint32_t shard) {
    const std::string folder = archive_path(directory, shard);
    std::vector<std::uint64_t> indexes;
    const auto status = list_folder(storage, folder, indexes);
    if (!status.ok() && status.fault != StorageFault::missing)
        return storage_error(status, "list the archived segments", folder);
    return indexes;
}

Result<std::vector<std::uint64_t>> list_readable_segments(Storage& storage,
                                                          const std::string& directory,
                                                          std::uint32_t shard) {
    // The shard's folder first: what is moved meanwhile is then seen twice rather than not at all.
    auto kept = list_segments(storage, directory, shard);
    if (!kept.ok()) return kept;
    auto archived = list_archived_segments(storage, directory, shard);
    if (!archived.ok()) return archived;
    std::vector<std::uint64_t> both;
    std::set_union(kept->begin(), kept->end(), archived->begin(), archived->end(),
                   std::back_inserter(both));
    return both;
}

StorageStatus open_segment(Storage& storage, const std::string& directory, std::uint32_t shard,
                           std::uint64_t index, std::unique_ptr<File>& file) {
    const auto status = storage.open(segment_path(directory, shard, index), OpenMode::read, file);
    if (status.fault != StorageFault::missing) return status;
    return storage.open(archived_segment_path(directory, shard, index), OpenMode::read, file);
}

}  // namespace pawl::journal
