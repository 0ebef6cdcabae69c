// Whose copy of a stream a directory holds: one node's, by name. Knows one small file; not what it
// means for who may write.
#pragma once

#include <string>

#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// A name that was not written whole counts as none. mismatch: the directory is another node's.
Status check_owner(journal::Storage& storage, const std::string& directory,
                   const std::string& node);

// The same, and from now on it is this node's, durably. The directory is there and held.
Status note_owner(journal::Storage& storage, const std::string& directory, const std::string& node);

// For an engine that is no node: what a node's copy may have lost is its own to find out, and an
// opening hides it. mismatch: it is a node's.
Status check_is_nobodys(journal::Storage& storage, const std::string& directory);

}  // namespace pawl::detail
