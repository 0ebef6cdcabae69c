// Sets bytes aside before they are cut: copies and moved files under quarantine/. Never deletes
// anything.
#pragma once

#include <string>
#include <vector>

#include "journal/evidence.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// Copies the extents into one new file, each behind a line that says where it was; durable when it
// returns. Returns the file's path.
Result<std::string> copy_to_quarantine(Storage& storage, const WalkOptions& options,
                                       const WalkEnd& end, const std::vector<Extent>& extents);

// What can still be named of a torn block's records: those that look like the next ones. The rest
// is in the quarantine file.
std::vector<CutCommand> cut_commands(const WalkEnd& end);

// Moves a whole segment file there; durable when it returns. Returns its new path.
Result<std::string> move_to_quarantine(Storage& storage, const WalkOptions& options,
                                       std::uint64_t segment);

}  // namespace pawl::journal
