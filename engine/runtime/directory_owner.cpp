// A line with the name, then a ring of lines: one for each of the last lives, with its number. All
// of it has its place from the beginning, so a full disk takes it too; and no line is in two
// sectors.
#include "engine/runtime/directory_owner.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "engine/replication/node_name.hpp"
#include "engine/replication/role_machine.hpp"

namespace pawl::detail {
namespace {

std::string owner_path(const std::string& directory) {
    return directory + "/node";
}

constexpr std::size_t file_bytes = 4096;
constexpr std::size_t name_line_bytes = 128;
constexpr std::size_t life_line_bytes = 32;
constexpr std::size_t number_column_bytes = 12;
constexpr std::size_t boot_digits = 16;
constexpr std::size_t lives_max = (file_bytes - name_line_bytes) / life_line_bytes;
static_assert(name_line_bytes > replication::node_name_bytes_max);

struct Life {
    std::uint64_t number = 0;  // counted from 1
    std::uint64_t boot = 0;
};

struct Owner {
    bool is_there = false;  // the file
    std::string node;       // empty: nobody
    std::vector<Life> lives;
};

std::optional<Life> parse_life(std::string_view line) {
    Life life;
    const char* const boot_at = line.data() + number_column_bytes;
    const char* const boot_end = boot_at + boot_digits;
    const auto number = std::from_chars(line.data(), boot_at, life.number);
    const auto boot = std::from_chars(boot_at, boot_end, life.boot, 16);
    if (number.ec != std::errc{} || life.number == 0) return std::nullopt;
    if (boot.ec != std::errc{} || boot.ptr != boot_end) return std::nullopt;
    return life;
}

std::string print_life(const Life& life) {
    std::array<char, life_line_bytes + 1> line{};
    std::snprintf(line.data(), line.size(), "%-12llu%016llx   \n",
                  static_cast<unsigned long long>(life.number),
                  static_cast<unsigned long long>(life.boot));
    return line.data();
}

std::string print(const Owner& owner) {
    std::string text = owner.node + '\n';
    text.resize(file_bytes, ' ');
    text[name_line_bytes - 1] = '\n';
    for (const Life& life : owner.lives)
        text.replace(name_line_bytes + life.number % lives_max * life_line_bytes, life_line_bytes,
                     print_life(life));
    return text;
}

Status write(journal::Storage& storage, const std::string& directory, const Owner& owner) {
    const std::string path = owner_path(directory);
    const std::string text = print(owner);
    std::unique_ptr<journal::File> file;
    auto status = storage.open(
        path, owner.is_there ? journal::OpenMode::write : journal::OpenMode::create, file);
    if (status.ok()) status = file->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
    if (status.ok()) status = file->sync();
    if (status.ok() && !owner.is_there) status = storage.sync_directory(directory);
    if (!status.ok()) return journal::storage_error(status, "write down whose copy it is", path);
    return Done{};
}

Result<Owner> owner_of(journal::Storage& storage, const std::string& directory) {
    std::string text;
    const auto status = journal::read_whole(storage, owner_path(directory), text);
    if (status.fault == journal::StorageFault::missing ||
        status.fault == journal::StorageFault::no_folder)
        return Owner{};
    if (!status.ok()) return journal::storage_error(status, "read", owner_path(directory));
    Owner owner;
    owner.is_there = true;
    const auto end = text.find('\n');
    if (end == std::string::npos) return owner;
    owner.node = text.substr(0, end);
    for (std::size_t at = name_line_bytes; at + life_line_bytes <= text.size();
         at += life_line_bytes)
        if (const auto life = parse_life(std::string_view(text).substr(at, life_line_bytes)))
            owner.lives.push_back(*life);
    return owner;
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
    const Result<Owner> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    if (owner->node.empty() || owner->node == node) return Done{};
    return is_anothers(directory, owner->node, node);
}

Status note_owner(journal::Storage& storage, const std::string& directory,
                  const std::string& node) {
    Result<Owner> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    if (owner->node == node) return Done{};
    if (!owner->node.empty()) return is_anothers(directory, owner->node, node);
    owner->node = node;
    return write(storage, directory, *owner);
}

Result<std::vector<std::uint64_t>> lives_in(journal::Storage& storage,
                                            const std::string& directory) {
    const Result<Owner> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    std::vector<std::uint64_t> boots;
    for (const Life& life : owner->lives) boots.push_back(life.boot);
    if (boots.empty() && !owner->node.empty()) boots.push_back(replication::any_life);
    return boots;
}

Status note_lives(journal::Storage& storage, const std::string& directory, const std::string& node,
                  std::span<const std::uint64_t> boots, bool is_new) {
    Result<Owner> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    owner->node = node;
    std::vector<Life>& lives = owner->lives;
    std::uint64_t newest = 0;
    for (const Life& life : lives) newest = std::max(newest, life.number);
    if (lives.empty() && !is_new) lives.push_back({++newest, replication::any_life});
    for (const std::uint64_t boot : boots) {
        const bool will_stay = std::any_of(lives.begin(), lives.end(), [&](const Life& life) {
            return life.boot == boot && newest - life.number < lives_max / 2;
        });
        if (!will_stay) lives.push_back({++newest, boot});
    }
    std::erase_if(lives, [&](const Life& life) { return newest - life.number >= lives_max; });
    return write(storage, directory, *owner);
}

Status check_is_nobodys(journal::Storage& storage, const std::string& directory) {
    const Result<Owner> owner = owner_of(storage, directory);
    if (!owner.ok()) return owner.error();
    if (owner->node.empty()) return Done{};
    return Error{ErrorCode::mismatch,
                 "journal " + directory + ": it is the copy of node " + owner->node +
                     ", which may have lost something and says so only as a node: open it as a "
                     "Standby (--node " +
                     owner->node + "); it makes snapshots itself (--snapshot-every)"};
}

}  // namespace pawl::detail
