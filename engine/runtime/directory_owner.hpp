// Whose copy of a stream a directory holds: one node's, by name, and which lives of it have been
// there. Knows one small file; not what it means for who may write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// A name that was not written whole counts as none. mismatch: the directory is another node's.
Status check_owner(journal::Storage& storage, const std::string& directory,
                   const std::string& node);

// The boots of the node's last lives there; replication::any_life among them: it had others that
// nobody has noted.
Result<std::vector<std::uint64_t>> lives_in(journal::Storage& storage,
                                            const std::string& directory);

// From now on the directory is this node's, and this life has been there, durably. `is_new`: it had
// no life before. The directory is there and held. mismatch: as above.
Status note_life(journal::Storage& storage, const std::string& directory, const std::string& node,
                 std::uint64_t boot, bool is_new);

// For an engine that is no node: what a node's copy may have lost is its own to find out, and an
// opening hides it. mismatch: it is a node's.
Status check_is_nobodys(journal::Storage& storage, const std::string& directory);

}  // namespace pawl::detail
