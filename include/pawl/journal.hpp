// Looks into a journal directory: prints, verifies, counts. Read-only, safe beside a running
// engine; knows nothing of the program that wrote it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl {

struct DumpOptions {
    std::optional<std::uint32_t> shard;
    std::optional<std::string> session;         // by name
    std::optional<std::uint64_t> number;        // of the command in its session
    std::optional<std::string> aggregate_type;  // by name
    std::optional<Id> aggregate;
    std::uint64_t sequence_min = 0;
    std::uint64_t sequence_max = ~std::uint64_t{0};
    std::uint64_t records_max = ~std::uint64_t{0};
};

// Calls `print` with one JSON object per record, shard by shard, in order; returns how many. What a
// running or killed engine has committed but not yet written to segments is included.
Result<std::uint64_t> journal_dump(const std::string& directory, const DumpOptions& options,
                                   const std::function<void(std::string_view json_line)>& print);

// What verifying one shard found.
struct VerifyShard {
    std::uint32_t shard = 0;
    bool clean = true;             // nothing that was durable is wrong
    std::string found;             // clean_end, torn_tail, live_tail, suspect, damage, divergent
    Position end;                  // everything below is good and in segments
    std::uint64_t durable = 0;     // highest position that is known to have been on disk
    std::uint64_t head_bytes = 0;  // good bytes that only the head has yet
    std::uint64_t torn_bytes = 0;  // behind the end, within the bound: the next opening cuts them
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    std::uint64_t segments = 0;
    std::uint64_t blocks = 0;
    std::vector<std::string> sentences;  // what, where, how to go on
};

struct VerifyReport {
    bool clean = true;
    bool live = false;  // a process holds the directory
    std::string holder;
    std::vector<VerifyShard> shards;
};

// Checks every hash, checksum and position. Damage is a finding in the report; an error only when
// the directory cannot be read as a journal at all.
Result<VerifyReport> journal_verify(const std::string& directory);

struct StatShard {
    std::uint32_t shard = 0;
    Position end;        // in segments
    Position committed;  // in the head; the same as end when there is none
    std::uint64_t records = 0;
    std::uint64_t rejected = 0;
    std::uint64_t events = 0;
    std::uint64_t sessions = 0;
    std::uint64_t segments = 0;
    std::uint64_t blocks = 0;
    std::uint64_t disk_bytes = 0;
    Time first, last;
};

struct StatReport {
    std::string identity;
    std::uint32_t format = 0;
    std::uint64_t epoch = 0;
    bool live = false;
    bool closed_clean = false;
    std::uint64_t segment_bytes = 0;
    std::uint64_t head_bytes = 0;
    std::string heads;
    std::vector<StatShard> shards;
};

Result<StatReport> journal_stat(const std::string& directory);

}  // namespace pawl
