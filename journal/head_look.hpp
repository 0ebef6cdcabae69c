// What the head of an earlier life has beyond the segments. Reads; writes nothing, judges no
// segment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/block_writer.hpp"
#include "journal/head.hpp"
#include "journal/manifest.hpp"
#include "journal/recovery.hpp"

namespace pawl::journal {

struct HeadLook {
    HeadFound found = HeadFound::not_needed;
    std::uint64_t good_bytes = 0;  // whole records that chain on at the segments' end
    std::vector<std::string> sentences;
};

// `tail`: where the segments end. `path` is for the sentences. Not for heads that are held or
// unreadable: those are refused before.
HeadLook look_at_head(const HeadRemains& remains, const std::string& path, const Manifest& manifest,
                      const StreamTail& tail);

}  // namespace pawl::journal
