// A cursor's text, and how it is replaced.
#include "journal/cursor_file.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <span>
#include <utility>

#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::string_view folder = "/cursors";

std::string folder_path(const std::string& directory) {
    return directory + std::string(folder);
}

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Takes `before`, then a number, off the front.
template <class Number>
bool take(std::string_view& text, std::string_view before, Number& number) {
    if (!text.starts_with(before)) return false;
    text.remove_prefix(before.size());
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return true;
}

}  // namespace

bool is_cursor_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= name_bytes_max && is_letter_or_digit(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
}

std::string cursor_path(const std::string& directory, std::string_view name) {
    return folder_path(directory) + "/" + std::string(name);
}

std::string print_cursor(const KeptCursor& cursor, const Identity& identity) {
    std::string text = "pawl-cursor 1\nidentity " + to_hex(identity) + "\n";
    for (std::size_t shard = 0; shard < cursor.places.size(); ++shard)
        text += "shard " + std::to_string(shard) + " " +
                std::to_string(cursor.places[shard].position.value) + " " +
                std::to_string(cursor.places[shard].events_done) + "\n";
    return text + "hash " + to_hex(hash64(text.data(), text.size())) + "\n";
}

Result<KeptCursor> parse_cursor(std::string_view text, std::string_view name,
                                const Identity& identity, std::string_view path) {
    const auto wrong = [&](const std::string& what) {
        return Error{ErrorCode::damaged, "cursor " + std::string(path) + ": " + what +
                                             ": forget it and let its reader begin anew"};
    };
    KeptCursor cursor;
    cursor.name = name;
    std::string_view rest = text;
    const std::string begin = "pawl-cursor 1\nidentity " + to_hex(identity) + "\n";
    if (!rest.starts_with("pawl-cursor 1\n")) return wrong("it is not a cursor of this format");
    if (!rest.starts_with(begin)) return wrong("it belongs to another directory");
    rest.remove_prefix(begin.size());
    while (rest.starts_with("shard ")) {
        std::size_t shard = 0;
        CursorPlace place;
        if (!take(rest, "shard ", shard) || shard != cursor.places.size() ||
            !take(rest, " ", place.position.value) || !take(rest, " ", place.events_done) ||
            !rest.starts_with("\n"))
            return wrong("the line of shard " + std::to_string(cursor.places.size()) +
                         " is not as it was written");
        rest.remove_prefix(1);
        cursor.places.push_back(place);
    }
    const std::size_t hashed = text.size() - rest.size();
    // As text: the same number in other letters is another file than the one that was written.
    if (rest != "hash " + to_hex(hash64(text.data(), hashed)) + "\n")
        return wrong("its hash is not right");
    return cursor;
}

Status write_cursor(Storage& storage, const std::string& directory, const Identity& identity,
                    const KeptCursor& cursor) {
    PAWL_ASSERT(is_cursor_name(cursor.name) && !cursor.places.empty());
    const std::string path = cursor_path(directory, cursor.name);
    const std::string temporary = path + ".new";  // no cursor's name has a dot
    const std::string text = print_cursor(cursor, identity);
    static_cast<void>(storage.remove(temporary));  // left by a crash
    std::unique_ptr<File> file;
    auto status = storage.open(temporary, OpenMode::create, file);
    if (status.fault == StorageFault::missing) {
        status = storage.make_directory(folder_path(directory));
        if (status.ok()) status = storage.sync_directory(directory);
        if (status.ok()) status = storage.open(temporary, OpenMode::create, file);
    }
    if (status.ok()) status = file->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
    if (status.ok()) status = file->sync();
    file.reset();
    if (!status.ok()) return storage_error(status, "write the cursor", temporary);
    status = storage.rename(temporary, path);
    if (status.ok()) status = storage.sync_directory(folder_path(directory));
    if (!status.ok()) return storage_error(status, "replace the cursor", path);
    return Done{};
}

Result<KeptCursor> read_cursor(Storage& storage, const std::string& directory,
                               const Identity& identity, std::string_view name, bool& found) {
    PAWL_ASSERT(is_cursor_name(name));
    const std::string path = cursor_path(directory, name);
    std::string text;
    const auto status = read_whole(storage, path, text);
    found = status.ok();
    if (status.fault == StorageFault::missing) return KeptCursor{std::string(name), {}};
    if (!status.ok()) return storage_error(status, "read the cursor", path);
    return parse_cursor(text, name, identity, path);
}

Status remove_cursor(Storage& storage, const std::string& directory, std::string_view name) {
    PAWL_ASSERT(is_cursor_name(name));
    const std::string path = cursor_path(directory, name);
    auto status = storage.remove(path);
    if (status.fault == StorageFault::missing) return Done{};
    if (status.ok()) status = storage.sync_directory(folder_path(directory));
    if (!status.ok()) return storage_error(status, "forget the cursor", path);
    return Done{};
}

Result<std::vector<std::string>> list_cursors(Storage& storage, const std::string& directory) {
    std::vector<std::string> names;
    const auto status = storage.list(folder_path(directory), names);
    if (status.fault == StorageFault::missing) return std::vector<std::string>{};
    if (!status.ok()) return storage_error(status, "list the cursors", folder_path(directory));
    std::erase_if(names, [](const std::string& name) { return !is_cursor_name(name); });
    return names;
}

}  // namespace pawl::journal
