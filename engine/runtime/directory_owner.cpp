// The name and a line's end.
#include "engine/runtime/directory_owner.hpp"

#include <memory>
#include <span>
#include <utility>

namespace pawl::detail {
namespace {

std::string owner_path(const std::string& directory) {
    return directory + "/node";
}

Result<std::string> owner_of(journal::Storage& storage, const std::string& directory) {
    std::string text;
    const auto status = journal::read_whole(storage, owner_path(directory), text);
    if (status.fault == journal::StorageFault::missing ||
        status.fault == journal::StorageFault::no_folder)
        return std::string();
    if (!status.ok()) return journal::storage_error(status, "read", owner_path(directory));
    const auto end = text.find('\n');
    return end == std::string::npos ? std::string() : text.substr(0, end);
}

Error is_anothers(const std::string& directory, const std::string& owner, const std::string& node) {
    return Error{ErrorCode::mismatch,
                 "journal " + directory + ": it is the copy of node " + owner +
                     ", and this is node " + node + ": start it with --node " + owner +
                     ", or give this node a directory of its own; remove " + owner_path(directory) +
                     " only when the node has got another name"};
}

}  // namespace

Status check_owner(journal::Storage& storage, const std::string& directory,
                   const std::string& node) {
    const Result<std::string> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    if (owner->empty() || *owner == node) return Done{};
    return is_anothers(directory, *owner, node);
}

Status note_owner(journal::Storage& storage, const std::string& directory,
                  const std::string& node) {
    const Result<std::string> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    if (*owner == node) return Done{};
    if (!owner->empty()) return is_anothers(directory, *owner, node);
    const std::string path = owner_path(directory);
    const std::string text = node + "\n";
    std::unique_ptr<journal::File> file;
    auto status = storage.open(path, journal::OpenMode::create, file);
    if (status.fault == journal::StorageFault::exists)
        status = storage.open(path, journal::OpenMode::write, file);
    if (status.ok()) status = file->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
    if (status.ok()) status = file->sync();
    if (status.ok()) status = storage.sync_directory(directory);
    if (!status.ok()) return journal::storage_error(status, "write down whose copy it is", path);
    return Done{};
}

Status check_is_nobodys(journal::Storage& storage, const std::string& directory) {
    const Result<std::string> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    if (owner->empty()) return Done{};
    return Error{ErrorCode::mismatch,
                 "journal " + directory + ": it is the copy of node " + *owner +
                     ", which may have lost something and says so only as a node: open it as a "
                     "Standby (--node " +
                     *owner + "); it makes snapshots itself (--snapshot-every)"};
}

}  // namespace pawl::detail
