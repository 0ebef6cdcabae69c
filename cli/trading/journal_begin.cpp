// The first readable segment of each shard.
#include "cli/trading/journal_begin.hpp"

#include "journal/inspect.hpp"

namespace pawl::cli {

Result<JournalBegin> begin_of_journal(const std::string& directory) {
    journal::PosixStorage storage;
    const auto looked = journal::look_at_directory(storage, directory);
    if (!looked) return looked.error();
    JournalBegin begin;
    std::string cursor;
    for (std::uint32_t shard = 0; shard < looked->manifest.shards; ++shard) {
        const auto look = journal::look_at_head(storage, *looked, shard);
        const auto first = journal::first_place(storage, look.walk_options);
        if (!first) return first.error();
        const std::uint64_t position = *first ? (*first)->tail.position.value : 0;
        begin.whole = begin.whole && position == 0;
        cursor += (cursor.empty() ? "" : " ") + std::to_string(shard) + ":" +
                  std::to_string(position) + "+0";
    }
    auto parsed = Cursor::parse(cursor);
    if (!parsed) return parsed.error();
    begin.cursor = std::move(parsed).value();
    return begin;
}

}  // namespace pawl::cli
