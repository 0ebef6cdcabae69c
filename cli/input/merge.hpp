// Several sources as one, interleaved by time. Knows instructions only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cli/input/instruction.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

// What becomes of `instrument` and `line`.
struct MergeOptions {
    bool source_is_instrument = true;  // instrument = index of the source
    bool count_lines = false;          // line = place in the merged order, from 1
};

// The earliest next instruction first; of equal times the one of the lower index. Each source keeps
// its own order even where its times step back. The first error of a source ends the merge when its
// turn comes.
std::unique_ptr<InstructionSource> merge(std::vector<std::unique_ptr<InstructionSource>> sources,
                                         MergeOptions options = {});

}  // namespace pawl::cli
