// Reads the names and types of a plain struct's fields from the compiler. Knows no journal, writes
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pawl/text.hpp"

namespace pawl::detail {

inline constexpr std::size_t field_count_max = 24;

struct AnyField {
    template <class T>
    constexpr operator T() const noexcept;  // never defined: only counts fields
};

template <class T, class... Fields>
concept BraceConstructible = requires { T{Fields{}...}; };

template <class T, class... Fields>
consteval std::size_t field_count_of() {
    if constexpr (sizeof...(Fields) > field_count_max)
        return sizeof...(Fields);
    else if constexpr (BraceConstructible<T, Fields..., AnyField>)
        return field_count_of<T, Fields..., AnyField>();
    else
        return sizeof...(Fields);
}
template <class T>
inline constexpr std::size_t field_count = std::is_empty_v<T> ? 0 : field_count_of<T>();

template <class... Fields>
constexpr auto addresses(const Fields&... fields) {
    return std::tuple<const Fields*...>(&fields...);
}

// A tuple of pointers to the fields of an aggregate struct with up to 24 fields.
template <class T>
constexpr auto field_addresses(const T& v) {
    constexpr std::size_t n = field_count<T>;
    static_assert(n <= field_count_max,
                  "commands and events have at most 24 fields: nest a struct");
    // clang-format off
    if constexpr (n == 0) { return std::tuple<>(); }
    else if constexpr (n == 1) {
        const auto& [a] = v;
        return addresses(a); }
    else if constexpr (n == 2) {
        const auto& [a, b] = v;
        return addresses(a, b); }
    else if constexpr (n == 3) {
        const auto& [a, b, c] = v;
        return addresses(a, b, c); }
    else if constexpr (n == 4) {
        const auto& [a, b, c, d] = v;
        return addresses(a, b, c, d); }
    else if constexpr (n == 5) {
        const auto& [a, b, c, d, e] = v;
        return addresses(a, b, c, d, e); }
    else if constexpr (n == 6) {
        const auto& [a, b, c, d, e, f] = v;
        return addresses(a, b, c, d, e, f); }
    else if constexpr (n == 7) {
        const auto& [a, b, c, d, e, f, g] = v;
        return addresses(a, b, c, d, e, f, g); }
    else if constexpr (n == 8) {
        const auto& [a, b, c, d, e, f, g, h] = v;
        return addresses(a, b, c, d, e, f, g, h); }
    else if constexpr (n == 9) {
        const auto& [a, b, c, d, e, f, g, h, i] = v;
        return addresses(a, b, c, d, e, f, g, h, i); }
    else if constexpr (n == 10) {
        const auto& [a, b, c, d, e, f, g, h, i, j] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j); }
    else if constexpr (n == 11) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k); }
    else if constexpr (n == 12) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l); }
    else if constexpr (n == 13) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m); }
    else if constexpr (n == 14) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o); }
    else if constexpr (n == 15) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p); }
    else if constexpr (n == 16) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q); }
    else if constexpr (n == 17) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r); }
    else if constexpr (n == 18) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s); }
    else if constexpr (n == 19) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t); }
    else if constexpr (n == 20) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u); }
    else if constexpr (n == 21) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w); }
    else if constexpr (n == 22) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x); }
    else if constexpr (n == 23) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y); }
    else {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z] = v;
        return addresses(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, w, x, y, z); }
    // clang-format on
}

template <class T>
using FieldPointers = decltype(field_addresses(std::declval<const T&>()));
template <class T, std::size_t index>
using FieldType =
    std::remove_cv_t<std::remove_pointer_t<std::tuple_element_t<index, FieldPointers<T>>>>;

// An object that is never defined: only its fields' names are asked for.
template <class T>
struct Specimen {
    T value;
};
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
extern const Specimen<T> specimen;

template <class P>
struct FieldPointer {
    P pointer;
};
template <class P>
FieldPointer(P) -> FieldPointer<P>;

template <auto pointer>
consteval std::string_view spelled() {
    return __PRETTY_FUNCTION__;
}
template <class T>
consteval std::string_view spelled_type() {
    return __PRETTY_FUNCTION__;
}

template <class T, std::size_t index>
consteval std::string_view field_name() {
    std::string_view text =
        spelled<FieldPointer{std::get<index>(field_addresses(specimen<T>.value))}>();
    // gcc: "…(& specimen<D>.Specimen<D>::value.D::cents)}; …"
    // clang: "…{&specimen.value.cents}]"
    text = text.substr(0, text.find('}'));
    if (text.back() == ')') text.remove_suffix(1);
    std::size_t begin = text.size();
    while (begin > 0 &&
           (text[begin - 1] == '_' || (text[begin - 1] >= '0' && text[begin - 1] <= '9') ||
            (text[begin - 1] >= 'a' && text[begin - 1] <= 'z') ||
            (text[begin - 1] >= 'A' && text[begin - 1] <= 'Z')))
        --begin;
    return text.substr(begin);
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

// The type's own name, without namespaces and enclosing classes: "Deposited".
template <class T>
consteval std::string_view type_name() {
    std::string_view text = spelled_type<T>();
    text = text.substr(text.find("T = ") + 4);
    std::size_t end = 0;
    int depth = 0;
    std::size_t begin = 0;
    for (; end < text.size(); ++end) {
        if (text[end] == '<') ++depth;
        if (text[end] == '>') --depth;
        if (depth == 0 && (text[end] == ';' || text[end] == ']')) break;
        if (depth == 0 && text[end] == ':') begin = end + 1;
    }
    return text.substr(begin, end - begin);
}

template <class T>
struct IsText : std::false_type {};
template <std::size_t n>
struct IsText<Text<n>> : std::true_type {
    static constexpr std::size_t capacity = n;
};
template <class T>
struct IsBytes : std::false_type {};
template <std::size_t n>
struct IsBytes<Bytes<n>> : std::true_type {
    static constexpr std::size_t capacity = n;
};
template <class T>
struct IsArray : std::false_type {};
template <class E, std::size_t n>
struct IsArray<std::array<E, n>> : std::true_type {
    using Element = E;
    static constexpr std::size_t size = n;
};

// The schema's word for a type: "i64", "text<30>", "[u8;4]", "{a:i64,b:u8}".
template <class T>
std::string schema_type();

template <class T, std::size_t... index>
std::string schema_fields([[maybe_unused]] char separator, std::index_sequence<index...>) {
    std::string text;
    ((text += (index == 0 ? std::string() : std::string(1, separator)),
      text += field_name<T, index>(), text += ':', text += schema_type<FieldType<T, index>>()),
     ...);
    return text;
}

template <class T>
std::string schema_type() {
    // Appended, never prepended: g++ 12 warns wrongly about "literal" + std::string, in users'
    // builds too.
    const auto sized = [](std::string word, std::size_t number, const char* end) {
        word += std::to_string(number);
        word += end;
        return word;
    };
    if constexpr (std::is_enum_v<T>) {
        return schema_type<std::underlying_type_t<T>>();
    } else if constexpr (std::is_same_v<T, bool>) {
        return "bool";
    } else if constexpr (std::is_same_v<T, char>) {
        return "char";
    } else if constexpr (std::is_floating_point_v<T>) {
        return sized("f", sizeof(T) * 8, "");
    } else if constexpr (std::is_integral_v<T>) {
        return sized(std::is_signed_v<T> ? "i" : "u", sizeof(T) * 8, "");
    } else if constexpr (IsText<T>::value) {
        return sized("text<", IsText<T>::capacity, ">");
    } else if constexpr (IsBytes<T>::value) {
        return sized("bytes<", IsBytes<T>::capacity, ">");
    } else if constexpr (IsArray<T>::value) {
        std::string word = "[";
        word += schema_type<typename IsArray<T>::Element>();
        word += ';';
        return sized(std::move(word), IsArray<T>::size, "]");
    } else {
        std::string word = "{";
        word += schema_fields<T>(',', std::make_index_sequence<field_count<T>>());
        return word += '}';
    }
}

// One schema line's fields: "cents:i64 note:text<30>"; empty for a type without fields.
template <class T>
std::string schema_line() {
    return schema_fields<T>(' ', std::make_index_sequence<field_count<T>>());
}

// True when the bytes of a T are exactly the bytes of its fields. Floats allowed only where the
// type opts in.
template <class T>
consteval bool packed(bool floats);

template <class T, std::size_t... index>
consteval bool packed_fields(bool floats, std::index_sequence<index...>) {
    return ((sizeof(FieldType<T, index>) + ... + 0) == sizeof(T)) &&
           (packed<FieldType<T, index>>(floats) && ... && true);
}

template <class T>
consteval bool packed(bool floats) {
    if constexpr (std::is_floating_point_v<T>)
        return floats;
    else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>)
        return true;
    else if constexpr (IsText<T>::value || IsBytes<T>::value)
        return true;
    else if constexpr (IsArray<T>::value)
        return packed<typename IsArray<T>::Element>(floats);
    else if constexpr (std::is_empty_v<T>)
        return true;
    else if constexpr (std::is_aggregate_v<T>)
        return packed_fields<T>(floats, std::make_index_sequence<field_count<T>>());
    else
        return std::has_unique_object_representations_v<T>;
}

// Does T hold a float or double anywhere?
template <class T>
consteval bool has_float() {
    return packed<T>(true) && !packed<T>(false);
}

}  // namespace pawl::detail
