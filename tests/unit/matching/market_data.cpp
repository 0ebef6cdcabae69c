// Reading market data files whole. Knows files and zstd; no book.
#include "market_data.hpp"

#include <zstd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "pawl/detail/assert.hpp"

namespace pawl::matching::test {

std::optional<std::string> market_data(const std::string& name) {
    const char* named = std::getenv("PAWL_DATA");
    const std::filesystem::path folder =
        named != nullptr ? std::filesystem::path(named)
                         : std::filesystem::path(PAWL_SOURCE_DIR) / ".." / "shared" / "data";
    std::filesystem::path file = folder / name;
    if (!std::filesystem::exists(file)) return std::nullopt;
    return file.string();
}

std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!path.ends_with(".zst")) return bytes;
    ZSTD_DCtx* context = ZSTD_createDCtx();
    std::string text;
    std::string chunk(ZSTD_DStreamOutSize(), '\0');
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) {
        ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
        const std::size_t rest = ZSTD_decompressStream(context, &out, &in);
        PAWL_ASSERT(ZSTD_isError(rest) == 0);
        text.append(chunk.data(), out.pos);
    }
    ZSTD_freeDCtx(context);
    return text;
}

namespace {
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}
}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines = split(text, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

std::vector<std::string_view> fields_of(std::string_view line) {
    return split(line, ',');
}

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace pawl::matching::test
