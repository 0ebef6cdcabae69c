// One number for a schema's text: what two programs compare. Knows text only.
#pragma once

#include <cstdint>
#include <string_view>

#include "pawl/archive.hpp"

namespace pawl::detail {

inline std::uint64_t schema_hash(std::string_view schema_text) {
    HashArchive hash;
    hash.bytes(schema_text.data(), schema_text.size());
    return hash.result();
}

}  // namespace pawl::detail
