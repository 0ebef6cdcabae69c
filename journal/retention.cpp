// Chooses what may go, declares it, lets it go.
#include "journal/retention.hpp"

#include <algorithm>
#include <utility>

#include "journal/segment_walk.hpp"
#include "journal/snapshot.hpp"

namespace pawl::journal {
namespace {

class Retaining {
public:
    Retaining(Storage& storage, const RetentionCall& call) : storage_(storage), call_(call) {
        walk_options_.directory = call.directory;
        walk_options_.shard = call.shard;
        walk_options_.identity = call.identity;
        walk_options_.segment_bytes = call.segment_bytes;
        walk_options_.epoch_max = call.epoch;
        report_.kept = call.kept;
    }

    Result<RetentionReport> run() {
        auto snapshots = list_snapshots(storage_, call_.directory, call_.shard);
        if (!snapshots.ok()) return snapshots.error();
        if (auto status = choose(snapshots.value()); !status.ok()) return status.error();
        if (report_.kept != call_.kept)
            if (auto status = call_.declare(report_.kept); !status.ok()) return status.error();
        if (auto status = let_segments_go(); !status.ok()) return status.error();
        if (auto status = remove_old_snapshots(); !status.ok()) return status.error();
        return std::move(report_);
    }

private:
    void say(std::string sentence) { report_.sentences.push_back(std::move(sentence)); }

    // The oldest of the snapshots that are kept, and the first segment that stays.
    Status choose(const std::vector<std::string>& snapshots) {
        std::uint32_t good = 0;
        for (std::size_t i = 0; i < snapshots.size() && good < call_.options.snapshots_kept; ++i) {
            auto facts = SnapshotReader::look(storage_, snapshots[i], call_.identity, call_.shard);
            if (!facts.ok()) {
                say("not counted as kept: " + facts.error().sentence);
                continue;
            }
            kept_snapshots_.push_back(std::move(facts).value());
            if (++good == call_.options.snapshots_kept)
                old_snapshots_.assign(snapshots.begin() + static_cast<std::ptrdiff_t>(i + 1),
                                      snapshots.end());
        }
        if (good < call_.options.snapshots_kept) return Done{};  // nothing rests on too few
        if (call_.options.segments == Retention::keep) return Done{};
        auto listed = list_segments(storage_, call_.directory, call_.shard);
        if (!listed.ok()) return listed.error();
        segments_ = std::move(listed).value();
        if (auto status = advance(kept_snapshots_.back().tail.segment_index); !status.ok())
            return status;
        const bool leftover = !segments_.empty() && segments_.front() < call_.kept.segment_index;
        if (report_.kept == call_.kept && !leftover) return Done{};
        return check_kept_snapshots();
    }

    // Moves report_.kept to the first segment that is needed, at most `limit`.
    Status advance(std::uint64_t limit) {
        for (std::uint64_t next = report_.kept.segment_index + 1; next <= limit; ++next) {
            auto place = place_in_segment(storage_, walk_options_, next);
            if (!place.ok()) return place.error();
            // Everything before the segment's first position is wholly below it.
            if (place->tail.position > call_.lowest_needed) break;
            report_.kept = Kept{next, place->tail.position};
        }
        return Done{};
    }

    // Whole, and standing where the segments say: otherwise nothing more goes.
    Status check_kept_snapshots() {
        for (const auto& facts : kept_snapshots_) {
            auto reader = SnapshotReader::open(storage_, facts.path, call_.identity, call_.shard);
            std::string why = reader.ok() ? "" : reader.error().sentence;
            if (why.empty()) {
                auto fault = place_fault(storage_, walk_options_, facts.from());
                if (!fault.ok()) return fault.error();
                if (!fault->empty()) why = facts.path + ": it does not stand there: " + *fault;
            }
            if (why.empty()) continue;
            say("no segment goes, since a snapshot that would be relied on is not good: " + why);
            report_.kept = call_.kept;
            segments_.clear();
            old_snapshots_.clear();
            return Done{};
        }
        return Done{};
    }

    // Ascending, so that what is there is always without a gap.
    Status let_segments_go() {
        if (call_.options.segments == Retention::keep) return Done{};
        std::vector<std::uint64_t> going;
        for (const auto index : segments_)
            if (index < report_.kept.segment_index) going.push_back(index);
        if (going.empty()) return Done{};
        const bool archive = call_.options.segments == Retention::archive;
        if (archive)
            if (auto status = make_archive(); !status.ok()) return status;
        for (const auto index : going) {
            const std::string from = segment_path(call_.directory, call_.shard, index);
            const auto status =
                archive ? storage_.rename(
                              from, archived_segment_path(call_.directory, call_.shard, index))
                        : storage_.remove(from);
            if (!status.ok())
                return storage_error(status, archive ? "archive the segment" : "remove the segment",
                                     from);
            ++report_.segments_gone;
            report_.bytes_gone += call_.segment_bytes;
        }
        // The new place before the old one: a name that stands in both does no harm.
        if (archive)
            if (auto status = sync(archive_path(call_.directory, call_.shard)); !status.ok())
                return status;
        return sync(shard_path(call_.directory, call_.shard));
    }

    Status make_archive() {
        const std::string all = call_.directory + "/archive";
        const std::string folder = archive_path(call_.directory, call_.shard);
        auto status = storage_.make_directory(all);
        if (status.ok()) status = storage_.sync_directory(call_.directory);
        if (status.ok()) status = storage_.make_directory(folder);
        if (status.ok()) status = storage_.sync_directory(all);
        if (!status.ok()) return storage_error(status, "make the archive", folder);
        return Done{};
    }

    Status remove_old_snapshots() {
        if (old_snapshots_.empty()) return Done{};
        for (const auto& path : old_snapshots_) {
            const auto status = storage_.remove(path);
            if (!status.ok()) return storage_error(status, "remove the old snapshot", path);
            ++report_.snapshots_removed;
        }
        return sync(shard_path(call_.directory, call_.shard));
    }

    Status sync(const std::string& folder) {
        const auto status = storage_.sync_directory(folder);
        if (!status.ok()) return storage_error(status, "sync the directory", folder);
        return Done{};
    }

    Storage& storage_;
    const RetentionCall& call_;
    WalkOptions walk_options_;
    std::vector<SnapshotFacts> kept_snapshots_;  // newest first
    std::vector<std::string> old_snapshots_;
    std::vector<std::uint64_t> segments_;  // in the shard's folder
    RetentionReport report_;
};

}  // namespace

Result<RetentionReport> retain_segments(Storage& storage, const RetentionCall& call) {
    PAWL_ASSERT(call.options.snapshots_kept >= 1);
    PAWL_ASSERT(call.declare != nullptr);
    return Retaining(storage, call).run();
}

}  // namespace pawl::journal
