// What one writes, another reads once, in order and whole, and no place is written again before it
// was given back. The real SingleRing.
#include "engine/ring/single_ring.hpp"

#include "tests/stress/search_of.hpp"

namespace stress {
namespace {

constexpr int last = 3;

struct Item {
    rl::var<int> value;
};

// Room for two, in pieces of one: every place is used again.
struct OneByOne : rl::test_suite<OneByOne, 2> {
    pawl::detail::SingleRing<Item> ring{2};

    void write(int value) {
        for (;;) {
            if (Item* const place = ring.claim(1)) {
                VAR(place->value) = value;
                ring.publish();
                return;
            }
            rl::yield(1, RL_INFO);
        }
    }
    void read(int value) {
        for (;;) {
            if (Item* const item = ring.peek(0)) {
                RL_ASSERT(VAR(item->value) == value);
                ring.consume(1);
                return;
            }
            rl::yield(1, RL_INFO);
        }
    }
    void thread(unsigned index) {
        for (int value = 1; value <= last; ++value) index == 0 ? write(value) : read(value);
    }
    void after() { RL_ASSERT(ring.empty() && ring.room() == 2); }
};

// The second piece does not fit before the end: it goes on behind it. Read when it is whole.
struct InPieces : rl::test_suite<InPieces, 2> {
    pawl::detail::SingleRing<Item> ring{3, 2};

    void thread(unsigned index) {
        for (int piece = 0; piece < 3;) {
            if (index == 0) {
                if (Item* const place = ring.claim(2)) {
                    VAR(place[0].value) = piece;
                    VAR(place[1].value) = -piece;
                    ring.publish();
                    ++piece;
                    continue;
                }
            } else if (Item* const item = ring.peek(0)) {
                RL_ASSERT(VAR(item[0].value) == piece && VAR(item[1].value) == -piece);
                ring.consume(2);
                ++piece;
                continue;
            }
            rl::yield(1, RL_INFO);
        }
    }
};

}  // namespace

std::vector<Model> single_ring_models() {
    return {model<OneByOne>("single_ring", {}), model<InPieces>("single_ring_pieces", {})};
}

}  // namespace stress
