// Cursors kept, forgotten and spared.
#include "engine/history/cursors.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

Status Cursors::check_name(const std::string& name) const {
    if (journal::is_cursor_name(name)) return Done{};
    return Error{ErrorCode::usage,
                 "cursor '" + name +
                     "': a name is 1 to 64 of a-z A-Z 0-9 _ - and begins with a letter or a "
                     "digit: choose another"};
}

Result<std::optional<journal::KeptCursor>> Cursors::claim(const std::string& name) {
    if (const Status good = check_name(name); !good) return good.error();
    const std::lock_guard lock(mutex_);
    if (in_use_.contains(name))
        return Error{ErrorCode::usage,
                     "cursor '" + name +
                         "': another subscription of this engine reads under that name: end it "
                         "first, or choose another"};
    bool found = false;
    Result<journal::KeptCursor> kept =
        journal::read_cursor(storage_, directory_, identity_, name, found);
    if (!kept) return kept.error();
    if (found && kept->places.size() != shards_)
        return Error{ErrorCode::mismatch, "cursor '" + name + "': it is of " +
                                              std::to_string(kept->places.size()) +
                                              " shards, the engine has " + std::to_string(shards_) +
                                              ": forget it and begin anew"};
    in_use_.insert(name);
    if (!found) return std::optional<journal::KeptCursor>{};
    return std::optional<journal::KeptCursor>(std::move(kept).value());
}

void Cursors::release(const std::string& name) {
    const std::lock_guard lock(mutex_);
    in_use_.erase(name);
}

Status Cursors::keep(const journal::KeptCursor& cursor) {
    PAWL_ASSERT(cursor.places.size() == shards_);
    const std::lock_guard lock(mutex_);
    PAWL_ASSERT(in_use_.contains(cursor.name));
    return journal::write_cursor(storage_, directory_, identity_, cursor);
}

Status Cursors::forget(const std::string& name) {
    if (const Status good = check_name(name); !good) return good;
    const std::lock_guard lock(mutex_);
    if (in_use_.contains(name))
        return Error{ErrorCode::usage, "cursor '" + name +
                                           "': a subscription of this engine reads under that "
                                           "name: end it before you forget it"};
    return journal::remove_cursor(storage_, directory_, name);
}

Result<std::vector<journal::KeptCursor>> Cursors::read_all() {
    Result<std::vector<std::string>> names = journal::list_cursors(storage_, directory_);
    if (!names) return names.error();
    std::vector<journal::KeptCursor> cursors;
    for (const std::string& name : *names) {
        bool found = false;
        Result<journal::KeptCursor> kept =
            journal::read_cursor(storage_, directory_, identity_, name, found);
        if (!kept) return kept.error();
        if (found) cursors.push_back(std::move(kept).value());
    }
    return cursors;
}

Result<std::vector<journal::KeptCursor>> Cursors::all() {
    const std::lock_guard lock(mutex_);
    return read_all();
}

// What cannot be read may be anywhere: then nothing goes.
Status Cursors::spare(std::uint32_t shard, const std::function<Status(Position lowest)>& retain) {
    const std::lock_guard lock(mutex_);
    const Result<std::vector<journal::KeptCursor>> cursors = read_all();
    if (!cursors) return cursors.error();
    Position lowest{~std::uint64_t{0}};
    for (const journal::KeptCursor& cursor : *cursors)
        lowest = std::min(
            lowest, shard < cursor.places.size() ? cursor.places[shard].position : Position{});
    return retain(lowest);
}

}  // namespace pawl::detail
