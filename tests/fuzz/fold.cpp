// Arbitrary records, each right in length, sequence, time and checksum, as what a copy has
// received: the fold takes them one by one as in runs, or stops with a sentence, and what it
// amounts to can be saved and loaded. Never a crash.
#include <cstdint>
#include <span>

#include "engine/history/body.hpp"
#include "engine/history/fold.hpp"
#include "journal/snapshot.hpp"
#include "pawl/engine.hpp"
#include "small_journal.hpp"
#include "testing/chance.hpp"

namespace {

using namespace pawl;
using replication::fuzz::PlainStream;

struct Counter {
    struct Add {
        std::uint64_t by;
    };
    struct Added {
        std::uint64_t by;
    };
    struct Cleared {};
    enum class Reason : std::uint16_t { none = 1 };
    using Commands = pawl::Commands<Add>;
    using Events = pawl::Events<Added, Cleared>;
    std::uint64_t sum = 0;
    Verdict decide(const Add& ask, Context<Counter>& ctx) const {
        ctx.emit(Added{ask.by});
        return accept;
    }
    void apply(const Added& event) noexcept { sum += event.by; }
    void apply(const Cleared&) noexcept { sum = 0; }
};

struct Pair {
    struct Set {
        std::uint32_t first, second;
    };
    struct Was {
        std::uint32_t first, second;
    };
    enum class Reason : std::uint16_t { none = 1 };
    using Commands = pawl::Commands<Set>;
    using Events = pawl::Events<Was>;
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    Verdict decide(const Set& ask, Context<Pair>& ctx) const {
        ctx.emit(Was{ask.first, ask.second});
        return accept;
    }
    void apply(const Was& event) noexcept {
        first = event.first;
        second = event.second;
    }
};

constexpr journal::Identity identity{1, 2};
constexpr std::uint32_t session_window = 8;

// Carrying a hash costs a MiB: by one input of two, in one of its folds.
detail::FoldOptions options(bool carries_hash = false) {
    static const detail::Domain domain = Engine<Counter, Pair>::domain();
    return {&domain, 0, 1, session_window, 16, carries_hash};
}

// Saved and loaded it is the same.
void save_and_load(detail::Fold& fold) {
    journal::testing::MemoryStorage storage;
    PAWL_ASSERT(storage.make_directory("dir").ok());
    PAWL_ASSERT(storage.make_directory(journal::shard_path("dir", 0)).ok());
    auto writer = journal::SnapshotWriter::create(storage, {"dir", 0, identity, 0, 0}).value();
    detail::SaveBody body(fold, *writer);
    while (!body.some(1U << 20).value()) {
    }
    journal::SnapshotFacts facts;
    facts.tail.position = fold.end();
    facts.tail.segment_index = 1;  // any place will do
    facts.tail.offset_bytes = facts.last_bytes = journal::block_alignment_bytes;
    facts.records = fold.records();
    facts.events = fold.events();
    facts.epochs = fold.epochs();
    facts.layout_hash = fold.layout_hash();
    facts.state_hash = body.state_hash();
    PAWL_ASSERT(writer->finish(facts).ok());
    const std::string path = journal::snapshot_path("dir", 0, fold.end());
    auto reader = journal::SnapshotReader::open(storage, path, identity, 0).value();
    detail::Fold loaded(options());
    const Status taken = loaded.on_snapshot(*reader);
    if (!taken.ok()) std::fprintf(stderr, "%s\n", taken.error().sentence.c_str());
    PAWL_ASSERT(taken.ok());
    PAWL_ASSERT(loaded.end() == fold.end());
    PAWL_ASSERT(loaded.machine().state_hash() == fold.machine().state_hash());
    PAWL_ASSERT(loaded.sessions().ids() == fold.sessions().ids());
}

void fold_all(std::span<const std::byte> input) {
    if (input.empty()) return;
    sim::Chance chance(std::to_integer<std::uint64_t>(input[0]));
    PlainStream stream;
    stream.add_mended(input.subspan(1));
    // As an appender does: what is no record ends it.
    std::size_t count = 0;
    while (count + 1 < stream.marks.size()) {
        const std::size_t at = stream.marks[count].position.value;
        const auto& mark = stream.marks[count];
        if (journal::check_record(stream.bytes.data() + at, stream.bytes.size() - at,
                                  {mark.checksum, mark.sequence, mark.time_ns}) !=
            journal::RecordFault::none)
            break;
        ++count;
    }
    stream.cut(count);
    detail::Fold one_by_one(options());
    for (std::size_t i = 0; i < count; ++i)
        one_by_one.on_record(detail::RecordView(stream.from(stream.marks[i].position).data()),
                             stream.marks[i].position);
    const bool carries_hash = std::to_integer<unsigned>(input[0]) % 2 == 1;
    detail::Fold in_runs(options(carries_hash));
    for (std::size_t i = 0; i < count;) {
        const std::size_t next = chance.between(i + 1, count);
        const std::size_t bytes =
            stream.marks[next].position.value - stream.marks[i].position.value;
        in_runs.on_records(stream.from(stream.marks[i].position).first(bytes),
                           stream.marks[i].position);
        i = next;
    }
    PAWL_ASSERT(one_by_one.failed() == in_runs.failed());
    PAWL_ASSERT(one_by_one.end() == in_runs.end());
    PAWL_ASSERT(one_by_one.records() == in_runs.records());
    PAWL_ASSERT(one_by_one.events() == in_runs.events());
    if (in_runs.failed()) {
        PAWL_ASSERT(in_runs.why()[0] != '\0');
        PAWL_ASSERT(stream.at(in_runs.failed_at()) != nullptr);
        return;
    }
    PAWL_ASSERT(in_runs.end() == stream.end());
    PAWL_ASSERT(in_runs.machine().state_hash() == one_by_one.machine().state_hash());
    if (carries_hash)
        PAWL_ASSERT(in_runs.machine().settled_hash() == one_by_one.machine().state_hash());
    if (count != 0) save_and_load(in_runs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fold_all(std::as_bytes(std::span(data, size)));
    return 0;
}
