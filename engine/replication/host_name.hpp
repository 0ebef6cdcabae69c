// What a host's name can look like, wherever an address names one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace pawl::replication {

constexpr std::size_t host_bytes_max = 253;

inline bool has_host_letters(std::string_view name) noexcept {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    });
}

}  // namespace pawl::replication
