// Two journals side by side, up to the first record that is not the same.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "journal/inspect_feed.hpp"
#include "journal/inspect_fields.hpp"
#include "journal/inspect_filter.hpp"
#include "journal/inspect_print.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;
using detail::RecordKind;
using detail::RecordView;

// One shard of one of the two.
class Side {
public:
    Side(Storage& storage, const Looked& looked, std::uint32_t shard, const DiffOptions& options)
        : shard_(shard),
          options_(options),
          feed_(storage, looked.directory, shard),
          names_(looked.manifest.schema_text) {}

    // The record to compare next, if there is one: then it is front().
    Result<bool> more() {
        for (;;) {
            while (!pile_.empty() && passed_over()) pop();
            if (!pile_.empty()) return true;
            const auto read = feed_.read_on(pile_);
            if (options_.on_sentence)
                for (const std::string& sentence : feed_.take_sentences())
                    options_.on_sentence(sentence);
            if (!read.ok()) return read.error();
            if (*read) continue;
            if (const auto status = feed_.end_status(); !status.ok()) return status.error();
            return false;
        }
    }
    RecordView front() const noexcept { return pile_.front(); }
    Position position() const noexcept { return pile_.empty() ? feed_.next() : pile_.position(); }
    Position begin() const noexcept { return feed_.begin(); }
    void pop() {
        names_.learn(pile_.front());
        pile_.pop();
    }
    // Leaves out what the other one does not have any more.
    Status begin_at(Position begin) {
        for (;;) {
            const auto there = more();
            if (!there.ok()) return there.error();
            if (!*there || position() >= begin) return Done{};
            pop();
        }
    }
    std::string line() {
        names_.learn(front());
        std::string line;
        print_record(names_, shard_, front(), position(), line);
        return line;
    }

private:
    bool passed_over() const noexcept {
        const RecordKind kind = pile_.front().header().kind();
        return !options_.openings && (kind == RecordKind::epoch || kind == RecordKind::schema ||
                                      kind == RecordKind::state);
    }

    const std::uint32_t shard_;
    const DiffOptions& options_;
    ShardFeed feed_;
    RecordNames names_;
    RecordPile pile_;
};

bool same_body(const RecordView& a, const RecordView& b) {
    // Of an opening the number counts; the random number behind it is its own.
    const std::size_t bytes = a.header().kind() == RecordKind::epoch
                                  ? offsetof(detail::EpochRecord, boot)
                                  : a.body_bytes();
    return a.body_bytes() == b.body_bytes() && std::memcmp(a.body(), b.body(), bytes) == 0;
}

bool same_record(const RecordView& a, const RecordView& b, bool times) {
    const auto& x = a.header();
    const auto& y = b.header();
    if (times && (x.decided_ns != y.decided_ns || a.captured_ns() != b.captured_ns())) return false;
    return x.kind() == y.kind() && x.sequence == y.sequence && x.aggregate == y.aggregate &&
           x.aggregate_type == y.aggregate_type && x.version == y.version && x.number == y.number &&
           x.session == y.session && x.command_type == y.command_type &&
           x.event_count == y.event_count && x.reason == y.reason &&
           a.links().correlation == b.links().correlation && a.links().cause == b.links().cause &&
           same_body(a, b);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string* value_of(const Fields& fields, const std::string& path) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& field) { return field.first == path; });
    return found == fields.end() ? nullptr : &found->second;
}

std::vector<DiffField> differing_fields(const std::string& a, const std::string& b, bool times) {
    const Fields of_a = json_fields(a);
    const Fields of_b = json_fields(b);
    const auto compared = [&](const std::string& path) {
        return path != "position" && (times || (path != "decided_ns" && path != "captured_ns"));
    };
    std::vector<DiffField> differ;
    for (const auto& [path, value] : of_a) {
        const std::string* other = value_of(of_b, path);
        if (compared(path) && (other == nullptr || *other != value))
            differ.push_back({path, value, other == nullptr ? "" : *other});
    }
    for (const auto& [path, value] : of_b)
        if (compared(path) && value_of(of_a, path) == nullptr) differ.push_back({path, "", value});
    if (differ.empty()) differ.push_back({"bytes", "", ""});
    return differ;
}

// Counts what is left of one whose other has ended.
Status count_rest(Side& side, std::uint64_t& records) {
    for (;;) {
        const auto there = side.more();
        if (!there.ok()) return there.error();
        if (!*there) return Done{};
        side.pop();
        ++records;
    }
}

Result<DiffShard> diff_shard(Side& a, Side& b, std::uint32_t shard, bool times) {
    DiffShard diff;
    diff.shard = shard;
    for (Side* side : {&a, &b})
        if (const auto there = side->more(); !there.ok()) return there.error();
    diff.begin = std::max(a.begin(), b.begin());
    for (Side* side : {&a, &b})
        if (const auto status = side->begin_at(diff.begin); !status.ok()) return status.error();
    for (;; ++diff.records_same) {
        const auto more_a = a.more();
        const auto more_b = b.more();
        if (!more_a.ok()) return more_a.error();
        if (!more_b.ok()) return more_b.error();
        diff.position_a = a.position();
        diff.position_b = b.position();
        if (!*more_a && !*more_b) return diff;
        if (*more_a && *more_b && same_record(a.front(), b.front(), times)) {
            a.pop();
            b.pop();
            continue;
        }
        if (*more_a) diff.record_a = a.line();
        if (*more_b) diff.record_b = b.line();
        diff.found = !*more_a   ? DiffShard::Found::a_ends
                     : !*more_b ? DiffShard::Found::b_ends
                                : DiffShard::Found::differs;
        if (diff.found == DiffShard::Found::differs) {
            diff.fields = differing_fields(diff.record_a, diff.record_b, times);
            return diff;
        }
        const auto status = count_rest(*more_a ? a : b, diff.records_more);
        if (!status.ok()) return status.error();
        return diff;
    }
}

}  // namespace

Result<DiffReport> journal_diff(const std::string& a, const std::string& b,
                                const DiffOptions& options) {
    PosixStorage storage;
    auto looked_a = look_at_directory(storage, a);
    if (!looked_a.ok()) return looked_a.error();
    auto looked_b = look_at_directory(storage, b);
    if (!looked_b.ok()) return looked_b.error();
    const std::uint32_t shards = looked_a->manifest.shards;
    if (const std::uint32_t others = looked_b->manifest.shards; shards != others)
        return Error{ErrorCode::mismatch, "journals " + a + " and " + b + ": " +
                                              std::to_string(shards) + " shards and " +
                                              std::to_string(others) +
                                              ": compare journals of the same number of shards"};
    if (const auto status = check_shard(options.shard, shards, a); !status.ok())
        return status.error();
    DiffReport report;
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
        if (options.shard && *options.shard != shard) continue;
        Side side_a(storage, looked_a.value(), shard, options);
        Side side_b(storage, looked_b.value(), shard, options);
        auto one = diff_shard(side_a, side_b, shard, options.times);
        if (!one.ok()) return one.error();
        report.same = report.same && one->found == DiffShard::Found::same;
        report.shards.push_back(std::move(one).value());
    }
    return report;
}

}  // namespace pawl
