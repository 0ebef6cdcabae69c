// One door to all input formats: names to sources. Knows which reader reads which format; parses
// nothing itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/input/instruction.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

enum class Format : std::uint8_t { sse, lobster, itch, csv };

// "sse", "lobster", "itch" or "csv"; otherwise an error (usage) that lists them.
Result<Format> format_from(std::string_view word);

struct InputOptions {
    std::vector<std::string>
        files;  // "-" = standard input, at most once; plain, gzip or zstd by content
    Format format = Format::csv;
    std::string
        seed;  // lobster only, one file only: the book after row 1; it replaces row 1. "" = none
};

// Opens every file and reads their first lines. Several files are several instruments: instrument =
// index in `files`, interleaved by time. The source owns everything it needs.
Result<std::unique_ptr<InstructionSource>> open_input(const InputOptions& options);

// What people call the instrument of a file: its name without folder, compression and format
// suffix. "day/600536.csv.zst" → "600536"; "-" → "stdin".
std::string file_stem(std::string_view file);

}  // namespace pawl::cli
