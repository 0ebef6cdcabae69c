// Puts the model checker's atomics in the place of std::atomic. The build includes this file before
// everything else in a model's sources, so that the files of the engine are compiled as they are.
// Knows Relacy; not what is modelled.
//
// What Relacy explores: every interleaving of atomic operations, and for each load every store that
// the memory model lets it see (the last three). What it does not: a store that is seen before a
// load that stands in front of it, and plain memory, which is always up to date here. So whatever a
// protocol carries across threads is an atomic word, read and written relaxed, or a checked
// variable (rl::var) in these models.
#pragma once

// Whatever uses std::atomic itself comes first.
#include <algorithm>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <source_location>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <relacy/relacy.hpp>

// Relacy's own way of swapping, by macros, is too coarse.
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef errno
#define errno (*__errno_location())
#undef assert
#define assert(condition) RL_ASSERT(condition)

namespace stress {

// What one line does to the order of memory. One at a time can be weakened, to see whether a model
// notices.
enum class Act : unsigned char { load, store, exchange, fence };

// The order to use here: the one that was asked for, unless this site is the weakened one.
std::memory_order order_at(Act act, std::memory_order asked, const std::source_location& where);
// Counts the searches: what an earlier one left behind when it failed is not there any more.
unsigned long search_number();

inline rl::memory_order to_relacy(std::memory_order order) {
    switch (order) {
        case std::memory_order_relaxed:
            return rl::mo_relaxed;
        case std::memory_order_consume:
        case std::memory_order_acquire:
            return rl::mo_acquire;
        case std::memory_order_release:
            return rl::mo_release;
        case std::memory_order_acq_rel:
            return rl::mo_acq_rel;
        case std::memory_order_seq_cst:
            break;
    }
    return rl::mo_seq_cst;
}
inline rl::debug_info at(const std::source_location& where) {
    return {where.function_name(), where.file_name(), where.line()};
}

template <class T>
struct Carried {
    using type = T;
};
template <class T>
    requires std::is_enum_v<T>
struct Carried<T> {
    using type = int;  // a character would be told as one
};

// As large as a T, because some stand at agreed places in shared memory: it holds the number of an
// atomic of the checker.
template <class T>
class Atomic {
    using Inner = typename Carried<T>::type;
    using Where = std::source_location;

public:
    static constexpr bool is_always_lock_free = true;

    Atomic(T value = T{}) : slot_(take_slot()) {
        ::new (static_cast<void*>(places_[slot_].bytes))
            rl::atomic<Inner>(static_cast<Inner>(value));
        used_in_[slot_] = search_number();
    }
    ~Atomic() {
        std::destroy_at(inner());
        used_in_[slot_] = 0;
    }
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    bool is_lock_free() const { return true; }
    T load(std::memory_order order = std::memory_order_seq_cst,
           const Where& where = Where::current()) const {
        return static_cast<T>(
            inner()->load(to_relacy(order_at(Act::load, order, where)), at(where)));
    }
    void store(T value, std::memory_order order = std::memory_order_seq_cst,
               const Where& where = Where::current()) {
        inner()->store(static_cast<Inner>(value), to_relacy(order_at(Act::store, order, where)),
                       at(where));
    }
    T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
               const Where& where = Where::current()) {
        return static_cast<T>(inner()->exchange(static_cast<Inner>(value),
                                                to_relacy(order_at(Act::exchange, order, where)),
                                                at(where)));
    }
    T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst,
                const Where& where = Where::current()) {
        return inner()->fetch_add(value, to_relacy(order_at(Act::exchange, order, where)),
                                  at(where));
    }
    T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst,
                const Where& where = Where::current()) {
        return inner()->fetch_sub(value, to_relacy(order_at(Act::exchange, order, where)),
                                  at(where));
    }
    bool compare_exchange_weak(T& expected, T value, std::memory_order order,
                               std::memory_order failed, const Where& where = Where::current()) {
        const auto used = order_at(Act::exchange, order, where);
        return inner()->compare_exchange_weak(expected, value, to_relacy(used), at(where),
                                              to_relacy(failed), at(where));
    }
    bool compare_exchange_weak(T& expected, T value,
                               std::memory_order order = std::memory_order_seq_cst,
                               const Where& where = Where::current()) {
        const auto used = order_at(Act::exchange, order, where);
        return inner()->compare_exchange_weak(expected, value, to_relacy(used), at(where));
    }

private:
    using Slot =
        std::conditional_t<sizeof(T) == 8, std::uint64_t,
                           std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint8_t>>;
    static_assert(sizeof(Slot) == sizeof(T));
    struct Place {
        alignas(rl::atomic<Inner>) std::byte bytes[sizeof(rl::atomic<Inner>)];
    };
    static constexpr std::size_t slots_max = 256;
    static inline Place places_[slots_max];
    static inline unsigned long used_in_[slots_max] = {};

    static Slot take_slot() {
        std::size_t slot = 0;
        while (slot < slots_max && used_in_[slot] == search_number()) ++slot;
        RL_ASSERT(slot < slots_max);  // a model has fewer atomics
        return static_cast<Slot>(slot);
    }
    rl::atomic<Inner>* inner() const {
        return std::launder(reinterpret_cast<rl::atomic<Inner>*>(places_[slot_].bytes));
    }

    Slot slot_;
};

class Mutex {
public:
    void lock() { inner_.lock(RL_INFO); }
    void unlock() { inner_.unlock(RL_INFO); }

private:
    rl::mutex inner_;
};

}  // namespace stress

// Only for the files of the engine, which say std::atomic and std::mutex.
namespace std {
template <class T>
using stress_atomic = stress::Atomic<T>;
using stress_mutex = stress::Mutex;
inline void stress_thread_fence(
    std::memory_order order, const std::source_location& where = std::source_location::current()) {
    const std::memory_order used = stress::order_at(stress::Act::fence, order, where);
    if (used != std::memory_order_relaxed)
        rl::atomic_thread_fence(stress::to_relacy(used), stress::at(where));
}
inline void stress_signal_fence(std::memory_order) {}
}  // namespace std
#define atomic stress_atomic
#define mutex stress_mutex
#define atomic_thread_fence stress_thread_fence
#define atomic_signal_fence stress_signal_fence
