// When what a standby has received goes to its disk, and when it says so.
#include "stream_kit.hpp"

namespace pawl::replication::testing {
namespace {

// Its clock moves 0.1 ms a turn, and a journaler takes 10 ms to write what nobody has asked for.
class StandbyDisk : public Streams {
protected:
    void SetUp() override {
        begin();
        catch_up();
        for (int i = 0; i < 200; ++i) turn();  // whatever was under way is done
        disk_is_lazy = true;
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i) turn();
    }
    std::uint64_t acknowledged(std::uint32_t shard) {
        return sender->positions(shard).synced.load();
    }
    std::uint64_t frames_heard() { return sender->talk().counters().frames; }
};

TEST_F(StandbyDisk, what_nobody_waits_for_is_written_when_its_time_has_come) {
    append(1);
    turns(10);
    EXPECT_EQ(sender->positions(0).received.load(), primary.end(0).value);
    EXPECT_LT(standby.synced(0), primary.end(0));
    turns(50);
    EXPECT_LT(standby.synced(0), primary.end(0));
    turns(60);
    EXPECT_EQ(standby.synced(0), primary.end(0));
}

TEST_F(StandbyDisk, what_somebody_waits_for_is_written_and_told_at_once) {
    append(1);
    sender->want_on_disk(0, primary.end(0));
    turns(6);
    EXPECT_EQ(acknowledged(0), primary.end(0).value);
    EXPECT_LT(standby.synced(1), primary.end(1)) << "nobody has asked for it";
}

TEST_F(StandbyDisk, it_may_be_asked_for_before_it_is_there) {
    append(1);
    const std::uint64_t one = primary.end(0).value;
    turns(6);
    sender->want_on_disk(0, Position{one + 104});
    turns(6);
    EXPECT_EQ(acknowledged(0), one);
    append(1);
    turns(6);
    EXPECT_EQ(acknowledged(0), primary.end(0).value);
    append(1);
    turns(20);
    EXPECT_LT(acknowledged(0), primary.end(0).value) << "that was not asked for";
}

TEST_F(StandbyDisk, whoever_calls_again_is_asked_again) {
    append(1);
    turns(6);
    sender.reset();
    standby.drop_receiver();
    meet();
    sender->want_on_disk(0, primary.end(0));
    turns(12);
    EXPECT_EQ(acknowledged(0), primary.end(0).value);
}

// Each of them would wake the primary: what is received is said once, and the rest goes with it.
TEST_F(StandbyDisk, what_nobody_waits_for_is_told_with_what_somebody_does) {
    const std::uint64_t before = frames_heard();
    for (int i = 0; i < 200; ++i) {
        append(1);
        turns(4);
    }
    EXPECT_LE(frames_heard() - before, 240U) << "one for each, and signs of life";
    catch_up();
    EXPECT_EQ(sender->positions(0).applied.load(), primary.end(0).value);
}

TEST_F(StandbyDisk, news_that_nobody_waits_for_is_told_before_long) {
    append(1);
    turns(20);
    EXPECT_EQ(sender->positions(0).applied.load(), primary.end(0).value);
    turns(120);
    EXPECT_EQ(acknowledged(0), primary.end(0).value);
}

}  // namespace
}  // namespace pawl::replication::testing
