// What a copy says of its states beside its streams: where they are not what the primary wrote
// down.
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "engine/replication/stream_source.hpp"
#include "engine/runtime/standby_copy.hpp"
#include "journal/inspect_print.hpp"
#include "journal/manifest.hpp"
#include "journal/segment_walk.hpp"

namespace pawl::detail {

namespace {

constexpr std::size_t run_bytes = std::size_t{256} << 10;

// "shard 0: at position 4096 its states hash to … here, to … at the primary"
std::string said_of(std::uint32_t shard, const StateDifference& what, const std::string& where) {
    const std::string at = "shard " + std::to_string(shard) + ": at position " +
                           std::to_string(what.position.value) + " its states hash to " +
                           journal::to_hex(what.here);
    return what.here == what.there
               ? at + " here and " + where + ", but were not the same in between"
               : at + " here, to " + journal::to_hex(what.there) + " " + where;
}

std::string names_of(const std::vector<std::string>& late) {
    std::string text;
    for (const std::string& name : late) text += (text.empty() ? "" : ", ") + name;
    return text;
}

// "Deposited 42 of Account 7 (position 4711)": the event with this sequence, when the record has
// it.
std::optional<std::string> event_in(const journal::RecordNames& names, const RecordView& record,
                                    Position position, std::uint64_t sequence) {
    const RecordHeader& header = record.header();
    if (sequence < header.sequence || sequence >= header.sequence + header.event_count)
        return std::nullopt;
    std::optional<std::string> text;
    std::uint64_t at = header.sequence;
    record.for_each_event([&](const EventView& event) {
        if (at++ != sequence) return;
        text = names.event(*event.header) + " of " + names.aggregate(event.header->aggregate_type) +
               " " + std::to_string(event.target) + " (sequence " + std::to_string(sequence) +
               ", position " + std::to_string(position.value) + ")";
    });
    return text;
}

}  // namespace

replication::StateWitness StandbyCopy::state_witness() {
    replication::StateWitness witness;
    witness.differs = [this](std::uint32_t shard) -> std::optional<replication::StatesDiffer> {
        const std::optional<StateDifference>& what = journal_.folds[shard]->difference();
        if (!what) return std::nullopt;
        replication::StatesDiffer differ;
        differ.shard = shard;
        differ.sentence = said_of(shard, *what, "at the primary");
        differ.since = what->since.value;
        differ.until = what->until.value;
        differ.unnamed = "it is in a state that is too large to be hashed with every event: " +
                         (what->late.empty() ? "none is known here" : names_of(what->late)) +
                         ", by an event from " + std::to_string(what->since.value + 1) + " to " +
                         std::to_string(what->until.value);
        return differ;
    };
    witness.trace = [this](std::uint32_t shard, std::uint64_t first, std::span<std::uint32_t> to) {
        const StateHash* carried = journal_.folds[shard]->machine().carried_hash();
        return carried != nullptr && carried->copy(Sequence{first}, to);
    };
    witness.event = [this](std::uint32_t shard, std::uint64_t sequence) {
        const std::string unread = "event " + std::to_string(sequence);
        const std::optional<StateDifference>& what = journal_.folds[shard]->difference();
        if (!what) return unread;
        const journal::RecordNames names(journal_.directory->manifest().schema_text);
        replication::StreamSource source(*journal_.directory, shard, run_bytes);
        source.begin(what->from, 0);
        for (;; source.advance()) {
            const auto run = source.look();
            if (!run.ok() || run->records.empty()) return unread;
            for (std::size_t at = 0; at < run->records.size();) {
                const RecordView record(run->records.data() + at);
                const Position position{run->position.value + at};
                if (auto text = event_in(names, record, position, sequence)) return *text;
                if (position > what->position) return unread;
                at += record.length();
            }
        }
    };
    return witness;
}

// A journal that was replayed: not what another node did, but what this one had done. The program
// may have changed since; from now on it is compared with what the primary does.
void StandbyCopy::remark_differences() {
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        Fold& fold = *journal_.folds[shard];
        if (!fold.difference()) continue;
        remarks_.push_back("journal " + options_.directory + ": " +
                           said_of(shard, *fold.difference(), "when it was written") +
                           ": apply() does not do what it did; the states "
                           "are what this program makes of the events");
        fold.forget_difference();
    }
}

}  // namespace pawl::detail
