// A journal read again: per shard a machine, a replayer and a source of records.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "engine/platform/memory.hpp"
#include "engine/runtime/record_source.hpp"
#include "engine/shard/replayer.hpp"
#include "engine/shard/sessions.hpp"
#include "journal/inspect.hpp"
#include "journal/posix_storage.hpp"
#include "journal/schema.hpp"
#include "pawl/detail/replay_core.hpp"

namespace pawl::detail {

namespace {

// How far one shard goes.
struct Cut {
    Position position{~std::uint64_t{0}};  // records that begin below it
    std::uint64_t sequence = ~std::uint64_t{0};
    std::int64_t time_ns = std::numeric_limits<std::int64_t>::max();

    bool takes(const RecordHeader& header, Position at) const noexcept {
        const std::uint64_t last =
            header.event_count == 0 ? header.sequence : header.sequence + header.event_count - 1;
        return at < position && last <= sequence && header.decided_ns <= time_ns;
    }
};

constexpr std::uint32_t sessions_max = std::numeric_limits<std::uint32_t>::max();

struct ReplayedShard {
    ReplayedShard(journal::Storage& storage, const journal::Looked& looked, const Domain& domain,
                  std::uint32_t index)
        : heap(make_shard_heap()),
          machine(domain.make_machine(index, looked.manifest.shards, heap->resource())),
          sessions(static_cast<std::uint32_t>(looked.manifest.session_window), sessions_max),
          replayer(*machine, sessions),
          source(storage, looked, index) {}

    std::unique_ptr<ShardHeap> heap;
    std::unique_ptr<Machine> machine;
    Sessions sessions;
    Replayer replayer;
    RecordSource source;
    Time last;  // of the last record that was applied
};

class JournalReplay final : public ReplayCore {
public:
    JournalReplay(const ReplayOptions& options, Domain domain)
        : options_(options), domain_(std::move(domain)) {}

    Status open() {
        auto looked = journal::look_at_directory(storage_, options_.directory);
        if (!looked) return looked.error();
        looked_ = std::move(looked).value();
        if (Status same = check(); !same) return same;
        for (std::uint32_t shard = 0; shard < looked_.manifest.shards; ++shard)
            shards_.push_back(std::make_unique<ReplayedShard>(storage_, looked_, domain_, shard));
        return advance(options_.until);
    }

    std::uint32_t shard_count() const noexcept override {
        return static_cast<std::uint32_t>(shards_.size());
    }
    Machine& machine(std::uint32_t shard) noexcept override { return *shards_[shard]->machine; }

    Result<bool> step(StreamRecord& record) override {
        if (stepped_ != nullptr) std::exchange(stepped_, nullptr)->source.pop();
        std::uint32_t first = 0;
        const std::byte* bytes = nullptr;
        for (std::uint32_t shard = 0; shard < shard_count(); ++shard) {
            Result<const std::byte*> next = shards_[shard]->source.peek();
            if (!next) return next.error();
            if (*next == nullptr) continue;
            if (bytes != nullptr &&
                RecordView(bytes).header().decided_ns <= RecordView(*next).header().decided_ns)
                continue;
            bytes = *next;
            first = shard;
        }
        if (bytes == nullptr) return false;
        if (Status applied = apply(first, bytes); !applied) return applied.error();
        record = describe(first, bytes, shards_[first]->source.position());
        stepped_ = shards_[first].get();  // its record lives until the next call
        return true;
    }

    Status advance(const Until& until) override {
        if (stepped_ != nullptr) std::exchange(stepped_, nullptr)->source.pop();
        Result<std::vector<Cut>> cuts = cuts_of(until);
        if (!cuts) return cuts.error();
        // The shard that a sequence is of goes first: its time is the others' cut.
        const std::uint32_t leader = until.kind() == Until::Kind::sequence ? until.shard() : 0;
        for (std::uint32_t i = 0; i < shard_count(); ++i) {
            const std::uint32_t shard = (leader + i) % shard_count();
            if (until.kind() == Until::Kind::sequence && i != 0)
                (*cuts)[shard].time_ns = shards_[leader]->last.ns;
            if (Status there = advance(shard, (*cuts)[shard]); !there) return there;
        }
        return Done{};
    }

    Status scan(std::uint32_t shard,
                const std::function<void(const StreamRecord&)>& visit) override {
        const Position end = positions()[shard];
        RecordSource source(storage_, looked_, shard);
        Sessions sessions(1, sessions_max);  // only their ids
        while (source.position() < end) {
            Result<const std::byte*> next = source.peek();
            if (!next) return next.error();
            if (*next == nullptr) break;
            const RecordView view(*next);
            if (view.header().kind() == RecordKind::session &&
                view.body_bytes() >= sizeof(SessionRecord)) {
                SessionRecord session{};
                std::memcpy(&session, view.body(), sizeof session);
                sessions.open(SessionId{session.id});
            }
            StreamRecord record{*next, shard, source.position().value, 0};
            if (const std::uint32_t index = view.header().session;
                index != 0 && index <= sessions.count())
                record.session_id = sessions.id(index).value;
            visit(record);
            source.pop();
        }
        return Done{};
    }

    std::vector<Position> positions() const override {
        std::vector<Position> positions;
        for (const auto& shard : shards_) {
            Position at = shard->source.position();
            if (shard.get() == stepped_) at.value += stepped_bytes_;
            positions.push_back(at);
        }
        return positions;
    }
    std::uint64_t records() const noexcept override { return records_; }
    Time time() const noexcept override {
        Time last;
        for (const auto& shard : shards_) last = std::max(last, shard->last);
        return last;
    }
    const std::vector<std::string>& sentences() const noexcept override { return sentences_; }

private:
    Error wrong(ErrorCode code, const std::string& why) const {
        return Error{code, "journal " + options_.directory + ": " + why};
    }

    Status check() const {
        const journal::Manifest& manifest = looked_.manifest;
        if (manifest.router_hash != domain_.router)
            return wrong(ErrorCode::mismatch,
                         "router " + journal::to_hex(manifest.router_hash) + " here, " +
                             journal::to_hex(domain_.router) +
                             " in this program: read it with the program that made it");
        if (Status same = journal::schema_continues(manifest.schema_text, domain_.schema_text);
            !same)
            return wrong(ErrorCode::mismatch, same.error().sentence);
        return Done{};
    }

    Status apply(std::uint32_t shard, const std::byte* bytes) {
        ReplayedShard& at = *shards_[shard];
        const RecordView record(bytes);
        if (!at.replayer.replay(record, at.source.position()))
            return wrong(ErrorCode::mismatch,
                         "shard " + std::to_string(shard) + ": the record at position " +
                             std::to_string(at.source.position().value) +
                             " does not fit this program: " + at.replayer.why());
        at.last = Time{record.header().decided_ns};
        stepped_bytes_ = record.length();
        ++records_;
        return Done{};
    }

    Status advance(std::uint32_t shard, const Cut& cut) {
        RecordSource& source = shards_[shard]->source;
        for (;;) {
            Result<const std::byte*> next = source.peek();
            if (!next) return next.error();
            if (*next == nullptr || !cut.takes(RecordView(*next).header(), source.position()))
                return Done{};
            if (Status applied = apply(shard, *next); !applied) return applied;
            source.pop();
        }
    }

    StreamRecord describe(std::uint32_t shard, const std::byte* bytes, Position at) const {
        const Sessions& sessions = shards_[shard]->sessions;
        const std::uint32_t index = RecordView(bytes).header().session;
        return {bytes, shard, at.value, index != 0 ? sessions.id(index).value : 0};
    }

    Result<std::vector<Cut>> cuts_of(const Until& until) {
        std::vector<Cut> cuts(shard_count());
        switch (until.kind()) {
            case Until::Kind::end:
                return cuts;
            case Until::Kind::beginning:
                for (Cut& cut : cuts) cut.position = Position{};
                return cuts;
            case Until::Kind::time:
                for (Cut& cut : cuts) cut.time_ns = until.last_time().ns;
                return cuts;
            case Until::Kind::sequence:
                if (until.shard() >= shard_count())
                    return wrong(ErrorCode::usage, "no shard " + std::to_string(until.shard()) +
                                                       ": there are " +
                                                       std::to_string(shard_count()) + ", from 0");
                cuts[until.shard()].sequence = until.last_sequence().value;
                return cuts;
            case Until::Kind::mark:
                break;
        }
        return cuts_of_mark(until.name());
    }

    // The last mark of this name that is in every shard: from its record on nothing is taken.
    Result<std::vector<Cut>> cuts_of_mark(const std::string& name) {
        std::vector<std::map<std::uint64_t, Position>> found(shard_count());
        for (std::uint32_t shard = 0; shard < shard_count(); ++shard) {
            RecordSource source(storage_, looked_, shard);
            for (;;) {
                Result<const std::byte*> next = source.peek();
                if (!next) return next.error();
                if (*next == nullptr) break;
                note_mark(RecordView(*next), name, source.position(), found[shard]);
                source.pop();
            }
        }
        for (auto mark = found[0].rbegin(); mark != found[0].rend(); ++mark) {
            const auto here = [&](const auto& shard) { return shard.contains(mark->first); };
            if (!std::all_of(found.begin(), found.end(), here)) continue;
            std::vector<Cut> cuts(shard_count());
            for (std::uint32_t shard = 0; shard < shard_count(); ++shard)
                cuts[shard].position = found[shard][mark->first];
            return cuts;
        }
        return wrong(ErrorCode::bad_input,
                     "no mark '" + name + "' in what is kept: list them with 'pawl journal dump'");
    }

    static void note_mark(const RecordView& record, const std::string& name, Position at,
                          std::map<std::uint64_t, Position>& found) {
        if (record.header().kind() != RecordKind::mark || record.body_bytes() < sizeof(MarkRecord))
            return;
        MarkRecord mark{};
        std::memcpy(&mark, record.body(), sizeof mark);
        const std::string_view text(reinterpret_cast<const char*>(record.body()) + sizeof mark,
                                    record.body_bytes() - sizeof mark);
        if (text.substr(0, mark.name_bytes) == name) found[mark.id] = at;
    }

    const ReplayOptions options_;
    const Domain domain_;
    journal::PosixStorage storage_;
    journal::Looked looked_;
    std::vector<std::unique_ptr<ReplayedShard>> shards_;
    ReplayedShard* stepped_ = nullptr;  // its record was handed out and is still to be popped
    std::uint64_t stepped_bytes_ = 0;   // of the last record
    std::uint64_t records_ = 0;
    std::vector<std::string> sentences_;
};

}  // namespace

Result<std::unique_ptr<ReplayCore>> open_replay(const ReplayOptions& options, Domain domain) {
    auto replay = std::make_unique<JournalReplay>(options, std::move(domain));
    if (Status opened = replay->open(); !opened) return opened.error();
    return std::unique_ptr<ReplayCore>(std::move(replay));
}

}  // namespace pawl::detail
