// Where a journal begins that retention has removed the front of. Knows positions; not what is
// there.
#pragma once

#include <string>

#include "pawl/result.hpp"
#include "pawl/subscription.hpp"

namespace pawl::cli {

struct JournalBegin {
    Cursor cursor;      // of the first records that can be read, archived ones too
    bool whole = true;  // nothing was removed
};

// Any thread, also beside an engine that has the directory open.
Result<JournalBegin> begin_of_journal(const std::string& directory);

}  // namespace pawl::cli
