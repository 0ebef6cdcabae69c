// Judges every shard as recovery would, and changes nothing.
#include "journal/inspect_verify.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "journal/evidence.hpp"
#include "journal/snapshot.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;

constexpr int attempts_max = 3;
// Of a directory that is opened and closed again and again: no fault that was seen in it is one.
constexpr int attempts_changing_max = 100;

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

Status judge_shard(Storage& storage, const Looked& looked, const ShardLook& look,
                   VerifyShard& report) {
    auto judged = judge_closed_shard(storage, looked, look, Position{report.durable});
    if (!judged.ok()) return judged.error();
    raise_durable(report, judged->durable);
    report.found = to_string(judged->which);
    report.torn_bytes = judged->torn_bytes;
    if (judged->which == Case::clean_end) return Done{};
    // After a clean end nothing can be torn: those bytes were changed later.
    const bool torn = judged->which == Case::torn_tail;
    if (!torn || !looked.manifest.clean.empty()) report.clean = false;
    report.sentences.push_back(
        judged->sentence +
        (torn ? "" : ": heal it with 'pawl journal heal' from a copy or another node"));
    return Done{};
}

Status judge_live_shard(const ShardLook& look, VerifyShard& report) {
    raise_durable(report, look.walk_options.bound);
    report.found = "live_tail";
    if (look.end.bound_reached || report.end.value >= report.durable) return Done{};
    report.found = to_string(Case::damage);
    report.clean = false;
    report.sentences.push_back(
        "damage at position " + std::to_string(report.end.value) + ": " + look.end.why +
        "; up to position " + std::to_string(report.durable) +
        " is on disk: close it, and heal it with 'pawl journal heal' from a copy or another node");
    return Done{};
}

// Each snapshot whole, and that it stands in this history. One that is not good loses nothing, but
// somebody should know before it is needed.
Status check_snapshots(Storage& storage, const ShardLook& look, VerifyShard& report) {
    const WalkOptions& options = look.walk_options;
    auto listed = list_snapshots(storage, options.directory, options.shard);
    if (!listed.ok()) return listed.error();
    for (const std::string& path : listed.value()) {
        auto opened = SnapshotReader::open(storage, path, options.identity, options.shard);
        std::string fault = opened.ok() ? std::string{} : opened.error().sentence;
        if (opened.ok()) {
            const WalkFrom place = opened.value()->facts().from();
            auto standing = place_fault(storage, options, place);
            if (!standing.ok()) return standing.error();
            if (!standing->empty()) fault = path + ": it does not stand there: " + *standing;
        }
        if (fault.empty()) {
            ++report.snapshots;
            raise_durable(report, opened.value()->facts().tail.position);
            continue;
        }
        // Retention removes old ones.
        auto now = list_snapshots(storage, options.directory, options.shard);
        if (now.ok() && std::find(now->begin(), now->end(), path) == now->end()) continue;
        report.clean = false;
        report.sentences.push_back(fault + ": recovery passes it over; remove the file");
    }
    return Done{};
}

// What is below the first segment that is kept may be anywhere; from there on all must be here.
void check_first(const Looked& looked, const ShardLook& look, VerifyShard& report) {
    const std::uint64_t kept = looked.manifest.kept_of(report.shard).segment_index;
    const std::uint64_t first =
        look.walk_options.from ? look.walk_options.from->tail.segment_index : std::uint64_t{1};
    if (look.walk_options.from) report.begin = look.walk_options.from->tail.position;
    if (first <= kept) return;
    report.clean = false;
    report.sentences.push_back("segments " + std::to_string(kept) + " to " +
                               std::to_string(first - 1) +
                               " are missing: restore them from a copy or from a standby");
}

Result<VerifyShard> verify_shard(Storage& storage, const Looked& looked, std::uint32_t shard) {
    VerifyShard one;
    one.shard = shard;
    Counter counter(one);
    auto look = look_at_shard(storage, looked, shard, counter);
    if (!look.ok()) return look.error();
    one.end = look->end.tail.position;
    one.segments = look->end.segments;
    one.blocks = look->end.blocks;
    for (const auto& remark : look->end.remarks) {
        one.clean = false;
        one.sentences.push_back(remark);
    }
    check_first(looked, look.value(), one);
    describe_head(look.value(), looked, one);
    if (const auto status = check_snapshots(storage, look.value(), one); !status.ok())
        return status.error();
    const auto status = looked.live ? judge_live_shard(look.value(), one)
                                    : judge_shard(storage, looked, look.value(), one);
    if (!status.ok()) return status.error();
    return one;
}

Result<VerifyReport> verify_once(Storage& storage, const Looked& looked) {
    VerifyReport report;
    report.live = looked.live;
    report.holder = looked.holder;
    for (std::uint32_t shard = 0; shard < looked.manifest.shards; ++shard) {
        auto one = verify_shard(storage, looked, shard);
        if (!one.ok()) return one.error();
        report.clean = report.clean && one->clean;
        report.shards.push_back(std::move(one).value());
    }
    return report;
}

}  // namespace

namespace journal {

Result<JudgedEnd> judge_closed_shard(Storage& storage, const Looked& looked, const ShardLook& look,
                                     Position claims) {
    const Manifest& manifest = looked.manifest;
    const std::uint32_t shard = look.walk_options.shard;
    auto behind = look_behind(storage, look.walk_options, look.end, manifest.inflight_bytes_max,
                              !manifest.clean.empty());
    if (!behind.ok()) return behind.error();
    JudgedEnd judged;
    judged.durable = std::max(behind->durable, claims);
    if (!manifest.clean.empty())
        judged.durable = std::max(judged.durable, manifest.clean[shard].position);
    if (!manifest.epochs.empty())
        judged.durable = std::max(judged.durable, manifest.epochs.back().positions[shard]);
    if (look.head_current) judged.durable = std::max(judged.durable, look.head.synced());
    const Position end = look.end.tail.position;
    const Evidence evidence{look.end.seen, judged.durable > end, behind->beyond};
    judged.which = judge(evidence).which;
    if (judged.which == Case::clean_end) return judged;
    judged.sentence =
        std::string(to_string(judged.which)) + " at position " + std::to_string(end.value);
    if (!look.end.why.empty()) judged.sentence += ": " + look.end.why;
    if (!behind->hole.empty()) judged.sentence += "; " + behind->hole;
    if (judged.which == Case::torn_tail) {
        judged.torn_bytes = behind->bytes;
        judged.sentence += ": " + std::to_string(behind->bytes) +
                           " bytes within the bound, set aside at the next opening";
        return judged;
    }
    if (judged.which == Case::damage)
        judged.sentence +=
            "; up to position " + std::to_string(judged.durable.value) + " was on disk";
    if (!behind->durable_source.empty()) judged.sentence += " (" + behind->durable_source + ")";
    return judged;
}

Result<VerifyReport> verify_directory(Storage& storage, const std::string& directory) {
    for (int attempt = 1;; ++attempt) {
        auto looked = look_at_directory(storage, directory);
        if (!looked.ok()) return looked.error();
        auto report = verify_once(storage, looked.value());
        // Opened or closed meanwhile, or segments removed by retention: then what was seen proves
        // nothing. Look again.
        auto now = look_at_directory(storage, directory);
        const bool still = now.ok() && same_life(looked.value(), now.value());
        const bool clean = report.ok() && report->clean;
        if (still && (clean || !looked->live)) return report;
        if (attempt >= (clean || still ? attempts_max : attempts_changing_max)) return report;
    }
}

}  // namespace journal

Result<VerifyReport> journal_verify(const std::string& directory) {
    PosixStorage storage;
    return journal::verify_directory(storage, directory);
}

}  // namespace pawl
