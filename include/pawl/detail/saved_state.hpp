// One state as hash, bytes and layout: what a snapshot needs to know of a user's type. Knows
// states; no table, no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "pawl/archive.hpp"
#include "pawl/detail/reflect.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// Shows a state to an archive: through its snapshot(), or as the plain value it is.
template <class Archive, class A>
void show(Archive& archive, A& state) {
    if constexpr (Snapshots<A, HashArchive>)
        state.snapshot(archive);
    else {
        static_assert(std::is_trivially_copyable_v<A> && packed<A>(true),
                      "a state that is not one plain value without padding has "
                      "template <class Archive> void snapshot(Archive& archive)");
        archive.value(state);
    }
}

template <class A>
HashArchive hashed(Id id, Version version, std::uint8_t type, const A& state) noexcept {
    HashArchive archive;
    archive.value(id);
    archive.value(version.value);
    archive.value(type);
    show(archive, const_cast<A&>(state));  // a saving snapshot does not change the state
    return archive;
}

template <class A>
std::uint64_t hash_of(Id id, Version version, std::uint8_t type, const A& state) noexcept {
    return hashed(id, version, type, state).result();
}

// A state up to this size is hashed before and after each event; a larger one is put off.
inline constexpr std::size_t hashed_at_once_bytes = 256;

// Its size never changes: what it hashed to need not be remembered, it can be asked.
template <class A>
inline constexpr bool always_hashed_at_once =
    std::is_trivially_copyable_v<A> && sizeof(A) <= hashed_at_once_bytes;

// What is remembered of a state beside it, when hashes are carried.
template <class A, bool = always_hashed_at_once<A>>
struct HashMark {};
template <class A>
struct HashMark<A, false> {
    std::uint64_t hash = 0;  // as it is in the carried hash; 0: not at all
    bool is_large = false;   // it was, when it was hashed last
    bool is_put_off = false;
    void set(const HashArchive& archive) noexcept {
        hash = archive.result();
        is_large = archive.words() * 8 > hashed_at_once_bytes;
    }
};

template <class T>
std::string shape_of();

template <class T, std::size_t... index>
std::string shape_of_fields(std::index_sequence<index...>) {
    std::string text = "{";
    ((text += (index == 0 ? "" : ","), text += field_name<T, index>(), text += ':',
      text += shape_of<FieldType<T, index>>()),
     ...);
    text += '}';
    return text;
}

// The fields of a plain state, as far as they can be named: "{balance:i64,last:u64}".
template <class T>
std::string shape_of() {
    static_assert(!std::is_pointer_v<T>,
                  "a state with pointers has template <class Archive> void snapshot(Archive&)");
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || IsText<T>::value ||
                  IsBytes<T>::value) {
        return schema_type<T>();
    } else if constexpr (IsArray<T>::value) {
        std::string text = "[";
        text += shape_of<typename IsArray<T>::Element>();
        text += ';';
        text += std::to_string(IsArray<T>::size);
        text += ']';
        return text;
    } else if constexpr (std::is_empty_v<T> || std::is_aggregate_v<T>) {
        return shape_of_fields<T>(std::make_index_sequence<field_count<T>>());
    } else {
        std::string text = "opaque<";
        text += std::to_string(sizeof(T));
        text += '>';
        return text;
    }
}

template <class A>
constexpr std::uint32_t snapshot_version_of() {
    if constexpr (requires { A::snapshot_version; })
        return A::snapshot_version;
    else
        return 1;
}

// What a snapshot of this type depends on: "Account {balance:i64} v1", "Book snapshot v3".
template <class A>
std::string layout_line() {
    std::string line(type_name<A>());
    line += ' ';
    if constexpr (Snapshots<A, HashArchive>)
        line += "snapshot";
    else
        line += shape_of<A>();
    line += " v";
    line += std::to_string(snapshot_version_of<A>());
    line += '\n';
    return line;
}

}  // namespace pawl::detail
