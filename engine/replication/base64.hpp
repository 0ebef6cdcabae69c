// Base64 as RFC 4648 has it, with padding. Knows bytes only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pawl::replication {

std::string to_base64(std::string_view bytes);
// Nothing unless `text` is exactly what to_base64() makes of some bytes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace pawl::replication
