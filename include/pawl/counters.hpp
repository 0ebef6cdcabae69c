// The counters of an engine, as another process reads them. Knows the layout of one shared page,
// nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pawl/result.hpp"

namespace pawl {

namespace detail {

// Layout of the shared memory HEADS/pawl-<identity>-counters: one header, then cells.
// Little-endian.
struct CounterHeader {
    std::uint64_t magic = 0x31'72'74'63'6C'77'61'70;  // "pawlctr1"
    std::uint64_t count = 0;                          // cells in use
    std::uint64_t process = 0;                        // of the writer
    std::uint64_t spare[5] = {};
};
static_assert(sizeof(CounterHeader) == 64);
struct CounterCell {
    char name[56] = {};  // zero-terminated
    std::uint64_t value = 0;
};
static_assert(sizeof(CounterCell) == 64);

}  // namespace detail

struct NamedCounter {
    std::string name;
    std::uint64_t value = 0;
};

// The counters of the engine that has `directory` open, read from its shared memory: no call into
// the engine, no cost for it. Any process that may read the memory. What was answered has been
// counted. An error when no engine has it open.
Result<std::vector<NamedCounter>> read_counters(const std::string& directory);

}  // namespace pawl
