// Closing an engine: what a sender was told is accepted is decided before the shard says that it is
// empty. The real Door, Lane, SharedQueue and Port; the few lines of EngineCore::close and
// ShardPart::do_work between them are repeated here in their order.
#include "engine/runtime/door.hpp"

#include "engine/shard/port.hpp"
#include "tests/stress/search_of.hpp"

namespace stress {
namespace {

using pawl::detail::Door;
using pawl::detail::Lane;
using pawl::detail::MessageBuffer;
using pawl::detail::MessageParts;
using pawl::detail::MessageView;
using pawl::detail::Port;
using pawl::detail::RawReply;
using pawl::detail::SharedQueue;
using pawl::detail::SingleRing;

constexpr std::size_t lines = 18;  // as many as the largest message has

// One sender, one shard, one who closes.
template <class Derived>
struct AClosingEngine : rl::test_suite<Derived, 3> {
    explicit AClosingEngine(bool orders_all) : door(orders_all) {}

    Door door;
    std::atomic<bool> drain{false};
    std::atomic<bool> drained{false};
    rl::var<int> left_over;  // what close() leaves to the producers
    rl::var<int> accepted;
    rl::var<int> decided;

    void before() {
        VAR(left_over) = 0;
        VAR(accepted) = 0;
        VAR(decided) = 0;
    }
    void take(Port& port) {
        port.fill();
        while (const std::byte* message = port.peek(0)) {
            VAR(decided) = VAR(decided) + 1;
            port.consume(MessageView(message).header().lines);
        }
    }
    // ShardPart::do_work, until close() is answered.
    void work(Port& port) {
        for (;;) {
            take(port);
            if (drain.load(std::memory_order_acquire) && port.input_empty()) break;
            rl::yield(1, RL_INFO);
        }
        drained.store(true, std::memory_order_release);
    }
    // EngineCore::close, from the drain on.
    void wait_until_drained() {
        drain.store(true, std::memory_order_release);
        while (!drained.load(std::memory_order_acquire)) rl::yield(1, RL_INFO);
        RL_ASSERT(VAR(decided) == VAR(accepted));
        VAR(left_over) = 1;
        door.finish();
    }
    // LaneProducer::take
    void look_for_what_is_left() {
        if (door.closed()) RL_ASSERT(VAR(left_over) == 1);
    }
};

// A sender with a lane of its own.
template <class Derived, bool OrdersAll>
struct ALaneAtTheDoor : AClosingEngine<Derived> {
    using Base = AClosingEngine<Derived>;
    using Base::accepted;
    using Base::door;
    ALaneAtTheDoor() : Base(OrdersAll) {}

    std::shared_ptr<Lane> lane = std::make_shared<Lane>(lines, 1, pawl::SessionId{}, "");
    Port port{lane};

    void send() {
        const MessageBuffer message{MessageParts{}};
        door.enter(lane->sending);
        const bool sent =
            door.open() && lane->commands.try_push(message.lines(), message.line_count());
        if (sent) VAR(accepted) = VAR(accepted) + 1;
        door.go_out(lane->sending);
    }
    void thread(unsigned index) {
        if (index == 0) {
            send();
            send();
            this->look_for_what_is_left();
        } else if (index == 1) {
            this->work(port);
        } else {
            door.shut();
            Door::wait_for(lane->sending);
            this->wait_until_drained();
        }
    }
};
struct ADoorWithABarrierForAll : ALaneAtTheDoor<ADoorWithABarrierForAll, true> {};
struct ADoorWithAFenceEach : ALaneAtTheDoor<ADoorWithAFenceEach, false> {};

// Senders that share a queue.
template <class Derived, bool OrdersAll>
struct AQueueAtTheDoor : AClosingEngine<Derived> {
    using Base = AClosingEngine<Derived>;
    using Base::accepted;
    using Base::door;
    AQueueAtTheDoor() : Base(OrdersAll) {}

    SharedQueue queue{2};
    SingleRing<RawReply> answers{1};
    Port port{queue, answers, 1};

    void send() {
        const MessageBuffer message{MessageParts{}};
        door.enter();
        const bool sent = door.open() && queue.try_push(message.lines(), message.line_count());
        if (sent) VAR(accepted) = VAR(accepted) + 1;
        door.go_out();
    }
    void thread(unsigned index) {
        if (index == 0) {
            send();
            send();
            this->look_for_what_is_left();
        } else if (index == 1) {
            this->work(port);
        } else {
            door.shut();
            this->wait_until_drained();
        }
    }
};
struct AQueueWithABarrierForAll : AQueueAtTheDoor<AQueueWithABarrierForAll, true> {};
struct AQueueWithoutIt : AQueueAtTheDoor<AQueueWithoutIt, false> {};

// A producer goes: what it has sent is decided before the shard lets go of its lane. The real Port;
// the last line is Shard::do_work's.
struct AProducerThatGoes : rl::test_suite<AProducerThatGoes, 2> {
    std::shared_ptr<Lane> lane = std::make_shared<Lane>(lines, 1, pawl::SessionId{}, "");
    Port port{lane};
    int decided = 0;

    void thread(unsigned index) {
        if (index == 0) {
            const MessageBuffer message{MessageParts{}};
            for (int i = 0; i < 2; ++i)
                RL_ASSERT(lane->commands.try_push(message.lines(), message.line_count()));
            lane->abandoned.store(true, std::memory_order_release);
            return;
        }
        for (;;) {
            port.fill();
            while (const std::byte* message = port.peek(0)) {
                ++decided;
                port.consume(MessageView(message).header().lines);
            }
            if (port.abandoned() && port.input_empty()) break;
            rl::yield(1, RL_INFO);
        }
        RL_ASSERT(decided == 2);
    }
};

// The queue's bound holds with several writers, and it is only empty when nothing is in it.
struct ABoundedQueue : rl::test_suite<ABoundedQueue, 3> {
    SharedQueue queue{1};
    int taken = 0;
    int accepted = 0;

    void thread(unsigned index) {
        const MessageBuffer message{MessageParts{}};
        if (index < 2) {
            if (queue.try_push(message.lines(), message.line_count())) ++accepted;
            return;
        }
        pawl::detail::Line to[lines];
        for (int i = 0; i < 2; ++i)
            if (queue.pop(to) != 0) ++taken;
    }
    void after() {
        RL_ASSERT(accepted - taken >= 0 && accepted - taken <= 1);
        RL_ASSERT(queue.empty() == (accepted == taken));
    }
};

}  // namespace

std::vector<Model> door_models() {
    const Unneeded told{"Door::shut: store seq_cst", "the barrier behind it does it"};
    const Unneeded seen{"Door::open: load seq_cst", "a barrier in enter() or shut() does it"};
    const std::string plain = "messages are plain memory here; single_ring sees them";
    const Unneeded sent{"SingleRing<T>::publish", plain};
    const Unneeded seen_sent{"SingleRing<T>::look_for_items", plain};
    const Unneeded given_back{"SingleRing<T>::consume", plain};
    const Unneeded counted{"Door::shut: load seq_cst", "only the shared queue is counted"};
    const std::string twice = "two do the same here; door_queue has one of them";
    return {model<ADoorWithABarrierForAll>("door_barrier_for_all", {},
                                           {told, seen, counted, sent, seen_sent, given_back}),
            model<ADoorWithAFenceEach>("door_fence_each", {},
                                       {told, seen, counted, sent, seen_sent, given_back}),
            model<AQueueWithABarrierForAll>(
                "door_queue_barrier_for_all", {},
                {{"Door::enter: exchange", twice}, {"Door::shut", twice}, {"Door::open", twice}}),
            model<AQueueWithoutIt>("door_queue", {},
                                   {{"Door::shut: fence", "the orders of the count do it"}}),
            model<AProducerThatGoes>("door_producer_goes", {}, {sent, seen_sent, given_back}),
            model<ABoundedQueue>("door_bounded_queue", {})};
}

}  // namespace stress
