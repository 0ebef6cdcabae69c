// A small writer of JSON objects. Knows escaping and commas; not files, and it does not read.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "pawl/journal.hpp"

namespace pawl::cli {

// A string as JSON, with its quotes: valid whatever its bytes, as in the lines of a journal.
inline std::string json_text(std::string_view text) {
    std::string out;
    append_json_string(text, out);
    return out;
}

// Something that is JSON already.
struct JsonText {
    std::string json;
    const std::string& text() const noexcept { return json; }
};

namespace detail {

inline std::string json_value(std::string_view value) {
    return json_text(value);
}
inline std::string json_value(const std::string& value) {
    return json_text(value);
}
inline std::string json_value(const char* value) {
    return json_text(value);
}
inline std::string json_value(std::same_as<bool> auto value) {
    return value ? "true" : "false";
}
template <class T>
    requires(std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T>
std::string json_value(T value) {
    if constexpr (std::floating_point<T>) {
        if (!std::isfinite(value)) return "null";
    }
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
    return std::string(buffer, end.ptr);
}

}  // namespace detail

// Members in the order they were added; a key is not looked for twice. Numbers that are not finite
// become null.
class JsonObject {
public:
    template <class T>
    JsonObject& add(std::string_view key, const T& value) {
        members_ += (members_.empty() ? "" : ", ") + json_text(key) + ": ";
        if constexpr (requires { value.text(); }) {
            members_ += value.text();
        } else {
            members_ += detail::json_value(value);
        }
        return *this;
    }
    std::string text() const { return "{" + members_ + "}"; }

private:
    std::string members_;
};

// Elements of any kind, objects too.
class JsonArray {
public:
    template <class T>
    JsonArray& add(const T& value) {
        if (!elements_.empty()) elements_ += ", ";
        if constexpr (requires { value.text(); }) {
            elements_ += value.text();
        } else {
            elements_ += detail::json_value(value);
        }
        return *this;
    }
    std::string text() const { return "[" + elements_ + "]"; }

private:
    std::string elements_;
};

}  // namespace pawl::cli
