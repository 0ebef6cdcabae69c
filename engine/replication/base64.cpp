// Three bytes are four letters.
#include "engine/replication/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace pawl::replication {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            text += i <= group.size() ? letters[bits >> (18 - 6 * i) & 63U] : '=';
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        std::uint32_t bits = 0;
        std::size_t padding = 0;
        for (const char letter : text.substr(at, 4)) {
            const auto value = letters.find(letter);
            padding += letter == '=' ? 1U : 0U;
            if (letter != '=' && (value == letters.npos || padding != 0)) return std::nullopt;
            bits = bits << 6U | (letter == '=' ? 0U : static_cast<std::uint32_t>(value));
        }
        if (padding > 2 || (padding != 0 && at + 4 != text.size())) return std::nullopt;
        // bits that no byte has are zero, or two texts would say the same
        if ((bits & ((1U << (8 * padding)) - 1)) != 0) return std::nullopt;
        for (std::size_t i = 0; i + padding < 3; ++i)
            bytes += static_cast<char>(bits >> (16 - 8 * i) & 255U);
    }
    return bytes;
}

}  // namespace pawl::replication
