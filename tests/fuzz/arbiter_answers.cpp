// Arbitrary bytes as what an arbiter says or keeps: etcd's JSON, a reign, the file arbiter's file,
// an address. Never a crash; what is taken can be written and taken again, and makes sense. The
// first byte says which, and whether the file's hash is repaired.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/replication/arbiter_address.hpp"
#include "engine/replication/base64.hpp"
#include "engine/replication/etcd_messages.hpp"
#include "engine/replication/file_arbiter.hpp"
#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace {

using namespace pawl;
using namespace pawl::replication;

constexpr std::size_t sentence_bytes_max = 4096;

void check(const Error& error) {
    PAWL_ASSERT(!error.sentence.empty() && error.sentence.size() <= sentence_bytes_max);
}

// In its own spelling only: two texts never say the same.
void read_reign(std::string_view text) {
    const auto reign = parse_reign(text, "key");
    if (!reign.ok()) return check(reign.error());
    PAWL_ASSERT(reign->epoch() != 0 && reign->primary().boot != 0);
    PAWL_ASSERT(reign->is_in_sync(reign->primary().node));
    PAWL_ASSERT(reign->in_sync().size() <= in_sync_max);
    PAWL_ASSERT(print_reign(*reign) == text);
    PAWL_ASSERT(!describe(*reign).empty());
}

void read_file(std::string text, bool repaired) {
    if (repaired) {
        const auto at = text.rfind("hash ");
        if (at != std::string::npos) text.resize(at);
        text += "hash " + journal::to_hex(journal::hash64(text.data(), text.size())) + "\n";
    }
    const auto value = parse_file_value(text, "file");
    if (!value.ok()) return check(value.error());
    PAWL_ASSERT(value->revision != 0);
    PAWL_ASSERT(print_file_value(*value) == text);
}

void check_etcd(const EtcdAnswer& answer) {
    PAWL_ASSERT(answer.cluster != 0 && answer.revision != 0);
    PAWL_ASSERT(answer.key_revision <= answer.revision);
    PAWL_ASSERT(answer.value.has_value() == (answer.key_revision != 0 && !answer.swapped));
    if (answer.value) read_reign(*answer.value);
}

void read_etcd(std::string_view body) {
    const auto range = parse_etcd_range(body, "k");
    range.ok() ? check_etcd(*range) : check(range.error());
    for (const std::uint64_t expected : {0U, 4U}) {
        const auto swap = parse_etcd_swap(body, "k", expected);
        swap.ok() ? check_etcd(*swap) : check(swap.error());
        if (!swap.ok()) continue;
        PAWL_ASSERT(swap->swapped ? swap->key_revision > expected : swap->key_revision != expected);
    }
    const std::string complaint = etcd_complaint(body);
    PAWL_ASSERT(complaint.size() <= 200);
    for (const char c : complaint) PAWL_ASSERT(c >= ' ' && c <= '~');
}

void read_address(std::string_view text) {
    if (const auto bytes = from_base64(text)) PAWL_ASSERT(to_base64(*bytes) == text);
    const auto address = parse_arbiter_address(text);
    if (!address.ok()) return check(address.error());
    const auto again = parse_arbiter_address(print_arbiter_address(*address));
    PAWL_ASSERT(again.ok() && *again == *address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 5) {
        case 0:
            read_etcd(text);
            break;
        case 1:
            read_reign(text);
            break;
        case 2:
            read_file(text, false);
            break;
        case 3:
            read_file(text, true);
            break;
        default:
            read_address(text);
    }
    return 0;
}
