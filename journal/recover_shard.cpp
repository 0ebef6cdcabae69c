// One shard's recovery, step by step: choose a snapshot, walk, look at the head, gather evidence,
// judge, act.
#include "journal/recover_shard.hpp"

#include <algorithm>
#include <utility>

#include "journal/block.hpp"
#include "journal/choose_snapshot.hpp"
#include "journal/evidence.hpp"
#include "journal/head.hpp"
#include "journal/head_look.hpp"
#include "journal/quarantine.hpp"
#include "journal/repair.hpp"
#include "journal/segment_walk.hpp"
#include "journal/snapshot.hpp"

namespace pawl::journal {
namespace {

// Takes note of the stream's epochs on their way to the sink.
class EpochNotes final : public RecordSink {
public:
    explicit EpochNotes(RecordSink& sink) : sink_(sink) {}
    Status on_snapshot(SnapshotReader& snapshot) override {
        auto taken = sink_.on_snapshot(snapshot);
        if (taken.ok()) epochs = snapshot.facts().epochs;
        return taken;
    }
    void on_record(const detail::RecordView& record, Position position) override {
        static_cast<void>(epochs.note(record, position));
        sink_.on_record(record, position);
    }
    void on_records(std::span<const std::byte> records, Position first) override {
        for (std::size_t at = 0; at < records.size();) {
            const detail::RecordView record(records.data() + at);
            static_cast<void>(epochs.note(record, Position{first.value + at}));
            at += record.length();
        }
        sink_.on_records(records, first);
    }
    EpochLog epochs;

private:
    RecordSink& sink_;
};

class ShardRecovery {
public:
    ShardRecovery(Storage& storage, const RecoverShardOptions& options, RecordSink& sink)
        : storage_(storage), options_(options), manifest_(*options.manifest), sink_(sink) {
        walk_options_.directory = options.directory;
        walk_options_.shard = options.shard;
        walk_options_.identity = manifest_.identity;
        walk_options_.segment_bytes = manifest_.segment_bytes;
        walk_options_.epoch_max = manifest_.epoch();
        walk_options_.progress = options.progress;
        report_.shard = options.shard;
    }

    Result<RecoveredShard> run() {
        const std::int64_t begun = now();
        if (const auto status = begin_with_snapshot(); !status.ok()) return status.error();
        auto walked = walk_segments(storage_, walk_options_, sink_);
        if (!walked.ok()) return walked.error();
        end_ = std::move(walked).value();
        report_.records = end_.records;
        report_.events = end_.events;
        for (auto& remark : end_.remarks) report_.sentences.push_back(remark);

        if (!manifest_.clean.empty()) compare_with_clean_end();
        if (!closed_clean()) {
            if (const auto status = recover_unclean(); !status.ok()) return status.error();
        } else if (const auto status = make_writer(); !status.ok()) {
            return status.error();
        }
        const StreamTail& tail = writer_->tail();
        PAWL_ASSERT(tail.position >= report_.snapshot_position);
        PAWL_ASSERT(tail.position >= durable_ && "what was on disk is never cut");
        report_.bytes = tail.position.value - report_.snapshot_position.value;
        report_.seconds = static_cast<double>(now() - begun) * 1e-9;
        RecoveredShard shard;
        shard.report = std::move(report_);
        shard.end = ShardEnd{tail.position, tail.checksum, tail.sequence, tail.time_ns, {}};
        shard.preparer = std::move(preparer_);
        shard.writer = std::move(writer_);
        return shard;
    }

private:
    std::int64_t now() const {
        return options_.monotonic_ns != nullptr ? options_.monotonic_ns() : 0;
    }
    void say(std::string sentence) { report_.sentences.push_back(std::move(sentence)); }
    std::string where() const {
        return "journal " + options_.directory + ": shard " + std::to_string(options_.shard);
    }
    std::string head_path() const {
        return manifest_.heads + "/" + head_name(manifest_.identity, options_.shard);
    }

    Status begin_with_snapshot() {
        remove_unfinished_snapshot(storage_, options_.directory, options_.shard);
        auto chosen = choose_snapshot(storage_, walk_options_, manifest_, sink_);
        if (!chosen.ok()) return chosen.error();
        snapshot_ = std::move(chosen).value();
        walk_options_.from = snapshot_.from;
        report_.snapshot_path = snapshot_.path;
        if (snapshot_.from) report_.snapshot_position = snapshot_.from->tail.position;
        for (const auto& passed : snapshot_.passed_over)
            say("snapshot " + passed.path + " is not used: " + passed.why);
        if (!snapshot_.passed_over.empty())
            say(where() + (snapshot_.from ? ": replayed from snapshot " + snapshot_.path
                                          : std::string(": replayed from the first segment")));
        report_.passed_over = snapshot_.passed_over;
        return Done{};
    }

    bool closed_clean() const {
        if (manifest_.clean.empty() || end_.seen != Seen::nothing) return false;
        if (snapshot_.durable > end_.tail.position) return false;
        const CleanMark& mark = manifest_.clean[options_.shard];
        return mark.position == end_.tail.position && mark.checksum == end_.tail.checksum;
    }

    // The manifest was written after the last block: a stream that ends there with another record,
    // or goes on, is another copy's, or the manifest is an older one.
    void compare_with_clean_end() {
        const CleanMark& mark = manifest_.clean[options_.shard];
        const StreamTail& tail = end_.tail;
        const bool other = tail.position == mark.position && tail.checksum != mark.checksum;
        if (!other && tail.position <= mark.position) return;
        end_.seen = Seen::disagrees;
        end_.why = "the manifest says that it was closed at position " +
                   std::to_string(mark.position.value) + ", " +
                   (other ? "behind another record" : "the segments go on") + " in " +
                   segment_path(options_.directory, options_.shard, tail.segment_index) +
                   ": a file of another copy of this directory, or an older one, stands here";
    }

    Status recover_unclean() {
        auto remains = HeadRemains::find(storage_, head_path(), manifest_.identity, options_.shard,
                                         RingMode::recover);
        if (remains.state() == HeadRemains::State::held)
            return Error{ErrorCode::head_foreign,
                         where() + ": " + remains.why() +
                             ": is this a copy of a directory that is open? close that one first"};
        // It may hold what was acknowledged and is nowhere else: no reason to go on without it.
        if (remains.state() == HeadRemains::State::unreadable)
            return Error{ErrorCode::io, where() + ": " + remains.why() +
                                            ": nothing was changed; remove the cause and open "
                                            "again, or remove the head to go on without it"};
        auto head = look_at_head(remains, head_path(), manifest_, end_.tail);
        report_.head = head.found;
        const bool outlived = head.found == HeadFound::stale &&
                              remains.epoch() < manifest_.epoch() &&
                              remains.committed() <= end_.tail.position;
        report_.memory_lost =
            head.found != HeadFound::not_needed && head.found != HeadFound::used && !outlived;
        head_good_bytes_ = head.good_bytes;
        for (auto& sentence : head.sentences) say(std::move(sentence));
        auto looked = look_behind(storage_, walk_options_, end_, manifest_.inflight_bytes_max,
                                  !manifest_.clean.empty());
        if (!looked.ok()) return looked.error();
        behind_ = std::move(looked).value();
        gather_durable(remains);
        const Evidence evidence{end_.seen, durable_ > end_.tail.position, behind_.beyond};
        const Judgement judgement = judge(evidence);
        report_.found = judgement.which;
        if (judgement.decision != Decision::stop_here && judgement.decision != Decision::set_aside)
            if (const auto status = look_again(); !status.ok()) return status;
        switch (judgement.decision) {
            case Decision::stop_here:
                break;
            case Decision::cut:
                break;
            case Decision::heal_or_refuse:
                if (Position{end_.tail.position.value + head_good_bytes_} >= durable_) break;
                return refuse();
            case Decision::ask_or_refuse:
            case Decision::set_aside:
                return refuse();
        }
        if (const auto status = clear_way(judgement); !status.ok()) return status;
        if (const auto status = make_writer(); !status.ok()) return status;
        if (const auto status = write_last_again(storage_, walk_options_, end_); !status.ok())
            return status;
        if (const auto status = write_down(remains); !status.ok()) return status;
        if (const auto status = zero_rest(); !status.ok()) return status;
        return set_head_aside(remains);
    }

    // Nothing is cut, healed or refused for good because of one answer of the disk.
    Status look_again() {
        struct Nobody final : RecordSink {
            void on_record(const detail::RecordView&, Position) override {}
        } nobody;
        WalkOptions options = walk_options_;
        options.progress = nullptr;
        if (end_.tail.segment_index != 0) options.from = continued(end_);
        const auto again = walk_segments(storage_, options, nobody);
        if (!again.ok()) return again.error();
        if (again->tail.position == end_.tail.position && again->seen == end_.seen) return Done{};
        return Error{ErrorCode::io, where() + ": what stands at position " +
                                        std::to_string(end_.tail.position.value) +
                                        " reads differently when it is read again" +
                                        (end_.why.empty() ? "" : "; at first: " + end_.why) +
                                        ": nothing was changed; open again, and look at the disk"};
    }

    void gather_durable(const HeadRemains& remains) {
        const auto claim = [this](Position position, std::string source) {
            if (position <= durable_) return;
            durable_ = position;
            durable_source_ = std::move(source);
        };
        claim(behind_.durable, behind_.durable_source);
        claim(snapshot_.durable, snapshot_.durable_source);
        claim(manifest_.kept_of(options_.shard).position, "the manifest's line on what is kept");
        if (!manifest_.clean.empty())
            claim(manifest_.clean[options_.shard].position, "the manifest's clean end");
        if (!manifest_.epochs.empty())
            claim(manifest_.epochs.back().positions[options_.shard], "the manifest's last opening");
        if (remains.state() == HeadRemains::State::ours && remains.epoch() == manifest_.epoch())
            claim(remains.synced(), "the head");
    }

    Error refuse() const {
        const std::string at = std::to_string(end_.tail.position.value);
        std::string sentence = where() + ": ";
        if (report_.found == Case::damage)
            sentence += "damage at position " + at + ": up to position " +
                        std::to_string(durable_.value) + " everything was on disk (" +
                        durable_source_ + " says so)";
        else if (report_.found == Case::suspect && !behind_.hole.empty())
            sentence += "the stream may go on behind position " + at + ": " + behind_.hole;
        else if (report_.found == Case::suspect)
            sentence += "suspect bytes behind position " + at + ": " +
                        std::to_string(behind_.bytes) +
                        " bytes, farther away than one write in flight can reach";
        else
            sentence += "another history behind position " + at;
        if (!end_.why.empty())
            sentence += "; " + end_.why;
        else
            sentence +=
                "; it ends at offset " + std::to_string(end_.tail.offset_bytes) + " of " +
                segment_path(options_.directory, options_.shard, end_.tail.segment_index) +
                ", and nothing stands in " +
                segment_path(options_.directory, options_.shard, end_.tail.segment_index + 1);
        for (const auto& remark : end_.remarks)
            if (report_.found != Case::suspect || remark != behind_.hole) sentence += "; " + remark;
        for (const auto& passed : snapshot_.passed_over)
            sentence += "; snapshot " + passed.path + " is not used: " + passed.why;
        sentence +=
            ": nothing was changed; heal it from a copy or another node with 'pawl journal heal', "
            "or see 'pawl journal verify'";
        return Error{ErrorCode::damaged, std::move(sentence)};
    }

    // Sets aside what will be overwritten and is not in the head as well.
    Status clear_way(const Judgement& judgement) {
        const bool cut = judgement.decision != Decision::stop_here;
        const bool head_has_all = judgement.which == Case::torn_tail &&
                                  report_.head == HeadFound::used &&
                                  head_good_bytes_ >= end_.salvage.size() && head_good_bytes_ != 0;
        if (cut && head_has_all)
            say(where() + ": the unfinished block at position " +
                std::to_string(end_.tail.position.value) + " is written again from the head");
        if (cut && !head_has_all && !behind_.extents.empty()) {
            auto copied = copy_to_quarantine(storage_, walk_options_, end_, behind_.extents);
            if (!copied.ok()) return copied.error();
            report_.quarantine_file = copied.value();
            report_.cut_bytes = behind_.bytes;
            if (judgement.which == Case::torn_tail) name_cut_commands();
            say(where() + ": " + to_string(judgement.which) + " at position " +
                std::to_string(end_.tail.position.value) + ": " + end_.why + "; " +
                std::to_string(behind_.bytes) + " bytes are set aside in " +
                report_.quarantine_file);
        }
        // Later segments with anything in them, or of a wrong size, make room whole, and those
        // behind them too; the last first, so that dying here leaves no gap.
        std::uint64_t first = ~std::uint64_t{0};
        const auto used = [&](std::uint64_t segment) {
            if (segment > end_.tail.segment_index) first = std::min(first, segment);
        };
        for (const auto segment : behind_.resized) used(segment);
        for (const auto& extent : behind_.extents) used(extent.segment);
        for (auto later = behind_.later.rbegin(); later != behind_.later.rend(); ++later) {
            const std::uint64_t segment = *later;
            if (segment < first) break;
            if (auto path = move_to_quarantine(storage_, walk_options_, segment); !path.ok())
                return path.error();
        }
        return Done{};
    }

    // Only what still looks like the next record can be named; the rest is in the quarantine file.
    void name_cut_commands() {
        if (head_good_bytes_ >= end_.salvage.size() + end_.torn.size()) return;
        for (const auto& cut : cut_commands(end_)) {
            report_.cut.push_back(cut);
            say(where() + ": cut the record at position " + std::to_string(cut.position.value) +
                ", sequence " + std::to_string(cut.sequence.value) + ", session index " +
                std::to_string(cut.session_index) + ", number " + std::to_string(cut.number) +
                ", aggregate " + std::to_string(cut.aggregate));
        }
    }

    Status make_writer() {
        SegmentPreparerOptions preparer;
        preparer.directory = options_.directory;
        preparer.shard = options_.shard;
        preparer.segment_bytes = manifest_.segment_bytes;
        preparer.next_index = end_.tail.segment_index + 1;
        preparer.reserve_bytes = std::min(manifest_.head_bytes, manifest_.segment_bytes / 2);
        preparer_ = std::make_unique<SegmentPreparer>(storage_, preparer);
        std::unique_ptr<File> file;
        if (end_.tail.segment_index != 0) {
            const std::string path =
                segment_path(options_.directory, options_.shard, end_.tail.segment_index);
            if (const auto status = storage_.open(path, OpenMode::write, file); !status.ok())
                return storage_error(status, "open the segment for writing", path);
        }
        BlockWriterOptions writer;
        writer.identity = manifest_.identity;
        writer.shard = options_.shard;
        writer.epoch = manifest_.epoch();
        writer.segment_bytes = manifest_.segment_bytes;
        // A larger block than the bound that the manifest still declares would not be recognised as
        // torn.
        writer.inflight_bytes_max =
            std::min(options_.inflight_bytes_max, manifest_.inflight_bytes_max);
        writer_ = std::make_unique<BlockWriter>(writer, end_.tail, std::move(file));
        return Done{};
    }

    Status write_down(const HeadRemains& remains) {
        const bool from_head = head_good_bytes_ >= end_.salvage.size();
        if (from_head && head_good_bytes_ != 0) {
            report_.head_bytes = head_good_bytes_;
            return append(remains.at(end_.tail.position), head_good_bytes_);
        }
        if (!end_.salvage.empty()) return append(end_.salvage.data(), end_.salvage.size());
        return Done{};
    }

    Status append(const std::byte* records, std::uint64_t bytes) {
        std::uint64_t done = 0;
        while (done < bytes) {
            const std::uint64_t before = writer_->tail().position.value;
            const auto outcome = writer_->write(records + done, bytes - done, *preparer_);
            if (outcome == WriteOutcome::failed) return writer_->failure();
            if (outcome == WriteOutcome::no_segment) {
                if (preparer_->do_work(now()) == 0 && !preparer_->trouble().empty())
                    return Error{ErrorCode::disk_full,
                                 where() + ": the head's records cannot be written down: " +
                                     preparer_->trouble()};
                continue;
            }
            if (writer_->tail().segment_index == end_.tail.segment_index)
                reused_end_bytes_ = writer_->tail().offset_bytes;
            const std::uint64_t written = writer_->tail().position.value - before;
            deliver(records + done, written, before);
            done += written;
        }
        return Done{};
    }

    void deliver(const std::byte* records, std::uint64_t bytes, std::uint64_t position) {
        for (std::uint64_t at = 0; at < bytes;) {
            const detail::RecordView view(records + at);
            ++report_.records;
            report_.events += view.header().event_count;
            at += view.length();
        }
        sink_.on_records({records, bytes}, Position{position});
    }

    // Whatever of the old bytes the new blocks did not cover.
    Status zero_rest() {
        for (Extent extent : behind_.extents) {
            if (extent.segment != end_.tail.segment_index) continue;
            extent.begin = std::max(extent.begin, reused_end_bytes_);
            if (extent.begin >= extent.end) continue;
            if (const auto status = zero_extent(storage_, walk_options_, extent); !status.ok())
                return status;
        }
        return Done{};
    }

    // The new head takes the old one's name; one that could not be used is kept under another.
    Status set_head_aside(HeadRemains& remains) {
        const bool keep =
            report_.head == HeadFound::foreign || report_.head == HeadFound::damaged ||
            (report_.head == HeadFound::stale && remains.committed() > end_.tail.position);
        remains = HeadRemains{};
        if (!keep) return Done{};
        const std::string aside = head_path() + ".aside-" + std::to_string(manifest_.epoch());
        if (const auto status = storage_.rename(head_path(), aside); !status.ok())
            return storage_error(status, "set the head aside", head_path());
        say("the head that was found is kept as " + aside);
        return Done{};
    }

    Storage& storage_;
    const RecoverShardOptions& options_;
    const Manifest& manifest_;
    RecordSink& sink_;
    WalkOptions walk_options_;
    SnapshotChoice snapshot_;
    WalkEnd end_;
    Behind behind_;
    Position durable_;
    std::string durable_source_;
    std::uint64_t head_good_bytes_ = 0;
    std::uint64_t reused_end_bytes_ = 0;  // in the tail's segment: new blocks reach so far
    ShardReport report_;
    std::unique_ptr<SegmentPreparer> preparer_;
    std::unique_ptr<BlockWriter> writer_;
};

}  // namespace

Result<RecoveredShard> recover_shard(Storage& storage, const RecoverShardOptions& options,
                                     RecordSink& sink) {
    PAWL_ASSERT(options.manifest != nullptr);
    PAWL_ASSERT(options.shard < options.manifest->shards);
    EpochNotes notes(sink);
    auto recovered = ShardRecovery(storage, options, notes).run();
    if (recovered.ok()) recovered->end.epochs = std::move(notes.epochs);
    return recovered;
}

}  // namespace pawl::journal
