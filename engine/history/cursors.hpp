// The durable cursors of an open directory: who stands where, and what retention must leave to
// them. Knows names and places; not what readers do.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "journal/cursor_file.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// Any thread. Errors are sentences for the user.
class Cursors {
public:
    Cursors(journal::Storage& storage, std::string directory, const journal::Identity& identity,
            std::uint32_t shards)
        : storage_(storage),
          directory_(std::move(directory)),
          identity_(identity),
          shards_(shards) {}

    // The name is this reader's until release(). Where it stands; nothing when it is new.
    Result<std::optional<journal::KeptCursor>> claim(const std::string& name);
    void release(const std::string& name);
    // Durable when it returns.
    Status keep(const journal::KeptCursor& cursor);
    // Retention waits for it no more. Not while somebody reads under that name.
    Status forget(const std::string& name);
    Result<std::vector<journal::KeptCursor>> all();

    // Calls `retain` with the lowest position of this shard that a cursor still needs; all ones
    // when there is none. Meanwhile no cursor comes or moves.
    Status spare(std::uint32_t shard, const std::function<Status(Position lowest)>& retain);

private:
    Status check_name(const std::string& name) const;
    Result<std::vector<journal::KeptCursor>> read_all();

    journal::Storage& storage_;
    const std::string directory_;
    const journal::Identity identity_;
    const std::uint32_t shards_;
    std::mutex mutex_;  // guards the files and the set: touched when cursors are kept
    std::set<std::string> in_use_;
};

}  // namespace pawl::detail
