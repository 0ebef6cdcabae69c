// What is said to etcd's v3 gateway and what it answers, as JSON. Knows its fields; no connection,
// no time, and not what the value means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pawl/result.hpp"

namespace pawl::replication {

inline constexpr const char* etcd_range_target = "/v3/kv/range";
inline constexpr const char* etcd_txn_target = "/v3/kv/txn";

// A linearizable read of one key.
std::string etcd_range_request(std::string_view key);
// Puts the value if the key's mod_revision is the expected one (0: if there is no such key);
// otherwise reads the key in the same step.
std::string etcd_swap_request(std::string_view key, std::uint64_t expected_revision,
                              std::string_view value);

struct EtcdAnswer {
    std::uint64_t cluster = 0;   // whose answer it is
    std::uint64_t revision = 0;  // of the whole store at the time of the answer
    bool swapped = false;
    std::uint64_t key_revision = 0;    // mod_revision of the key; 0: there is none
    std::optional<std::string> value;  // of a key that was read
};

// The body of an answer with status 200. Anything that etcd would not say about this key is an
// error of kind `bad_input`, a clause without an object; never a crash.
Result<EtcdAnswer> parse_etcd_range(std::string_view body, std::string_view key);
Result<EtcdAnswer> parse_etcd_swap(std::string_view body, std::string_view key,
                                   std::uint64_t expected_revision);

// What etcd says in an answer with another status: at most 200 printable characters, or nothing.
std::string etcd_complaint(std::string_view body);

}  // namespace pawl::replication
