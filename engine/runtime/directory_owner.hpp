// Whose copy of a stream a directory holds: one node's, by name. Knows one small file; not what it
// means for who may write.
#pragma once

#include <string>

#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// Empty: nobody's. What was not written whole counts as nothing.
Result<std::string> owner_of(journal::Storage& storage, const std::string& directory);

// mismatch: it is another node's.
Status check_owner(journal::Storage& storage, const std::string& directory,
                   const std::string& node);

// Durable when it returns. The directory is there.
Status note_owner(journal::Storage& storage, const std::string& directory, const std::string& node);

}  // namespace pawl::detail
