// Whose copy of a stream a directory holds: one node's, by name, and which lives of it have been
// there. Knows one small file; not what it means for who may write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// A name that was not written whole counts as none. mismatch: the directory is another node's.
Status check_owner(journal::Storage& storage, const std::string& directory,
                   const std::string& node);

// The same, and from now on it is this node's, durably. The directory is there and held.
Status note_owner(journal::Storage& storage, const std::string& directory, const std::string& node);

// The boots of the node's last lives there; nothing: there is no such file. replication::any_life
// among them: it had others that nobody has noted.
Result<std::vector<std::uint64_t>> lives_in(journal::Storage& storage,
                                            const std::string& directory);

// From now on these lives have been there, durably. `is_new`: it had none before. The directory is
// there, held and this node's.
Status note_lives(journal::Storage& storage, const std::string& directory, const std::string& node,
                  std::span<const std::uint64_t> boots, bool is_new);

// For an engine that is no node: what a node's copy may have lost is its own to find out, and an
// opening hides it. mismatch: it is a node's.
Status check_is_nobodys(journal::Storage& storage, const std::string& directory);

}  // namespace pawl::detail
