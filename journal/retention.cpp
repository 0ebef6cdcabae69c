// Chooses what may go, declares it, lets it go.
#include "journal/retention.hpp"

#include <algorithm>
#include <utility>

#include "journal/segment_walk.hpp"
#include "journal/snapshot.hpp"

namespace pawl::journal {
class RetentionPass::Parts {
public:
    Parts(Storage& storage, RetentionCall call) : storage_(storage), call_(std::move(call)) {
        walk_options_.directory = call_.directory;
        walk_options_.shard = call_.shard;
        walk_options_.identity = call_.identity;
        walk_options_.segment_bytes = call_.segment_bytes;
        walk_options_.epoch_max = call_.epoch;
        report_.kept = call_.kept;
        PAWL_ASSERT(call_.options.snapshots_kept >= 1);
        PAWL_ASSERT(call_.declare != nullptr);
    }

    Result<bool> check_some(std::uint64_t bytes_about) {
        if (!chosen_) {
            if (auto status = choose(); !status.ok()) return status.error();
            chosen_ = true;
        }
        while (!relied_on_.empty()) {
            if (reading_ == nullptr) {
                if (auto status = begin_reading(); !status.ok()) return status.error();
                continue;
            }
            auto done = reading_->check_some(bytes_about);
            if (done.ok() && !done.value()) return false;
            reading_.reset();
            if (!done.ok()) {
                rely_on_nothing(done.error().sentence);
                break;
            }
            relied_on_.pop_back();
            return relied_on_.empty();
        }
        return true;
    }

    Result<RetentionReport> finish(Position lowest_needed) {
        PAWL_ASSERT(chosen_ && relied_on_.empty() && "check_some() first, until it says true");
        if (may_go_)
            if (auto status = advance(lowest_needed); !status.ok()) return status.error();
        if (report_.kept != call_.kept)
            if (auto status = call_.declare(report_.kept); !status.ok()) return status.error();
        // In this order nothing that is there ever stands on a segment that is gone.
        if (auto status = remove_old_snapshots(); !status.ok()) return status.error();
        if (may_go_)
            if (auto status = let_segments_go(); !status.ok()) return status.error();
        return std::move(report_);
    }

private:
    void say(std::string sentence) { report_.sentences.push_back(std::move(sentence)); }

    // The snapshots that are kept and the older ones; whether any segment can go at all.
    Status choose() {
        auto listed = list_snapshots(storage_, call_.directory, call_.shard);
        if (!listed.ok()) return listed.error();
        const auto& snapshots = listed.value();
        std::vector<SnapshotFacts> kept;  // newest first
        for (std::size_t i = 0; i < snapshots.size(); ++i) {
            if (kept.size() == call_.options.snapshots_kept) {
                old_snapshots_.push_back(snapshots[i]);
                continue;
            }
            auto facts = SnapshotReader::look(storage_, snapshots[i], call_.identity, call_.shard);
            if (facts.ok())
                kept.push_back(std::move(facts).value());
            else
                say("not counted as kept: " + facts.error().sentence);
        }
        if (kept.size() < call_.options.snapshots_kept) return Done{};  // nothing rests on too few
        if (call_.options.segments != Retention::keep)
            if (auto status = look_at_segments(kept.back()); !status.ok()) return status;
        // While every segment is there, a snapshot may go unread: everything can be replayed.
        const bool rests = may_go_ || call_.kept.segment_index > 1;
        if (rests && (may_go_ || !old_snapshots_.empty())) relied_on_ = std::move(kept);
        return Done{};
    }

    Status look_at_segments(const SnapshotFacts& oldest_kept) {
        auto segments = list_segments(storage_, call_.directory, call_.shard);
        if (!segments.ok()) return segments.error();
        segments_ = std::move(segments).value();
        limit_ = oldest_kept.tail.segment_index;
        const bool leftover = !segments_.empty() && segments_.front() < call_.kept.segment_index;
        may_go_ = leftover || limit_ > call_.kept.segment_index;
        return Done{};
    }

    // The next of them: it stands where the segments say, and its body is about to be read.
    Status begin_reading() {
        const SnapshotFacts& facts = relied_on_.back();
        auto fault = place_fault(storage_, walk_options_, facts.from());
        if (!fault.ok()) return fault.error();
        auto reader = SnapshotReader::begin(storage_, facts.path, call_.identity, call_.shard);
        if (!fault->empty())
            rely_on_nothing(facts.path + ": it does not stand there: " + *fault);
        else if (!reader.ok())
            rely_on_nothing(reader.error().sentence);
        else
            reading_ = std::move(reader).value();
        return Done{};
    }

    void rely_on_nothing(const std::string& why) {
        say("nothing goes, since a snapshot that would be relied on is not good: " + why);
        relied_on_.clear();
        old_snapshots_.clear();
        may_go_ = false;
    }

    // Moves report_.kept to the first segment that is needed.
    Status advance(Position lowest_needed) {
        for (std::uint64_t next = report_.kept.segment_index + 1; next <= limit_; ++next) {
            auto place = place_in_segment(storage_, walk_options_, next);
            if (!place.ok()) return place.error();
            // Everything before the segment's first position is wholly below it.
            if (place->tail.position > lowest_needed) break;
            report_.kept = Kept{next, place->tail.position};
        }
        return Done{};
    }

    // Ascending, so that what is there is always without a gap.
    Status let_segments_go() {
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
    const RetentionCall call_;
    WalkOptions walk_options_;
    bool chosen_ = false;
    bool may_go_ = false;
    std::uint64_t limit_ = 0;               // no segment from this number on goes
    std::vector<SnapshotFacts> relied_on_;  // and not yet read whole
    std::unique_ptr<SnapshotReader> reading_;
    std::vector<std::string> old_snapshots_;
    std::vector<std::uint64_t> segments_;  // in the shard's folder
    RetentionReport report_;
};

RetentionPass::RetentionPass(Storage& storage, RetentionCall call)
    : parts_(std::make_unique<Parts>(storage, std::move(call))) {}
RetentionPass::~RetentionPass() = default;

Result<bool> RetentionPass::check_some(std::uint64_t bytes_about) {
    return parts_->check_some(bytes_about);
}

Result<RetentionReport> RetentionPass::finish(Position lowest_needed) {
    return parts_->finish(lowest_needed);
}

}  // namespace pawl::journal
