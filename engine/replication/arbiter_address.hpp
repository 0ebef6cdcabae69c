// Where an arbiter is, in one word. Knows the two forms and what is wrong with others; opens
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pawl/result.hpp"

namespace pawl::replication {

struct EtcdHost {
    std::string name;  // a host name, an IPv4 address, or an IPv6 address without brackets
    std::uint16_t port = 0;
    friend bool operator==(const EtcdHost&, const EtcdHost&) = default;
};

// etcd://HOST:PORT[,HOST:PORT…]/KEY. The hosts are members of one cluster.
struct EtcdAddress {
    std::vector<EtcdHost> hosts;  // 1 to 8, each once
    std::string key;
    friend bool operator==(const EtcdAddress&, const EtcdAddress&) = default;
};

// file:///FOLDER on a local file system of the one machine that all nodes run on.
struct FileAddress {
    std::string folder;  // absolute, no '/' at its end
    friend bool operator==(const FileAddress&, const FileAddress&) = default;
};

using ArbiterAddress = std::variant<EtcdAddress, FileAddress>;

inline constexpr std::size_t arbiter_address_bytes_max = 1024;

// An error of kind `usage` says what is wrong and shows the right form.
Result<ArbiterAddress> parse_arbiter_address(std::string_view text);
std::string print_arbiter_address(const ArbiterAddress& address);

}  // namespace pawl::replication
