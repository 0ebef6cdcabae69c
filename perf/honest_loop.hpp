// The smallest honest loop: ring, decide, 64-byte record with its checksum into mapped memory, ring
// back. The limit for a path with one sender and one decider. Knows the checksum; nothing else of
// pawl.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "perf/bank.hpp"

namespace pawl::perf {

// Between one writer and one reader; each keeps a copy of the other's position and looks again only
// when it needs more.
template <class T, std::size_t capacity>
class PlainRing {
    static_assert((capacity & (capacity - 1)) == 0);

public:
    // Writer: the next slot, null when full. It is the reader's after publish().
    T* claim() noexcept {
        if (claimed_ - seen_read_ == capacity) {
            seen_read_ = read_.load(std::memory_order_acquire);  // pairs with the release in done()
            if (claimed_ - seen_read_ == capacity) return nullptr;
        }
        return &slots_[claimed_++ % capacity];
    }
    // release: pairs with the acquire in available()
    void publish() noexcept { written_.store(claimed_, std::memory_order_release); }
    // Reader: how many there are, at most `limit`; slot(0) is the oldest.
    std::size_t available(std::size_t limit) noexcept {
        if (seen_written_ - taken_ < limit)
            seen_written_ = written_.load(std::memory_order_acquire);  // pairs with publish()
        const std::uint64_t there = seen_written_ - taken_;
        return there < limit ? static_cast<std::size_t>(there) : limit;
    }
    const T& slot(std::size_t i) const noexcept { return slots_[(taken_ + i) % capacity]; }
    void done(std::size_t count) noexcept {
        taken_ += count;
        read_.store(taken_, std::memory_order_release);
    }

private:
    // Each group on its own lines: away from the other side's and from what both write.
    alignas(128) std::uint64_t claimed_ = 0;
    std::uint64_t seen_read_ = 0;
    alignas(128) std::uint64_t taken_ = 0;
    std::uint64_t seen_written_ = 0;
    alignas(128) std::atomic<std::uint64_t> written_{0};
    alignas(128) std::atomic<std::uint64_t> read_{0};
    alignas(128) std::array<T, capacity> slots_{};
};

// A client of the load. Its own thread decides.
class HonestLoop {
public:
    // `core`: where the deciding thread is pinned, -1 = nowhere.
    explicit HonestLoop(int core);
    ~HonestLoop();
    HonestLoop(const HonestLoop&) = delete;
    HonestLoop& operator=(const HonestLoop&) = delete;

    // Ends its thread; nothing is sent any more. The destructor does it too.
    void stop();

    // False: no room. What is on its way fits both rings, so that the deciding side never waits.
    bool send(const Ask& ask) noexcept {
        if (number_ - heard_ == ring_capacity) return false;
        Command* command = rings_->commands.claim();
        if (command == nullptr) return false;
        command->account = ask.account;
        command->cents = ask.cents;
        command->number = ++number_;
        return true;
    }
    void flush() noexcept { rings_->commands.publish(); }
    template <class Handler>
    std::size_t poll(std::size_t limit, Handler&& handler) noexcept {
        const std::size_t count = rings_->answers.available(limit);
        for (std::size_t i = 0; i < count; ++i) handler(rings_->answers.slot(i).accepted != 0);
        if (count != 0) rings_->answers.done(count);
        heard_ += count;
        return count;
    }

private:
    struct alignas(64) Command {
        std::uint64_t account = 0;
        std::int64_t cents = 0;
        std::uint64_t number = 0;
    };
    struct Answer {
        std::uint64_t number = 0;
        std::uint64_t version = 0;
        std::uint64_t position = 0;
        std::uint64_t accepted = 0;
    };
    struct State {
        std::int64_t balance = opening_cents;
        std::uint64_t version = 0;
    };
    static constexpr std::size_t ring_capacity = 4096;
    struct Rings {
        PlainRing<Command, ring_capacity> commands;
        PlainRing<Answer, ring_capacity> answers;
    };
    void run();

    std::unique_ptr<Rings> rings_ = std::make_unique<Rings>();
    std::vector<State> accounts_{account_count};
    std::uint64_t number_ = 0;
    std::uint64_t heard_ = 0;  // answers taken
    std::byte* head_ = nullptr;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace pawl::perf
