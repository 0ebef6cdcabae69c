// Judges the first position that is not good: a table, one row per case. Knows evidence; no bytes,
// no files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pawl::journal {

// What stands at the first position that is not good.
enum class Seen : std::uint8_t {
    nothing,    // zeros, an older generation, or the end of the last segment
    bad,        // bytes that are not a good block or record
    disagrees,  // an intact block of another reign than the epoch history allows
};

// Where anything newer lies behind that position.
enum class Beyond : std::uint8_t {
    nothing,
    near,  // all of it within inflight_bytes_max
    far,   // some of it farther away
};

struct Evidence {
    Seen seen = Seen::nothing;
    bool durable_beyond = false;  // D > p: somebody says that more than this was on disk
    Beyond beyond = Beyond::nothing;
};

enum class Case : std::uint8_t { clean_end, torn_tail, suspect, damage, divergent };

enum class Decision : std::uint8_t {
    stop_here,       // the stream ends here, go on writing
    cut,             // set aside, zero, go on: whole records only
    ask_or_refuse,   // do not cut: a peer may know, else refuse
    heal_or_refuse,  // take it from the head or a peer by (position, checksum), else refuse
    set_aside,       // go on from the point both histories share
};

struct Judgement {
    Case which;
    Decision decision;
};

// One row of the table: matches when each column does. Columns are sets, as bit masks over the
// enumerators.
struct JudgeRow {
    std::uint8_t seen_set;
    std::uint8_t durable_beyond_set;  // bit 0: false, bit 1: true
    std::uint8_t beyond_set;
    Judgement judgement;
    bool matches(const Evidence& evidence) const noexcept;
};

std::span<const JudgeRow> judge_table() noexcept;

// The one row that matches.
Judgement judge(const Evidence& evidence) noexcept;

const char* to_string(Case) noexcept;

}  // namespace pawl::journal
