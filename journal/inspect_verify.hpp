// A shard that nobody writes, judged by the same evidence and the same table as at recovery.
// Changes nothing.
#pragma once

#include <cstdint>
#include <string>

#include "journal/inspect.hpp"
#include "journal/judge.hpp"
#include "journal/storage.hpp"
#include "pawl/journal.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

struct JudgedEnd {
    Case which = Case::clean_end;
    Position durable;              // the highest position that anything here says was on disk
    std::uint64_t torn_bytes = 0;  // of a torn tail
    std::string sentence;          // what is wrong and where; empty for a clean end
};

// `claims`: a position that something else says was on disk, a snapshot for one.
Result<JudgedEnd> judge_closed_shard(Storage& storage, const Looked& looked, const ShardLook& look,
                                     Position claims = {});

// journal_verify on any storage.
Result<VerifyReport> verify_directory(Storage& storage, const std::string& directory);

}  // namespace pawl::journal
