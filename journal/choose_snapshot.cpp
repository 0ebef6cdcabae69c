// Newest first; each that is passed over has its reason.
#include "journal/choose_snapshot.hpp"

#include <algorithm>
#include <utility>

#include "journal/snapshot.hpp"

namespace pawl::journal {
namespace {

class Choosing {
public:
    Choosing(Storage& storage, const WalkOptions& options, const Manifest& manifest,
             RecordSink& sink)
        : storage_(storage),
          options_(options),
          kept_(manifest.kept_of(options.shard)),
          sink_(sink) {}

    Result<SnapshotChoice> run() {
        auto listed = list_readable_segments(storage_, options_.directory, options_.shard);
        if (!listed.ok()) return listed.error();
        segments_ = std::move(listed).value();
        auto snapshots = list_snapshots(storage_, options_.directory, options_.shard);
        if (!snapshots.ok()) return snapshots.error();
        for (const auto& path : snapshots.value()) {
            if (auto status = consider(path); !status.ok()) return status.error();
            if (choice_.from) return std::move(choice_);
        }
        if (const auto missing = first_missing(1, kept_.segment_index); missing != 0)
            return below_is_gone(missing);
        return std::move(choice_);
    }

private:
    // An error only for what opening must not survive.
    Status consider(const std::string& path) {
        auto facts = SnapshotReader::look(storage_, path, options_.identity, options_.shard);
        if (!facts.ok()) return pass_over(path, facts.error().sentence);
        if (facts->tail.position > choice_.durable) {
            choice_.durable = facts->tail.position;
            choice_.durable_source = path;
        }
        if (facts->epoch > options_.epoch_max)
            return pass_over(path, "it is of a later reign than the manifest knows");
        const WalkFrom from = facts->from();
        // A gap, even below the snapshot: somebody took a file away. Where the segments end before
        // it, they may be an older copy: the place says so, and the position counts as durable.
        const auto last = segments_.empty() ? 0 : segments_.back();
        const auto missing =
            first_missing(kept_.segment_index, std::min(from.tail.segment_index, last));
        if (missing != 0)
            return Error{ErrorCode::damaged,
                         where() + segment_path(options_.directory, options_.shard, missing) +
                             " is missing, later segments are there: nothing was changed; restore "
                             "it from a copy or a standby"};
        auto fault = place_fault(storage_, options_, from);
        if (!fault.ok()) return fault.error();
        if (!fault->empty())
            return pass_over(path, "the segments are not what it was made of: " + *fault);
        auto reader = SnapshotReader::open(storage_, path, options_.identity, options_.shard);
        if (!reader.ok()) return pass_over(path, reader.error().sentence);
        if (const auto taken = sink_.on_snapshot(**reader); !taken.ok())
            return pass_over(path, taken.error().sentence);
        PAWL_ASSERT(from.tail.position <= choice_.durable);
        choice_.from = from;
        choice_.path = path;
        return Done{};
    }

    Status pass_over(const std::string& path, std::string why) {
        choice_.passed_over.push_back({path, std::move(why)});
        return Done{};
    }

    // The lowest number in [first, end) that has no file; 0: all are there.
    std::uint64_t first_missing(std::uint64_t first, std::uint64_t end) const {
        auto next = std::lower_bound(segments_.begin(), segments_.end(), first);
        for (std::uint64_t index = first; index < end; ++index, ++next)
            if (next == segments_.end() || *next != index) return index;
        return 0;
    }

    std::string where() const {
        return "journal " + options_.directory + ": shard " + std::to_string(options_.shard) + ": ";
    }

    Error below_is_gone(std::uint64_t missing) const {
        std::string sentence =
            where() + "segments below number " + std::to_string(kept_.segment_index) +
            ", position " + std::to_string(kept_.position.value) + ", were archived or removed; " +
            segment_name(missing) + " is not there, and no snapshot can be used";
        for (const auto& passed : choice_.passed_over)
            sentence += "; " + passed.path + ": " + passed.why;
        sentence += ": nothing was changed; restore a snapshot, or the segments into " +
                    archive_path(options_.directory, options_.shard);
        return Error{ErrorCode::damaged, std::move(sentence)};
    }

    Storage& storage_;
    const WalkOptions& options_;
    const Kept kept_;
    RecordSink& sink_;
    std::vector<std::uint64_t> segments_;
    SnapshotChoice choice_;
};

}  // namespace

Result<SnapshotChoice> choose_snapshot(Storage& storage, const WalkOptions& options,
                                       const Manifest& manifest, RecordSink& sink) {
    return Choosing(storage, options, manifest, sink).run();
}

}  // namespace pawl::journal
