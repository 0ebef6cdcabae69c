// A value that arrives later: blocking, with a time-out, or with co_await. Knows no engine but how
// to help it along.
#pragma once

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "pawl/detail/assert.hpp"
#include "pawl/detail/core.hpp"

namespace pawl {

namespace detail {

// Shared by the one who waits and the one who completes.
template <class T>
class FutureState {
public:
    explicit FutureState(std::shared_ptr<Waiter> waiter) : helper_(std::move(waiter)) {}

    void set(T value) {
        std::coroutine_handle<> waiter;
        {
            const std::lock_guard lock(mutex_);
            PAWL_ASSERT(!value_.has_value());
            value_.emplace(std::move(value));
            waiter = std::exchange(waiter_, {});
        }
        arrived_.notify_all();
        if (waiter) waiter.resume();
    }

    // The value will never come.
    void abandon() {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        arrived_.notify_all();
    }

    // True: the value is there.
    bool wait_until(std::chrono::steady_clock::time_point deadline, bool for_ever) {
        std::unique_lock lock(mutex_);
        while (!value_.has_value() && !abandoned_) {
            lock.unlock();
            const bool polled = helper_ != nullptr && helper_->poll_while_waiting();
            lock.lock();
            if (value_.has_value() || abandoned_) break;
            if (!for_ever && std::chrono::steady_clock::now() >= deadline) return false;
            if (polled) continue;
            if (for_ever)
                arrived_.wait(lock);
            else
                arrived_.wait_until(lock, deadline);
        }
        return value_.has_value();
    }

    bool ready() {
        const std::lock_guard lock(mutex_);
        return value_.has_value();
    }
    // The value; waited for before.
    T& value() {
        const std::lock_guard lock(mutex_);
        PAWL_ASSERT(value_.has_value());
        return *value_;
    }
    // False: the value is there already, do not suspend.
    bool suspend(std::coroutine_handle<> waiter) {
        const std::lock_guard lock(mutex_);
        if (value_.has_value()) return false;
        PAWL_ASSERT(!waiter_ && "one coroutine at a time may await a future");
        waiter_ = waiter;
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::optional<T> value_;
    bool abandoned_ = false;
    std::coroutine_handle<> waiter_;
    std::shared_ptr<Waiter> helper_;
};

}  // namespace detail

// One reader. May be dropped: the command goes on all the same. A future that outlives its engine
// is completed when the engine closes.
template <class T>
class [[nodiscard]] Future {
public:
    explicit Future(std::shared_ptr<detail::FutureState<T>> state) : state_(std::move(state)) {}

    // Waits for the value. With Threading::none this polls the engine.
    T get() {
        const bool there = state_->wait_until({}, true);
        PAWL_ASSERT(there && "the engine closed before it answered: close() after the last get()");
        return state_->value();
    }
    // Waits at most so long. Empty: not yet; the value still arrives and a later get() has it.
    std::optional<T> wait_for(std::chrono::nanoseconds patience) {
        if (!state_->wait_until(std::chrono::steady_clock::now() + patience, false))
            return std::nullopt;
        return state_->value();
    }
    bool ready() const { return state_->ready(); }

    // co_await: the coroutine goes on on the reply thread (with Threading::none: inside poll()).
    auto operator co_await() {
        struct Awaiter {
            std::shared_ptr<detail::FutureState<T>> state;
            bool await_ready() { return state->ready(); }
            bool await_suspend(std::coroutine_handle<> waiter) { return state->suspend(waiter); }
            T await_resume() { return state->value(); }
        };
        return Awaiter{state_};
    }

private:
    std::shared_ptr<detail::FutureState<T>> state_;
};

struct UseFuture {};
// As the last argument of submit or query: the reply comes as a Future.
inline constexpr UseFuture use_future{};

}  // namespace pawl
