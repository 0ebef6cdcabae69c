// Changes of a whole directory that take many steps: each writes down first what it wants, so that
// whoever dies half way is finished by the next opening. Knows the two notes; not why anybody
// changes a directory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "journal/manifest.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// Files in the directory. Each is the manifest as it shall be when the change is done.
inline constexpr std::string_view adopting_name = "adopting";  // see adopt.hpp
inline constexpr std::string_view cutting_name = "cutting";    // see cut.hpp

// The change is wanted from now on: durable when it returns.
Status begin_change(Storage& storage, const std::string& directory, std::string_view name,
                    const Manifest& wanted);
// The note becomes the manifest: the change is done, durably.
Status end_change(Storage& storage, const std::string& directory, std::string_view name);

// The caller holds the lock. Takes up what an earlier process left unfinished. True: there was
// something. An error leaves it to the next attempt.
Result<bool> finish_interrupted(Storage& storage, const std::string& directory);

// For those who only look: the name of a change that is unfinished, or nothing.
Result<std::string> interrupted_change(Storage& storage, const std::string& directory);

// The steps of each, all of which may have been done before. Private to the two and to
// finish_interrupted.
Status carry_out_adoption(Storage& storage, const std::string& directory, const Manifest& wanted);
Status carry_out_cut(Storage& storage, const std::string& directory, const Manifest& wanted);

}  // namespace pawl::journal
