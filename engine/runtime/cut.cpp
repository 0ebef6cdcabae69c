// From a cut's name to places.
#include "engine/runtime/cut.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "engine/runtime/record_source.hpp"

namespace pawl::detail {

namespace {

using Marks = std::map<std::uint64_t, Position>;  // by id

Error wrong(const journal::Looked& looked, ErrorCode code, const std::string& why) {
    return Error{code, "journal " + looked.directory + ": " + why};
}

void note_mark(const RecordView& record, const std::string& name, Position at, Marks& marks) {
    if (record.header().kind() != RecordKind::mark || record.body_bytes() < sizeof(MarkRecord))
        return;
    MarkRecord mark{};
    std::memcpy(&mark, record.body(), sizeof mark);
    const std::string_view text(reinterpret_cast<const char*>(record.body()) + sizeof mark,
                                record.body_bytes() - sizeof mark);
    if (text.substr(0, mark.name_bytes) == name) marks[mark.id] = at;
}

Result<Marks> marks_of(const std::string& name, journal::Storage& storage,
                       const journal::Looked& looked, std::uint32_t shard) {
    Marks marks;
    RecordSource source(storage, looked, shard);
    for (;;) {
        Result<const std::byte*> next = source.peek();
        if (!next) return next.error();
        if (*next == nullptr) return marks;
        note_mark(RecordView(*next), name, source.position(), marks);
        source.pop();
    }
}

// The last mark of this name that is in every shard: from its record on nothing is taken. Ids grow
// with time.
Result<std::vector<Cut>> cuts_of_mark(const std::string& name, journal::Storage& storage,
                                      const journal::Looked& looked) {
    std::vector<Marks> found;
    for (std::uint32_t shard = 0; shard < looked.manifest.shards; ++shard) {
        Result<Marks> marks = marks_of(name, storage, looked, shard);
        if (!marks) return marks.error();
        found.push_back(std::move(marks).value());
    }
    for (auto mark = found[0].rbegin(); mark != found[0].rend(); ++mark) {
        const auto has_it = [&](const Marks& shard) { return shard.contains(mark->first); };
        if (!std::all_of(found.begin(), found.end(), has_it)) continue;
        std::vector<Cut> cuts(found.size());
        for (std::size_t shard = 0; shard < found.size(); ++shard)
            cuts[shard].position = found[shard][mark->first];
        return cuts;
    }
    return wrong(looked, ErrorCode::bad_input,
                 "no mark '" + name + "' in what is kept: list them with 'pawl journal dump'");
}

}  // namespace

Result<std::vector<Cut>> cuts_of(const Until& until, journal::Storage& storage,
                                 const journal::Looked& looked) {
    const std::uint32_t shards = looked.manifest.shards;
    std::vector<Cut> cuts(shards);
    switch (until.kind()) {
        case Until::Kind::end:
            break;
        case Until::Kind::beginning:
            for (Cut& cut : cuts) cut.position = Position{};
            break;
        case Until::Kind::time:
            for (Cut& cut : cuts) cut.time_ns = until.last_time().ns;
            break;
        case Until::Kind::sequence:
            if (until.shard() >= shards)
                return wrong(looked, ErrorCode::usage,
                             "no shard " + std::to_string(until.shard()) + ": there are " +
                                 std::to_string(shards) + ", from 0");
            cuts[until.shard()].sequence = until.last_sequence().value;
            break;
        case Until::Kind::mark:
            return cuts_of_mark(until.name(), storage, looked);
    }
    return cuts;
}

}  // namespace pawl::detail
