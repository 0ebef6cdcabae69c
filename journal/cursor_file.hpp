// Durable cursors: where each named reader of a directory stands, one small file each. Knows text
// and files; not who reads, not what there is to read.
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

// The next record of a shard, and how many of its events were handed out already.
struct CursorPlace {
    Position position;
    std::uint32_t events_done = 0;
    friend bool operator==(const CursorPlace&, const CursorPlace&) = default;
};

struct KeptCursor {
    std::string name;
    std::vector<CursorPlace> places;  // one per shard
};

// A name is 1 to 64 of a-z A-Z 0-9 _ - and begins with a letter or a digit.
bool is_cursor_name(std::string_view name) noexcept;

std::string cursor_path(const std::string& directory, std::string_view name);

// As text; parse(print(c)) is c. A damaged or foreign text is an error that says what is wrong.
std::string print_cursor(const KeptCursor& cursor, const Identity& identity);
Result<KeptCursor> parse_cursor(std::string_view text, std::string_view name,
                                const Identity& identity, std::string_view path);

// Replaces it whole: durable when it returns, and a reader sees the old one or the new one.
Status write_cursor(Storage& storage, const std::string& directory, const Identity& identity,
                    const KeptCursor& cursor);
// `found` is false when there is none of this name.
Result<KeptCursor> read_cursor(Storage& storage, const std::string& directory,
                               const Identity& identity, std::string_view name, bool& found);
// Forgetting one that is not there is fine.
Status remove_cursor(Storage& storage, const std::string& directory, std::string_view name);
// Names, sorted; none when there is no folder of them.
Result<std::vector<std::string>> list_cursors(Storage& storage, const std::string& directory);

}  // namespace pawl::journal
