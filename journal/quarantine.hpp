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

// Moves any file there, under a name that begins with `stem`; durable when it returns. Returns its
// new path.
Result<std::string> set_file_aside(Storage& storage, const std::string& directory,
                                   const std::string& path, const std::string& stem);

// A path under quarantine/ that is not taken. The folder is there then.
Result<std::string> new_quarantine_path(Storage& storage, const std::string& directory,
                                        const std::string& stem);

}  // namespace pawl::journal
