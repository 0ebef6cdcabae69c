// Lines, however they end and wherever the pieces are cut.
#include "cli/input/line_reader.hpp"

#include <gtest/gtest.h>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

struct Lines {
    std::vector<std::string> lines;
    std::string sentence;
};

Lines lines_of(const std::string& text, std::size_t piece_bytes = 1U << 18U) {
    LineReader reader("f", bytes_from_memory("f", text, piece_bytes).value());
    Lines out;
    while (true) {
        std::string_view line;
        const auto got = reader.next(line);
        if (!got.ok()) {
            out.sentence = got.error().sentence;
            return out;
        }
        if (!got.value()) return out;
        out.lines.emplace_back(line);
        EXPECT_EQ(reader.line_number(), out.lines.size());
    }
}

using Texts = std::vector<std::string>;

TEST(LineReader, lines_are_the_same_wherever_the_pieces_are_cut) {
    const std::string text = "one\n\r\ntwo\r\n\nthree\rfour\nlast";
    const Texts expected{"one", "", "two", "", "three\rfour", "last"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EXPECT_EQ(lines_of(text, piece).lines, expected) << piece;
    }
}

TEST(LineReader, the_last_line_may_lack_its_end) {
    EXPECT_EQ(lines_of("a\nb").lines, (Texts{"a", "b"}));
    EXPECT_EQ(lines_of("a\nb\n").lines, (Texts{"a", "b"}));
    EXPECT_EQ(lines_of("a\nb\r").lines, (Texts{"a", "b"}));
    EXPECT_EQ(lines_of("").lines, Texts{});
    EXPECT_EQ(lines_of("\n").lines, Texts{""});
}

TEST(LineReader, a_line_longer_than_the_limit_is_refused) {
    const std::string longest(LineReader::line_bytes_max, 'x');
    const std::string sentence = "f:2: the line is longer than 65536 bytes; expected lines of text";
    for (const std::size_t piece : {1000U, 65'536U, 1'000'000U}) {
        EXPECT_EQ(lines_of(longest + "\n" + longest, piece).lines, (Texts{longest, longest}));
        EXPECT_EQ(lines_of("a\n" + longest + "x\nb", piece).sentence, sentence);
        EXPECT_EQ(lines_of("a\n" + longest + longest, piece).sentence, sentence);
    }
}

}  // namespace
}  // namespace pawl::cli::test
