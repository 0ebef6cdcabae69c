// Takes an arbiter's address apart.
#include "engine/replication/arbiter_address.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/replication/host_name.hpp"

namespace pawl::replication {
namespace {

constexpr std::size_t hosts_max = 8;
constexpr std::string_view etcd_scheme = "etcd://";
constexpr std::string_view file_scheme = "file://";
constexpr const char* etcd_form = "etcd://HOST:PORT[,HOST:PORT…]/KEY";
constexpr const char* file_form = "file:///FOLDER";

Error wrong(std::string_view text, const std::string& what, const std::string& form) {
    return {ErrorCode::usage, "arbiter address '" +
                                  std::string(text.substr(0, arbiter_address_bytes_max)) +
                                  "': " + what + ": write " + form};
}

// Nothing that another program would read as an escape, a query, or the end of a word.
bool is_path_letter(char c) noexcept {
    return c > ' ' && c < '\x7f' &&
           std::string_view("\"'\\%?#@,;<>|*").find(c) == std::string_view::npos;
}

// Empty, or what is wrong with the host.
std::string take_host(std::string_view word, EtcdHost& host) {
    const std::string shown = "'" + std::string(word) + "'";
    const auto colon = word.rfind(':');
    if (word.empty()) return "a host is missing";
    if (colon == std::string_view::npos || word.back() == ']')
        return shown + " has no port, etcd's is usually 2379";
    std::string_view name = word.substr(0, colon);
    const std::string_view port = word.substr(colon + 1);
    if (name.starts_with('[') && name.ends_with(']')) {
        name = name.substr(1, name.size() - 2);
        const bool fits =
            name.find(':') != name.npos && std::all_of(name.begin(), name.end(), [](char c) {
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
                       c == ':' || c == '.';
            });
        if (!fits) return shown + " has no IPv6 address between its brackets";
    } else if (name.find(':') != name.npos) {
        return shown + " is an IPv6 address without brackets: [::1]:2379";
    } else if (!has_host_letters(name)) {
        return shown + " has no name of a host";
    }
    if (name.size() > host_bytes_max) return shown + " is longer than a host's name can be";
    unsigned number = 0;
    const auto [stop, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (fault != std::errc{} || stop != port.data() + port.size() || number == 0 || number > 65'535)
        return shown + " has no port between 1 and 65535";
    if (port.front() == '0') return shown + " has a port with leading zeros";
    host = {std::string(name), static_cast<std::uint16_t>(number)};
    return {};
}

Result<ArbiterAddress> parse_etcd(std::string_view text) {
    std::string_view rest = text.substr(etcd_scheme.size());
    const auto slash = rest.find('/');
    if (rest.find('@') != rest.npos)
        return wrong(text, "user and password are not supported", etcd_form);
    if (slash == rest.npos || slash + 1 == rest.size())
        return wrong(text, "it names no key", etcd_form);
    EtcdAddress address;
    address.key = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    for (bool more = true; more;) {
        const auto comma = rest.find(',');
        EtcdHost host;
        const auto fault = take_host(rest.substr(0, comma), host);
        if (!fault.empty()) return wrong(text, fault, etcd_form);
        if (std::find(address.hosts.begin(), address.hosts.end(), host) != address.hosts.end())
            return wrong(text, "a host stands there twice", etcd_form);
        address.hosts.push_back(std::move(host));
        if (address.hosts.size() > hosts_max) return wrong(text, "more than 8 hosts", etcd_form);
        more = comma != rest.npos;
        if (more) rest.remove_prefix(comma + 1);
    }
    if (!std::all_of(address.key.begin(), address.key.end(), is_path_letter))
        return wrong(text, "the key may have letters, digits and . - _ / : + = ~ only", etcd_form);
    if (address.key.back() == '/') return wrong(text, "the key ends with '/'", etcd_form);
    return ArbiterAddress(std::move(address));
}

Result<ArbiterAddress> parse_file(std::string_view text) {
    std::string_view folder = text.substr(file_scheme.size());
    if (!folder.starts_with('/'))
        return wrong(text, "the folder does not begin with '/' (three slashes in all)", file_form);
    while (folder.ends_with('/')) folder.remove_suffix(1);
    if (folder.empty()) return wrong(text, "the root is no folder of its own", file_form);
    if (!std::all_of(folder.begin(), folder.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; }))
        return wrong(text.substr(0, file_scheme.size()), "the folder has a control character",
                     file_form);
    return ArbiterAddress(FileAddress{std::string(folder)});
}

}  // namespace

Result<ArbiterAddress> parse_arbiter_address(std::string_view text) {
    const std::string forms = std::string(etcd_form) + " or " + file_form;
    if (text.empty()) return wrong(text, "it is empty", forms);
    if (text.size() > arbiter_address_bytes_max)
        return wrong(text.substr(0, 40), "it has more than 1024 bytes", forms);
    if (text.starts_with(etcd_scheme)) return parse_etcd(text);
    if (text.starts_with(file_scheme)) return parse_file(text);
    return wrong(text, "it begins neither with etcd:// nor with file://", forms);
}

std::string print_arbiter_address(const ArbiterAddress& address) {
    if (const auto* file = std::get_if<FileAddress>(&address)) return "file://" + file->folder;
    const auto& etcd = *std::get_if<EtcdAddress>(&address);
    std::string text;
    for (const EtcdHost& host : etcd.hosts) {
        const bool v6 = host.name.find(':') != host.name.npos;
        text += text.empty() ? "etcd://" : ",";
        text += (v6 ? "[" + host.name + "]" : host.name) + ":" + std::to_string(host.port);
    }
    return text + "/" + etcd.key;
}

}  // namespace pawl::replication
