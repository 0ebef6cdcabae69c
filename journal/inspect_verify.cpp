// Judges every shard as recovery would, and changes nothing.
#include <algorithm>
#include <string>
#include <utility>

#include "journal/evidence.hpp"
#include "journal/inspect.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;

constexpr int attempts_max = 5;

class Counter final : public RecordSink {
public:
    explicit Counter(VerifyShard& report) : report_(report) {}
    void on_record(const detail::RecordView& record, Position position) override {
        ++report_.records;
        report_.events += record.header().event_count;
        const bool has_events = record.header().event_count != 0;
        if (!has_events || record.for_each_event([](const detail::EventView&) {})) return;
        report_.clean = false;
        report_.sentences.push_back("the record at position " + std::to_string(position.value) +
                                    " is intact, but its events do not fill it exactly");
    }

private:
    VerifyShard& report_;
};

void raise_durable(VerifyShard& report, Position position) {
    report.durable = std::max(report.durable, position.value);
}

void describe_head(const ShardLook& look, const Looked& looked, VerifyShard& report) {
    report.head_bytes = look.head_bytes;
    const auto& manifest = looked.manifest;
    using State = HeadRemains::State;
    if (!look.head_chain_good) {
        report.clean = false;
        report.sentences.push_back("the head's records do not chain on at position " +
                                   std::to_string(report.end.value + report.head_bytes));
    }
    if (!manifest.clean.empty() || looked.live) return;
    if (look.head.state() == State::absent)
        report.sentences.push_back(
            "the head is gone after an end that was not clean: what was committed but not yet on "
            "disk is lost; what is on disk is judged here");
    else if (look.head.state() != State::ours)
        report.sentences.push_back(look.head.why());
    else if (look.head_bytes != 0)
        report.sentences.push_back("the head has " + std::to_string(look.head_bytes) +
                                   " bytes that are not in segments yet: the next opening writes "
                                   "them down");
}

// A shard that nobody writes: the same evidence and the same table as at recovery.
Status judge_shard(Storage& storage, const Looked& looked, const ShardLook& look,
                   VerifyShard& report) {
    const Manifest& manifest = looked.manifest;
    auto behind = look_behind(storage, look.walk_options, look.end, manifest.inflight_bytes_max);
    if (!behind.ok()) return behind.error();
    raise_durable(report, behind->durable);
    if (!manifest.clean.empty()) raise_durable(report, manifest.clean[report.shard].position);
    if (!manifest.epochs.empty())
        raise_durable(report, manifest.epochs.back().positions[report.shard]);
    if (look.head_current) raise_durable(report, look.head.synced());
    const Evidence evidence{look.end.seen, report.durable > report.end.value, behind->beyond};
    const Judgement judgement = judge(evidence);
    report.found = to_string(judgement.which);
    report.torn_bytes = judgement.which == Case::torn_tail ? behind->bytes : 0;
    if (judgement.which == Case::clean_end) return Done{};
    std::string sentence = report.found + " at position " + std::to_string(report.end.value);
    if (!look.end.why.empty()) sentence += ": " + look.end.why;
    if (judgement.which == Case::torn_tail) {
        // After a clean end nothing can be torn: those bytes were changed later.
        if (!manifest.clean.empty()) report.clean = false;
        report.sentences.push_back(sentence + ": " + std::to_string(behind->bytes) +
                                   " bytes within the bound, set aside at the next opening");
        return Done{};
    }
    report.clean = false;
    if (judgement.which == Case::damage)
        sentence += "; up to position " + std::to_string(report.durable) + " was on disk";
    if (!behind->durable_source.empty()) sentence += " (" + behind->durable_source + ")";
    report.sentences.push_back(sentence + ": restore the segment from a copy or from a standby");
    return Done{};
}

Status judge_live_shard(const ShardLook& look, VerifyShard& report) {
    raise_durable(report, look.walk_options.bound);
    report.found = "live_tail";
    if (look.end.bound_reached || report.end.value >= report.durable) return Done{};
    report.found = to_string(Case::damage);
    report.clean = false;
    report.sentences.push_back("damage at position " + std::to_string(report.end.value) + ": " +
                               look.end.why + "; up to position " + std::to_string(report.durable) +
                               " is on disk: restore the segment from a copy or from a standby");
    return Done{};
}

Result<VerifyReport> verify_once(Storage& storage, const std::string& directory) {
    auto looked = look_at_directory(storage, directory);
    if (!looked.ok()) return looked.error();
    VerifyReport report;
    report.live = looked->live;
    report.holder = looked->holder;
    for (std::uint32_t shard = 0; shard < looked->manifest.shards; ++shard) {
        VerifyShard one;
        one.shard = shard;
        Counter counter(one);
        auto look = look_at_shard(storage, looked.value(), shard, counter);
        if (!look.ok()) return look.error();
        one.end = look->end.tail.position;
        one.segments = look->end.segments;
        one.blocks = look->end.blocks;
        for (const auto& remark : look->end.remarks) {
            one.clean = false;
            one.sentences.push_back(remark);
        }
        describe_head(look.value(), looked.value(), one);
        const auto status = looked->live ? judge_live_shard(look.value(), one)
                                         : judge_shard(storage, looked.value(), look.value(), one);
        if (!status.ok()) return status.error();
        report.clean = report.clean && one.clean;
        report.shards.push_back(std::move(one));
    }
    return report;
}

}  // namespace

Result<VerifyReport> journal_verify(const std::string& directory) {
    PosixStorage storage;
    for (int attempt = 1;; ++attempt) {
        auto report = verify_once(storage, directory);
        if (report.ok() && report->clean) return report;
        // Opened or closed while it was looked at? Then what was seen proves nothing: look again.
        std::string holder;
        const bool live =
            storage.probe_lock(directory + "/lock", holder).fault == StorageFault::locked;
        const bool was_live = report.ok() && report->live;
        if (attempt >= attempts_max || (report.ok() && live == was_live)) return report;
        if (!report.ok() && !live) return report;
    }
}

}  // namespace pawl
