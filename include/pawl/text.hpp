// Bounded text and bytes for commands and events: plain values without padding. Know no journal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "pawl/detail/assert.hpp"

namespace pawl {

// At most `capacity` characters, stored in place: 2 + capacity bytes, unused ones zero. `capacity`
// is even and at most 65534. A plain value: copies like an integer. Longer text is cut by nobody:
// see fits().
template <std::size_t capacity>
struct Text {
    static_assert(capacity % 2 == 0 && capacity > 0 && capacity <= 65534,
                  "a Text's capacity is even (so that it has no padding) and at most 65534");
    std::uint16_t size = 0;
    std::array<char, capacity> chars{};

    constexpr Text() = default;
    // The text must fit: ask fits() first where it comes from outside.
    constexpr Text(std::string_view text) : size(static_cast<std::uint16_t>(text.size())) {
        PAWL_ASSERT(fits(text));
        for (std::size_t i = 0; i < text.size(); ++i) chars[i] = text[i];
    }
    constexpr Text(const char* text) : Text(std::string_view(text)) {}
    static constexpr bool fits(std::string_view text) noexcept { return text.size() <= capacity; }
    constexpr std::string_view view() const noexcept {
        return {chars.data(), size <= capacity ? size : capacity};
    }
    friend constexpr bool operator==(const Text& a, const Text& b) noexcept {
        return a.view() == b.view();
    }
};

// At most `capacity` bytes, stored in place: 2 + capacity bytes, unused ones zero. As Text
// otherwise.
template <std::size_t capacity>
struct Bytes {
    static_assert(capacity % 2 == 0 && capacity > 0 && capacity <= 65534,
                  "a Bytes' capacity is even (so that it has no padding) and at most 65534");
    std::uint16_t size = 0;
    std::array<std::uint8_t, capacity> data{};

    constexpr Bytes() = default;
    Bytes(const void* bytes, std::size_t count) : size(static_cast<std::uint16_t>(count)) {
        PAWL_ASSERT(count <= capacity);
        std::memcpy(data.data(), bytes, count);
    }
};

}  // namespace pawl
