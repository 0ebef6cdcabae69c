// The records of a head, judged by the chain that the segments end with.
#include "journal/head_look.hpp"

#include <utility>

#include "journal/block.hpp"

namespace pawl::journal {
namespace {

// Bytes of whole records behind `committed` up to the one that the writer noted as its last; false
// when the last committed one is not it. The note is written just before the position: when it
// speaks of a record behind that, the records up to there are whole, and taken too.
bool ends_as_noted(const HeadRemains& remains, RecordPoint point, std::uint64_t& further) {
    const std::byte* at = remains.at(remains.committed());
    std::uint64_t left = remains.announced().value - remains.committed().value;
    further = 0;
    while (point.checksum != remains.last_checksum()) {
        if (check_record(at, left, point) != RecordFault::none) return false;
        const auto& header = *reinterpret_cast<const detail::RecordHeader*>(at);
        point = RecordPoint{header.checksum, last_sequence_of(header), header.decided_ns};
        at += header.length;
        left -= header.length;
        further += header.length;
    }
    return true;
}

void look_at_records(const HeadRemains& remains, const std::string& path, const StreamTail& tail,
                     HeadLook& look) {
    const Position p = tail.position;
    RecordPoint point{tail.checksum, tail.sequence.value, tail.time_ns};
    const auto run = walk_records(remains.at(p), remains.committed().value - p.value, point,
                                  [](const std::byte*, std::uint64_t) {});
    look.good_bytes = run.good_bytes;
    std::uint64_t further = 0;
    if (run.fault != RecordFault::none) {
        look.found = HeadFound::damaged;
        look.sentences.push_back("head " + path + ": the record at position " +
                                 std::to_string(p.value + run.good_bytes) + " is not good (" +
                                 to_string(run.fault) + "): it is used up to there and set aside");
    } else if (ends_as_noted(remains, point, further)) {
        look.good_bytes += further;
    } else {
        look.found = HeadFound::damaged;
        look.sentences.push_back("head " + path + ": the last record below position " +
                                 std::to_string(remains.committed().value) +
                                 " is not the one that it notes as its last: what it holds up to "
                                 "there is used, and it is set aside");
    }
}

}  // namespace

HeadLook look_at_head(const HeadRemains& remains, const std::string& path, const Manifest& manifest,
                      const StreamTail& tail) {
    using State = HeadRemains::State;
    PAWL_ASSERT(remains.state() != State::held && remains.state() != State::unreadable);
    const Position p = tail.position;
    HeadLook look;
    const auto found = [&](HeadFound what, std::string sentence) {
        look.found = what;
        look.sentences.push_back(std::move(sentence));
        return look;
    };
    if (remains.state() == State::absent && !manifest.clean.empty()) return look;
    if (remains.state() == State::absent)
        return found(HeadFound::absent,
                     "head " + path +
                         " is gone after an end that was not clean (a reboot, or another "
                         "container): what was committed but not yet on disk then is lost; replies "
                         "of 'synced' and above are all here");
    if (remains.state() != State::ours)
        return found(remains.state() == State::foreign ? HeadFound::foreign : HeadFound::damaged,
                     remains.why() + ": it is not used; what only it held is lost");
    if (remains.epoch() != manifest.epoch() || remains.committed() < p)
        return found(HeadFound::stale,
                     "head " + path + " is of reign " + std::to_string(remains.epoch()) +
                         ", ends at position " + std::to_string(remains.committed().value) +
                         "; the directory is of reign " + std::to_string(manifest.epoch()) +
                         " and ends at " + std::to_string(p.value) + ": it is not used");
    if (remains.first() > p)
        return found(HeadFound::damaged, "head " + path + " begins at position " +
                                             std::to_string(remains.first().value) +
                                             ", the segments end at " + std::to_string(p.value) +
                                             ": it does not reach");
    look.found = HeadFound::used;
    look_at_records(remains, path, tail, look);
    return look;
}

}  // namespace pawl::journal
