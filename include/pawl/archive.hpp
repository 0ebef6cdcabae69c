// How a state that is not one plain value shows its content: one function for hash, saving and
// loading. Knows no file.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace pawl {

// A state with pointers or containers has
//
//     template <class Archive> void snapshot(Archive& archive) {
//         archive.value(mid_);                              // one plain value
//         const std::size_t n = archive.count(orders_.size());   // how many follow
//         if constexpr (Archive::loading) orders_.resize(n);
//         for (Order& order : orders_) archive.value(order);
//     }
//
// in a canonical order: two equal states show equal content, whatever their history. When
// Archive::loading is false it must not change the state (it is called on const states then).
// States that are one plain value need none.
template <class State, class Archive>
concept Snapshots = requires(State& state, Archive& archive) { state.snapshot(archive); };

namespace detail {

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x ^= x >> 32;
    x *= 0xE9846AF9B1A615DULL;
    x ^= x >> 32;
    x *= 0xE9846AF9B1A615DULL;
    x ^= x >> 28;
    return x;
}

// Folds what snapshot() shows into 64 bits. Equal content, equal hash, on every machine
// (little-endian).
class HashArchive {
public:
    static constexpr bool loading = false;

    template <class T>
        requires std::is_trivially_copyable_v<T>
    void value(const T& plain) noexcept {
        bytes(&plain, sizeof plain);
    }
    std::size_t count(std::size_t n) noexcept {
        add(n);
        return n;
    }
    void bytes(const void* data, std::size_t size) noexcept {
        const auto* cursor = static_cast<const unsigned char*>(data);
        for (; size >= 8; size -= 8, cursor += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, cursor, 8);
            add(word);
        }
        if (size != 0) {
            std::uint64_t word = 0;
            std::memcpy(&word, cursor, size);
            add(word ^ (static_cast<std::uint64_t>(size) << 56));
        }
    }
    std::uint64_t result() const noexcept { return mix(hash_); }

private:
    void add(std::uint64_t word) noexcept { hash_ = mix(hash_ ^ word) + 0x9E3779B97F4A7C15ULL; }
    std::uint64_t hash_ = 0x2545F4914F6CDD1DULL;
};

}  // namespace detail
}  // namespace pawl
