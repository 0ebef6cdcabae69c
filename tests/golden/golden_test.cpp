// Journals that released code has written open for ever: every state, every remembered answer,
// every byte. One folder per format.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "pawl/journal.hpp"
#include "tests/golden/report.hpp"

namespace pawl::golden {
namespace {

// A copy to work on: the present folder while the test runs, since a golden directory names its
// heads relative to that.
class Golden : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = ::testing::TempDir() + "pawl-golden-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        before_ = std::filesystem::current_path();
        std::filesystem::copy(std::string(PAWL_SOURCE_DIR) + "/tests/golden/format-1", folder_,
                              std::filesystem::copy_options::recursive);
        std::filesystem::current_path(folder_);
    }
    void TearDown() override {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(folder_);
    }
    static std::string expected(const std::string& name) {
        std::ifstream file(name + ".expected");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static SubmitOptions as(const char* session, std::uint64_t number) {
        SubmitOptions options;
        options.session = session_id(session);
        options.number = CommandNumber{number};
        return options;
    }

private:
    std::filesystem::path folder_, before_;
};

TEST_F(Golden, a_journal_of_format_1_that_was_closed_opens_with_every_state) {
    const auto verified = journal_verify("closed");
    ASSERT_TRUE(verified.ok()) << verified.error().sentence;
    EXPECT_TRUE(verified->clean);
    auto book = Book::open(options_of("closed"));
    ASSERT_TRUE(book.ok()) << book.error().sentence;
    EXPECT_EQ(report(*book), expected("closed"));
    EXPECT_TRUE(book->recovery_sentences().empty()) << book->recovery_sentences().front();
}

TEST_F(Golden, a_journal_of_format_1_that_was_killed_opens_with_what_only_its_head_has) {
    auto book = Book::open(options_of("killed"));
    ASSERT_TRUE(book.ok()) << book.error().sentence;
    EXPECT_EQ(report(*book), expected("killed"));
    ASSERT_TRUE(book->close().ok());
    EXPECT_TRUE(journal_verify("killed")->clean);
}

TEST_F(Golden, a_journal_of_format_1_remembers_what_each_command_was_answered) {
    auto book = Book::open(options_of("closed"));
    ASSERT_TRUE(book.ok()) << book.error().sentence;
    const std::string before = report(*book);
    const auto repeat = [&](const char* session, std::uint64_t number, const auto& command) {
        return book->submit(number % 16 + 1, command, as(session, number), use_future).get();
    };
    const Reply posted = repeat("clerk", 1099, Ledger::Post{999'999, "another"});
    EXPECT_TRUE(posted.accepted());
    EXPECT_EQ(posted.event_count(), 1U);
    const Reply rejected = repeat("clerk", 1098, Ledger::Post{999'999, "another"});
    EXPECT_FALSE(rejected.accepted());  // 1098 is a multiple of 9: nothing to post
    EXPECT_EQ(report(*book), before);
    const Reply fresh = repeat("clerk", 1100, Ledger::Post{1, "new"});
    EXPECT_TRUE(fresh.accepted());
    EXPECT_NE(report(*book), before);
}

TEST_F(Golden, a_journal_of_format_1_prints_without_the_program_that_wrote_it) {
    std::uint64_t lines = 0;
    std::string moved;
    const auto look = [&](std::string_view line) {
        ++lines;
        if (moved.empty() && line.find("\"Moved\"") != line.npos) moved = line;
    };
    const auto count = journal_dump("closed", {}, look);
    ASSERT_TRUE(count.ok()) << count.error().sentence;
    EXPECT_EQ(*count, lines);
    EXPECT_EQ(lines, 1464U);
    EXPECT_NE(moved.find("\"command\":\"Move\""), moved.npos) << moved;
    EXPECT_NE(moved.find("\"lines\":[{\"row\":-1,\"kind\":2,\"flag\":3,\"sign\":"), moved.npos)
        << moved;
}

}  // namespace
}  // namespace pawl::golden
