// The head: one writes, one drains, others copy from under them. The real Head and HeadRemains;
// only the words of the ring are atomics (replaced/journal/racing_copy.hpp).
#include "journal/head.hpp"

#include "tests/stress/search_of.hpp"
#include "tests/stress/small_ring.hpp"

namespace stress {
namespace {

using pawl::Position;
using pawl::journal::Head;
using pawl::journal::HeadOptions;
using pawl::journal::HeadRemains;

constexpr std::size_t words = 2;
constexpr std::uint64_t record = sizeof(std::uint64_t);  // a record is one word
constexpr std::uint64_t records = 4;                     // so that every word is overwritten
constexpr std::uint64_t base = 64;

constexpr std::uint64_t content(std::uint64_t position) {
    return position + 1;
}

template <class Derived>
struct AHead : rl::test_suite<Derived, 3> {
    SmallRing<words> storage;
    std::unique_ptr<Head> head;
    // Touched with every word of the ring by its writer and by its drain, which never race.
    rl::var<std::uint64_t> touched[words];

    void before() {
        HeadOptions options;
        options.path = "h";
        options.capacity_bytes = words * record;
        options.base = Position{base};
        auto made = Head::create(storage, options);
        RL_ASSERT(made.ok());
        head = std::move(*made);
    }
    // The shard's thread: as Shard does it, a batch of one record.
    void write_all() {
        for (std::uint64_t at = base; at < base + records * record; at += record) {
            while (head->writable_end().value < at + record) rl::yield(1, RL_INFO);
            head->announce(Position{at + record});
            VAR(touched[at / record % words]) = at;
            word_at(head->at(Position{at})).store(content(at), std::memory_order_relaxed);
            head->publish(Position{at + record}, 0);
        }
    }
    // The journaler's: reads what is committed in place, then lets it go.
    void drain_all() {
        std::uint64_t at = head->synced().value;
        while (at < base + records * record) {
            const std::uint64_t end = head->committed().value;
            if (end == at) rl::yield(1, RL_INFO);
            for (; at < end; at += record) {
                RL_ASSERT(VAR(touched[at / record % words]) == at);
                RL_ASSERT(word_at(head->at(Position{at})).load(std::memory_order_relaxed) ==
                          content(at));
            }
            head->set_synced(Position{at});
        }
    }
};

// A subscription in the same process.
struct AHeadAndAReader : AHead<AHeadAndAReader> {
    void thread(unsigned index) {
        if (index == 0) return write_all();
        if (index == 1) return drain_all();
        for (int i = 0; i < 2; ++i) {
            const std::uint64_t end = head->committed().value;
            if (end == base) continue;
            const std::uint64_t at = end - record;
            std::uint64_t word = 0;
            if (head->copy(Position{at}, std::as_writable_bytes(std::span(&word, 1))))
                RL_ASSERT(word == content(at));
        }
    }
};

// Another process that looks at the head of a running one.
struct AHeadAndAnotherProcess : AHead<AHeadAndAnotherProcess> {
    void thread(unsigned index) {
        if (index == 0) return write_all();
        if (index == 1) return drain_all();
        const HeadRemains remains = HeadRemains::find(storage, "h", {}, 0, RingMode::look);
        RL_ASSERT(remains.state() == HeadRemains::State::ours);
        RL_ASSERT(remains.synced() <= remains.committed());
        if (remains.committed().value == base) return;
        const std::uint64_t at = remains.committed().value - record;
        std::uint64_t word = 0;
        if (remains.copy(Position{at}, std::as_writable_bytes(std::span(&word, 1))))
            RL_ASSERT(word == content(at));
    }
};

}  // namespace

std::vector<Model> head_models() {
    // In one process the fence says more; what it does not say, head_other_process shows.
    const Unneeded store{"Head::announce_ahead: store", "only find() looks for `synced` behind it"};
    const Unneeded load{"load_cell", "only find() looks for more behind it"};
    return {model<AHeadAndAReader>("head_reader", {}, {store, load}),
            model<AHeadAndAnotherProcess>("head_other_process", {})};
}

}  // namespace stress
