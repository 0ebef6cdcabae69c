// The journaler, the preparer and the shard between them. The real Head, Journaler and
// SegmentPreparer; the writer of blocks is a small one (replaced/journal/block_writer.hpp).
#include "journal/journaler.hpp"

#include "tests/stress/search_of.hpp"
#include "tests/stress/small_disk.hpp"
#include "tests/stress/small_ring.hpp"

namespace stress {
namespace {

using pawl::Position;
using pawl::journal::BlockWriter;
using pawl::journal::Head;
using pawl::journal::HeadOptions;
using pawl::journal::Journaler;
using pawl::journal::JournalerOptions;
using pawl::journal::SegmentPreparer;
using pawl::journal::SegmentPreparerOptions;

constexpr std::uint64_t record = BlockWriter::record;
constexpr std::uint64_t records = 3;  // one more than a segment holds
constexpr std::uint64_t base = 64;
constexpr std::uint64_t end = base + records * record;

SegmentPreparerOptions small_segments() {
    SegmentPreparerOptions options;
    options.segment_bytes = 4096;
    options.reserve_bytes = 1;
    options.retry_interval_ns = 1;
    return options;
}

JournalerOptions only_on_demand() {
    JournalerOptions options;
    options.inflight_bytes_max = 4096;  // more than there is
    return options;
}

struct Parts {
    explicit Parts(int refusals) : disk(refusals, headers) {
        HeadOptions options;
        options.path = "h";
        options.base = Position{base};
        options.capacity_bytes = 8 * record;  // less than half of it is used: nothing is due
        auto made = Head::create(ring, options);
        RL_ASSERT(made.ok());
        head = std::move(*made);
        journaler = std::make_unique<Journaler>(*head, preparer, writer, only_on_demand());
    }
    void commit(std::uint64_t at) {
        head->announce(Position{at + record});
        word_at(head->at(Position{at})).store(at, std::memory_order_relaxed);
        head->publish(Position{at + record}, 0);
    }

    std::atomic<std::uint64_t> headers{0};
    SmallRing<8> ring;
    SmallDisk disk;
    std::unique_ptr<Head> head;
    BlockWriter writer{Position{base}, headers};
    SegmentPreparer preparer{disk, small_segments()};
    std::unique_ptr<Journaler> journaler;
};

// Somebody waits for each record: it is written, whole, and nobody waits for ever.
struct AJournal : rl::test_suite<AJournal, 3> {
    Parts parts{1};

    void thread(unsigned index) {
        const Head& head = *parts.head;
        if (index == 0) {
            for (std::uint64_t at = base; at < end; at += record) {
                parts.commit(at);
                parts.journaler->demand(Position{at + record});
            }
            while (head.synced().value < end) rl::yield(1, RL_INFO);
        } else if (index == 1) {
            while (head.synced().value < end)
                if (parts.journaler->do_work(0) == 0) rl::yield(1, RL_INFO);
        } else {
            for (std::int64_t now = 0; head.synced().value < end; ++now)
                if (parts.preparer.do_work(now) == 0) rl::yield(1, RL_INFO);
        }
    }
    void after() { RL_ASSERT(parts.writer.tail().position.value == end); }
};

// A word that several threads raise ends as the highest.
struct ADemand : rl::test_suite<ADemand, 3> {
    Parts parts{0};

    void before() {
        for (std::uint64_t at = base; at < end; at += record) parts.commit(at);
    }
    void thread(unsigned index) { parts.journaler->demand(Position{base + (index + 1) * record}); }
    void after() {
        for (std::int64_t now = 0; now < 2; ++now) {
            parts.preparer.do_work(now);
            parts.journaler->do_work(0);
        }
        RL_ASSERT(parts.head->synced().value == end);
    }
};

// The journaler says how much room is left while the preparer finds that there is no more: what is
// said in the end follows from both.
template <class Derived, int Refusals, int Attempts, bool FullInTheEnd>
struct ADiskThatFillsUp : rl::test_suite<Derived, 2> {
    std::atomic<std::uint64_t> headers{0};
    SmallDisk disk{Refusals, headers};
    SegmentPreparer preparer{disk, small_segments()};

    void before() { preparer.set_room_left(1); }
    void thread(unsigned index) {
        if (index == 0) {
            preparer.set_room_left(0);
        } else {
            for (std::int64_t now = 0; now < Attempts; ++now) preparer.do_work(now);
        }
    }
    void after() { RL_ASSERT(preparer.disk_full() == FullInTheEnd); }
};
struct ADiskThatStaysFull : ADiskThatFillsUp<ADiskThatStaysFull, 1, 1, true> {};
struct ADiskWithRoomAgain : ADiskThatFillsUp<ADiskWithRoomAgain, 1, 2, false> {};

}  // namespace

std::vector<Model> journaler_models() {
    // Many steps and much memory: fewer of them by default.
    const Search some{Search::Kind::random, 0, 100'000};
    const std::string elsewhere = "the head's own models are about it";
    const Unneeded state{"Journaler::", "only a failure carries more than itself"};
    const Unneeded made{"SegmentPreparer::", "the model 'journaler' makes segments beside it"};
    const std::vector<Unneeded> ring = {{"Head::synced", elsewhere},
                                        {"Head::set_synced", elsewhere},
                                        {"Head::announce", elsewhere},
                                        state};
    return {model<AJournal>("journaler", some, ring),
            model<ADemand>("journaler_demand", some, {{"Head::", elsewhere}, state, made}),
            model<ADiskThatStaysFull>("journaler_disk_full", {}, {made}),
            model<ADiskWithRoomAgain>("journaler_disk_available", {}, {made})};
}

}  // namespace stress
