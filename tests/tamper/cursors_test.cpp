// A kept cursor's file: every bit flipped, cut at every byte, of another directory. It is refused,
// never read as another place.
#include <gtest/gtest.h>

#include "journal/cursor_file.hpp"

namespace pawl::journal::testing {
namespace {

constexpr Identity identity{0x1234'5678'9ABC'DEF0, 0x0FED'CBA9'8765'4321};

TEST(CursorFile, any_flipped_bit_and_any_cut_is_refused) {
    const KeptCursor cursor{"reader", {{Position{1024}, 2}, {Position{0}, 0}, {Position{88}, 1}}};
    const std::string whole = print_cursor(cursor, identity);
    ASSERT_TRUE(parse_cursor(whole, "reader", identity, "p").ok());
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        std::string text = whole;
        text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
        const auto read = parse_cursor(text, "reader", identity, "p");
        ASSERT_FALSE(read.ok()) << text;
        ASSERT_NE(read.error().sentence.find("cursor p"), std::string::npos);
    }
    for (std::size_t size = 0; size < whole.size(); ++size)
        ASSERT_FALSE(parse_cursor(whole.substr(0, size), "reader", identity, "p").ok()) << size;
    ASSERT_FALSE(parse_cursor(whole + "\n", "reader", identity, "p").ok());
    ASSERT_FALSE(parse_cursor(whole, "reader", Identity{1, 2}, "p").ok());
}

}  // namespace
}  // namespace pawl::journal::testing
