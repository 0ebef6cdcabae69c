// Arbitrary bytes as a manifest: never a crash, and what is read can be written and read again. The
// first byte says whether the checksums are repaired, so that the search gets past them.
#include <charconv>
#include <cstdint>
#include <string>

#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace {

using namespace pawl;
using namespace pawl::journal;

// The value of the line that begins with `name`; null when there is none.
char* value_of(std::string& text, std::string_view name) {
    const auto at = text.find(name);
    return at == std::string::npos ? nullptr : text.data() + at + name.size();
}

// What the schema's own line says of the text behind it.
void repair_schema(std::string& text) {
    char* const hash = value_of(text, "\nschema_hash ");
    char* const count = value_of(text, "\nschema_bytes ");
    char* const end = text.data() + text.size();
    if (hash == nullptr || count == nullptr || end - hash < 16) return;
    std::size_t bytes = 0;
    const auto [stop, fault] = std::from_chars(count, end, bytes);
    if (fault != std::errc{} || stop == end || bytes > static_cast<std::size_t>(end - stop - 1))
        return;
    const std::string right = to_hex(hash64(stop + 1, bytes));
    right.copy(hash, right.size());
}

void repair(std::string& text) {
    repair_schema(text);
    const auto at = text.rfind("\nchecksum ");
    if (at != std::string::npos) text.resize(at);
    if (text.empty() || text.back() != '\n') text += '\n';
    text += "checksum " + to_hex(hash64(text.data(), text.size())) + "\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 1) repair(text);
    const auto read = parse_manifest(text, "m");
    if (!read.ok()) {
        PAWL_ASSERT(!read.error().sentence.empty());
        return 0;
    }
    for (std::uint32_t shard = 0; shard < read->shards; ++shard)
        PAWL_ASSERT(read->kept_of(shard).segment_index >= 1);
    const std::string printed = print_manifest(*read);
    const auto again = parse_manifest(printed, "m");
    PAWL_ASSERT(again.ok());
    PAWL_ASSERT(print_manifest(*again) == printed);
    return 0;
}
