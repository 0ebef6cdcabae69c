// Which snapshot recovery begins with, and whether the segments that it needs are all there. Reads
// only; judges no tail.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "journal/manifest.hpp"
#include "journal/recovery.hpp"
#include "journal/segment_walk.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

struct SnapshotChoice {
    std::optional<WalkFrom> from;  // none: everything is replayed, from the first segment
    std::string path;              // of the snapshot that the sink has loaded
    Position durable;              // highest position that an intact header says was on disk
    std::string durable_source;    // and whose
    std::vector<PassedOver> passed_over;
};

// The newest snapshot that is whole, stands where the segments say it does, and is taken by the
// sink. An error: segments are missing that nothing can replace, named; or one cannot be read.
Result<SnapshotChoice> choose_snapshot(Storage& storage, const WalkOptions& options,
                                       const Manifest& manifest, RecordSink& sink);

}  // namespace pawl::journal
