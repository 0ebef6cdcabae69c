// Copies first, zeroes later: what is cut can always be looked at.
#include "journal/quarantine.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "journal/block.hpp"
#include "journal/segment_files.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr int attempts_max = 1000;

std::string quarantine_path(const WalkOptions& options) {
    return options.directory + "/quarantine";
}

StorageStatus make_quarantine(Storage& storage, const WalkOptions& options) {
    auto status = storage.make_directory(quarantine_path(options));
    if (status.ok()) status = storage.sync_directory(options.directory);
    return status;
}

// A name that is not taken: an earlier attempt may have died here.
std::string free_name(const std::vector<std::string>& names, const std::string& stem) {
    for (int attempt = 1; attempt < attempts_max; ++attempt) {
        const std::string name = stem + "." + std::to_string(attempt);
        if (!std::binary_search(names.begin(), names.end(), name)) return name;
    }
    return stem + ".last";
}

Result<std::string> new_path(Storage& storage, const WalkOptions& options,
                             const std::string& stem) {
    const std::string folder = quarantine_path(options);
    auto status = make_quarantine(storage, options);
    std::vector<std::string> names;
    if (status.ok()) status = storage.list(folder, names);
    if (!status.ok()) return storage_error(status, "make the quarantine", folder);
    return folder + "/" + free_name(names, stem);
}

}  // namespace

Result<std::string> copy_to_quarantine(Storage& storage, const WalkOptions& options,
                                       const WalkEnd& end, const std::vector<Extent>& extents) {
    PAWL_ASSERT(!extents.empty());
    auto named = new_path(storage, options,
                          std::string("s") + std::to_string(options.shard) + "-position-" +
                              std::to_string(end.tail.position.value));
    if (!named.ok()) return named;
    const std::string path = named.value();
    std::unique_ptr<File> target;
    auto status = storage.open(path, OpenMode::create, target);
    std::uint64_t written = 0;
    AlignedBuffer buffer(chunk_bytes);
    for (const auto& extent : extents) {
        const std::string line = "pawl-quarantine shard " + std::to_string(options.shard) +
                                 " segment " + std::to_string(extent.segment) + " offset " +
                                 std::to_string(extent.begin) + " bytes " +
                                 std::to_string(extent.end - extent.begin) + "\n";
        if (status.ok())
            status = target->write_at(written, std::as_bytes(std::span(line.data(), line.size())));
        written += line.size();
        std::unique_ptr<File> source;
        if (status.ok())
            status =
                open_segment(storage, options.directory, options.shard, extent.segment, source);
        for (std::uint64_t at = extent.begin; status.ok() && at < extent.end;) {
            const auto wish = std::min<std::uint64_t>(chunk_bytes, extent.end - at);
            std::size_t got = 0;
            status = source->read_at(at, {buffer.data(), wish}, got);
            if (got == 0) break;
            if (status.ok()) status = target->write_at(written, {buffer.data(), got});
            written += got;
            at += got;
        }
    }
    if (status.ok()) status = target->sync();
    if (status.ok()) status = storage.sync_directory(quarantine_path(options));
    if (!status.ok()) return storage_error(status, "set cut bytes aside", path);
    return path;
}

std::vector<CutCommand> cut_commands(const WalkEnd& end) {
    std::vector<CutCommand> commands;
    std::uint64_t position = end.tail.position.value + end.salvage.size();
    std::size_t at = 0;
    while (end.torn.size() - at >= sizeof(detail::RecordHeader)) {
        const detail::RecordView view(end.torn.data() + at);
        const auto& header = view.header();
        const auto kind = static_cast<std::uint8_t>(header.kind());
        if (header.length < sizeof header || header.length % detail::record_alignment != 0 ||
            kind == 0 || kind > detail::record_kind_max)
            break;
        commands.push_back({Position{position}, Sequence{header.sequence}, header.session,
                            header.number, header.aggregate, header.command_type, kind});
        if (header.length > end.torn.size() - at) break;
        position += header.length;
        at += header.length;
    }
    return commands;
}

Result<std::string> move_to_quarantine(Storage& storage, const WalkOptions& options,
                                       std::uint64_t segment) {
    PAWL_ASSERT(segment != 0);
    auto named =
        new_path(storage, options,
                 std::string("s") + std::to_string(options.shard) + "-" + segment_name(segment));
    if (!named.ok()) return named;
    const std::string from = segment_path(options.directory, options.shard, segment);
    auto status = storage.rename(from, named.value());
    if (status.ok()) status = storage.sync_directory(quarantine_path(options));
    if (status.ok()) status = storage.sync_directory(shard_path(options.directory, options.shard));
    if (!status.ok()) return storage_error(status, "set the segment aside", from);
    return named;
}

Result<std::string> new_quarantine_path(Storage& storage, const std::string& directory,
                                        const std::string& stem) {
    WalkOptions options;
    options.directory = directory;
    return new_path(storage, options, stem);
}

Result<std::string> set_file_aside(Storage& storage, const std::string& directory,
                                   const std::string& path, const std::string& stem) {
    auto named = new_quarantine_path(storage, directory, stem);
    if (!named.ok()) return named;
    auto status = storage.rename(path, named.value());
    if (status.ok()) status = storage.sync_directory(directory + "/quarantine");
    if (status.ok()) status = storage.sync_directory(path.substr(0, path.rfind('/')));
    if (!status.ok()) return storage_error(status, "set it aside", path);
    return named;
}

}  // namespace pawl::journal
