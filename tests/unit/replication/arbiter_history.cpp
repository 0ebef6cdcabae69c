// A chain of revisions, and everybody's place in it.
#include "arbiter_history.hpp"

#include <algorithm>
#include <map>

namespace pawl::replication::test {
namespace {

using Kind = ArbiterAnswer::Kind;

bool tells(const Heard& one) {
    return one.answer.kind != Kind::unknown && one.answer.kind != Kind::refused;
}

struct Known {
    const Reign* reign = nullptr;
    const Heard* swap = nullptr;        // who made it, if he knows
    std::int64_t first_seen = 0;        // end of the first answer that shows it
    std::optional<std::uint64_t> from;  // the revision it replaced
};
using Chain = std::map<std::uint64_t, Known>;

std::string at(std::uint64_t revision, const std::string& what) {
    return "revision " + std::to_string(revision) + ": " + what;
}

std::string gather(const std::vector<Heard>& all, Chain& chain) {
    for (const Heard& one : all) {
        if (!tells(one) || one.answer.revision == 0) continue;
        if (!one.answer.reign) return at(one.answer.revision, "without a value");
        auto [place, fresh] = chain.try_emplace(one.answer.revision);
        Known& known = place->second;
        if (fresh) known.first_seen = one.end;
        known.first_seen = std::min(known.first_seen, one.end);
        if (fresh) known.reign = &*one.answer.reign;
        if (*known.reign != *one.answer.reign) return at(place->first, "two values");
        if (one.answer.kind != Kind::swapped) continue;
        if (known.swap != nullptr) return at(place->first, "two winners");
        if (one.wanted != one.answer.reign) return at(place->first, "not what was wanted");
        known.swap = &one;
        known.from = one.expected_revision;
    }
    return {};
}

// Revisions that nobody knows to have made must come from swaps with an unknown end.
std::string attribute(const std::vector<Heard>& all, Chain& chain) {
    std::vector<const Heard*> open;
    for (const Heard& one : all)
        if (one.wanted && one.answer.kind == Kind::unknown) open.push_back(&one);
    for (auto& [revision, known] : chain) {
        if (known.swap != nullptr) continue;
        const auto before = chain.lower_bound(revision);
        const std::uint64_t last = before == chain.begin() ? 0 : std::prev(before)->first;
        const auto fits = [&, &that = known](const Heard* one) {
            return *one->wanted == *that.reign && one->begin < that.first_seen &&
                   one->expected_revision == last;
        };
        const auto found = std::find_if(open.begin(), open.end(), fits);
        if (found == open.end()) return at(revision, "nobody wrote it");
        known.from = (*found)->expected_revision;
        open.erase(found);
    }
    return {};
}

std::string link(const Chain& chain) {
    std::uint64_t last = 0;
    for (const auto& [revision, known] : chain) {
        if (*known.from != last)
            return at(revision, "replaces " + std::to_string(*known.from) + ", but " +
                                    std::to_string(last) + " was there");
        last = revision;
    }
    return {};
}

}  // namespace

std::string contradiction(const std::vector<Heard>& all) {
    Chain chain;
    std::string fault = gather(all, chain);
    if (fault.empty()) fault = attribute(all, chain);
    if (fault.empty()) fault = link(chain);
    if (!fault.empty()) return fault;
    for (const Heard& one : all) {
        if (!tells(one)) continue;
        const std::uint64_t revision = one.answer.revision;
        if (one.answer.kind == Kind::conflict && revision == one.expected_revision)
            return at(revision, "a conflict without a reason");
        for (const Heard& later : all) {
            if (!tells(later) || one.end >= later.begin) continue;
            if (later.answer.revision < revision)
                return at(later.answer.revision, "said after " + std::to_string(revision));
            if (later.answer.kind == Kind::swapped && later.answer.revision == revision)
                return at(revision, "said before anybody asked for it");
        }
    }
    return {};
}

}  // namespace pawl::replication::test
