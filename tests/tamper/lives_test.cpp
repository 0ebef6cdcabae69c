// A kill at any storage call, a life after it, and then a loss of power: what that life synced is
// there, under the name that it was written to.
#include "tests/unit/journal/kit.hpp"

namespace pawl::journal::testing {
namespace {

// Rolls into a second and a third segment; stops wherever something fails.
void live(Life& life) {
    if (!life.open()) return;
    for (int i = 0; i < 4; ++i) {
        if (!life.append_many(180, 150) || !life.sync()) return;
        while (life.preparer().do_work(0) != 0) continue;
    }
}

TEST(Lives, what_was_synced_after_a_kill_survives_a_loss_of_power) {
    Life whole;
    live(whole);
    ASSERT_EQ(whole.synced_count, 720U);
    ASSERT_TRUE(whole.storage.exists(whole.segment(3)));
    const std::uint64_t calls = whole.storage.calls();
    for (const auto unsynced : {Unsynced::lost, Unsynced::every_other_sector})
        for (std::uint64_t n = 1; n <= calls; ++n) {
            Life life;
            life.storage.die_at_call(n);
            live(life);
            life.kill();
            ASSERT_TRUE(life.open()) << "call " << n << ": " << life.error().sentence;
            life.believe_replayed();
            // Enough to enter the segment that the life before prepared, not enough for another.
            for (int record = 0; record < 120 + static_cast<int>(n % 7) * 20; ++record)
                ASSERT_TRUE(life.append(150) || (life.sync() && life.append(150)));
            ASSERT_TRUE(life.sync()) << "call " << n;
            life.cut_power(unsynced);
            ASSERT_TRUE(life.open()) << "call " << n << ": " << life.error().sentence;
            ASSERT_TRUE(is_prefix(life.replayed, life.written, life.synced_count)) << "call " << n;
        }
}

}  // namespace
}  // namespace pawl::journal::testing
