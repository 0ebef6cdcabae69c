// A journal read again: per shard a machine, a replayer and a source of records.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/history/fold.hpp"
#include "engine/runtime/cut.hpp"
#include "engine/runtime/record_source.hpp"
#include "engine/shard/sessions.hpp"
#include "journal/inspect.hpp"
#include "journal/posix_storage.hpp"
#include "journal/schema.hpp"
#include "journal/snapshot.hpp"
#include "pawl/detail/replay_core.hpp"

namespace pawl::detail {

namespace {

constexpr std::uint32_t sessions_max = std::numeric_limits<std::uint32_t>::max();

struct ReplayedShard {
    ReplayedShard(const FoldOptions& options, journal::Storage& storage,
                  const journal::Looked& looked)
        : fold(options), source(storage, looked, options.shard) {}

    Fold fold;
    RecordSource source;
    Time last;  // of the last record in the state
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
        FoldOptions fold;
        fold.domain = &domain_;
        fold.shards = looked_.manifest.shards;
        fold.session_window = static_cast<std::uint32_t>(looked_.manifest.session_window);
        fold.sessions_max = sessions_max;
        for (; fold.shard < fold.shards; ++fold.shard)
            shards_.push_back(std::make_unique<ReplayedShard>(fold, storage_, looked_));
        return go_to(options_.until, [this](std::uint32_t shard, const Cut& cut) {
            Status begun = begin(shard, cut);
            return begun ? advance(shard, cut) : begun;
        });
    }

    std::uint32_t shard_count() const noexcept override {
        return static_cast<std::uint32_t>(shards_.size());
    }
    Machine& machine(std::uint32_t shard) noexcept override {
        return shards_[shard]->fold.machine();
    }

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
        return go_to(until,
                     [this](std::uint32_t shard, const Cut& cut) { return advance(shard, cut); });
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
        at.fold.on_record(record, at.source.position());
        if (at.fold.failed())
            return wrong(ErrorCode::mismatch, "shard " + std::to_string(shard) +
                                                  ": the record at position " +
                                                  std::to_string(at.fold.failed_at().value) +
                                                  " does not fit this program: " + at.fold.why());
        at.last = Time{record.header().decided_ns};
        stepped_bytes_ = record.length();
        ++records_;
        return Done{};
    }

    // The shard that a sequence is of goes first: its time is the others' cut.
    template <class Go>
    Status go_to(const Until& until, Go&& go) {
        Result<std::vector<Cut>> cuts = cuts_of(until, storage_, looked_);
        if (!cuts) return cuts.error();
        const bool led = until.kind() == Until::Kind::sequence;
        const std::uint32_t leader = led ? until.shard() : 0;
        for (std::uint32_t i = 0; i < shard_count(); ++i) {
            const std::uint32_t shard = (leader + i) % shard_count();
            if (led && i != 0) (*cuts)[shard].time_ns = shards_[leader]->last.ns;
            if (Status there = go(shard, (*cuts)[shard]); !there) return there;
        }
        return Done{};
    }

    // At the newest usable snapshot before the cut, or at the first record.
    Status begin(std::uint32_t shard, const Cut& cut) {
        if (options_.snapshots && cut.position != Position{}) {
            auto paths = journal::list_snapshots(storage_, options_.directory, shard);
            if (!paths) return paths.error();
            for (const std::string& path : *paths)
                if (begin_at(shard, cut, path)) return Done{};
        }
        Result<const std::byte*> first = shards_[shard]->source.peek();
        if (!first) return first.error();
        if (shards_[shard]->source.position() == Position{}) return Done{};
        return wrong(ErrorCode::bad_input,
                     "shard " + std::to_string(shard) + ": what is below position " +
                         std::to_string(shards_[shard]->source.position().value) +
                         " was removed and no snapshot before the cut can be used: choose a later "
                         "cut, or bring the segments back from the archive");
    }

    bool begin_at(std::uint32_t shard, const Cut& cut, const std::string& path) {
        const journal::Identity& identity = looked_.manifest.identity;
        const auto facts = journal::SnapshotReader::look(storage_, path, identity, shard);
        if (!facts) return pass_over(path, facts.error().sentence);
        const journal::StreamTail& tail = facts->tail;
        if (!cut.reaches(tail.position, tail.sequence.value, tail.time_ns)) return false;
        ReplayedShard& at = *shards_[shard];
        const auto fault = at.source.place_fault(facts->from());
        if (!fault) return pass_over(path, fault.error().sentence);
        if (!fault->empty()) return pass_over(path, *fault);
        auto reader = journal::SnapshotReader::open(storage_, path, identity, shard);
        if (!reader) return pass_over(path, reader.error().sentence);
        if (Status loaded = at.fold.on_snapshot(**reader); !loaded)
            return pass_over(path, loaded.error().sentence);
        at.source.begin_at(facts->from());
        at.last = Time{tail.time_ns};
        sentences_.push_back("shard " + std::to_string(shard) + ": begun at the snapshot of " +
                             std::to_string(facts->records) + " records, " + path);
        return true;
    }
    bool pass_over(const std::string& path, const std::string& why) {
        sentences_.push_back("snapshot " + path + " is not used: " + why);
        return false;
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
        const Sessions& sessions = shards_[shard]->fold.sessions();
        const std::uint32_t index = RecordView(bytes).header().session;
        return {bytes, shard, at.value, index != 0 ? sessions.id(index).value : 0};
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
