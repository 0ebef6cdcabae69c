// From the last event behind which both agreed, forwards.
#include "engine/replication/difference_search.hpp"

#include <algorithm>
#include <utility>

namespace pawl::replication {

DifferenceSearch::DifferenceSearch(const StateWitness& here, StatesDiffer what)
    : witness_(here), what_(std::move(what)) {
    ask_from(what_.since);
}

void DifferenceSearch::ask_from(std::uint64_t sequence) {
    const std::uint64_t left = what_.until - sequence + 1;
    ask_.fixed.first = sequence;
    ask_.fixed.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, trace_count_max));
    ask_.fixed.shard = what_.shard;
    here_.resize(ask_.fixed.count);
    if (!witness_.trace(what_.shard, sequence, here_))
        end("what states hashed to behind event " + std::to_string(sequence) +
            " is not remembered here");
}

bool DifferenceSearch::hear(const TraceTold& told) {
    if (done_ || told.fixed.first != ask_.fixed.first || told.fixed.shard != ask_.fixed.shard ||
        (!told.halves.empty() && told.halves.size() != here_.size()))
        return false;
    if (told.halves.empty()) {
        end("the primary does not remember what its states hashed to behind event " +
            std::to_string(told.fixed.first));
        return true;
    }
    const auto differs = std::mismatch(here_.begin(), here_.end(), told.halves.begin()).first;
    const std::uint64_t sequence =
        ask_.fixed.first + static_cast<std::uint64_t>(differs - here_.begin());
    if (differs != here_.end())
        found(sequence);
    else if (sequence > what_.until)
        end(what_.unnamed);
    else
        ask_from(sequence);
    return true;
}

void DifferenceSearch::found(std::uint64_t sequence) {
    if (sequence == what_.since)
        return end(
            "they differed before that already: this copy began with other states, or its "
            "program applies older events in another way");
    end("the first event that differs is " + witness_.event(what_.shard, sequence));
}

void DifferenceSearch::give_up(const std::string& why) {
    if (!done_) end("the event is not known: " + why);
}

void DifferenceSearch::end(const std::string& sentence) {
    done_ = true;
    sentence_ = what_.sentence + "; " + sentence;
}

}  // namespace pawl::replication
