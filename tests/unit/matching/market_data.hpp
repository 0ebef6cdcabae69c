// Finds and reads the market data that the real-day tests need. Knows files and zstd; no book.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::matching::test {

// The path of a file of the data folder ($PAWL_DATA, or ../shared/data beside the checkout), if it
// is there.
std::optional<std::string> market_data(const std::string& name);

// The whole file, decompressed when its name ends in .zst.
std::string read_all(const std::string& path);

// Lines without their ends.
std::vector<std::string_view> lines_of(std::string_view text);
// Fields between commas.
std::vector<std::string_view> fields_of(std::string_view line);
// A decimal number; 0 for an empty field.
std::int64_t number(std::string_view text);

}  // namespace pawl::matching::test
