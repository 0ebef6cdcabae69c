// Puts a damaged block back, byte for byte, from where the same records are whole. Knows gaps and
// how a block is formed; not where the records come from.
#pragma once

#include <string>

#include "journal/storage.hpp"
#include "pawl/journal.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// journal_heal on any storage.
Result<HealReport> heal_directory(Storage& storage, const std::string& directory,
                                  const FetchRecords& fetch);

// records_of_directory on any storage, which outlives it.
FetchRecords records_in(Storage& storage, std::string directory);

}  // namespace pawl::journal
