// The rules find what they forbid: each test plants one fault. Knows no file of the checkout.
#include <gtest/gtest.h>

#include "tests/tidy/layers.hpp"
#include "tests/tidy/rules.hpp"

namespace tidy {
namespace {

const Lines house = {"room words include/pawl/",
                     "room journal journal/",
                     "room engine engine/",
                     "room tests tests/",
                     "may journal words",
                     "may engine words journal",
                     "may tests *",
                     "third journal/hash.cpp xxhash.h",
                     "third journal/posix_ posix"};

Complaints includes(const std::string& path, const std::string& line) {
    Complaints complaints;
    const Layers layers = Layers::parse(house, complaints);
    EXPECT_TRUE(complaints.empty());
    SourceTree tree = {{"journal/head.hpp", {}},
                       {"engine/shard.hpp", {}},
                       {"include/pawl/types.hpp", {}},
                       {"engine/near.hpp", {}}};
    tree[path] = {"// A file.", line};
    return check_layers(layers, tree);
}

Complaints style(const std::string& path, const Lines& lines) {
    return check_style({{path, lines}});
}

Complaints quotes(const std::string& page) {
    return check_quotes({{"README.md", split_lines(page)},
                         {"examples/hello.cpp", {"int main() {", "    return 0;", "}"}}});
}

TEST(Planted, a_floor_that_looks_up_is_found) {
    EXPECT_EQ(includes("journal/a.cpp", "#include \"engine/shard.hpp\"").size(), 1U);
    EXPECT_EQ(includes("include/pawl/a.hpp", "#  include \"journal/head.hpp\"").size(), 1U);
}

TEST(Planted, a_floor_that_looks_down_is_left_alone) {
    EXPECT_TRUE(includes("engine/a.cpp", "#include \"journal/head.hpp\"").empty());
    EXPECT_TRUE(includes("engine/a.cpp", "#include \"near.hpp\"").empty());
    EXPECT_TRUE(includes("journal/a.cpp", "#include <pawl/types.hpp>").empty());
    EXPECT_TRUE(includes("tests/a.cpp", "#include \"engine/shard.hpp\"").empty());
}

TEST(Planted, a_library_in_the_wrong_file_is_found) {
    EXPECT_TRUE(includes("journal/hash.cpp", "#include <xxhash.h>").empty());
    EXPECT_EQ(includes("journal/head.cpp", "#include <xxhash.h>").size(), 1U);
    EXPECT_EQ(includes("include/pawl/a.hpp", "#include <boost/lockfree/queue.hpp>").size(), 1U);
}

TEST(Planted, a_system_call_in_the_wrong_file_is_found) {
    EXPECT_TRUE(includes("journal/posix_a.cpp", "#include <sys/mman.h>").empty());
    EXPECT_EQ(includes("journal/a.cpp", "#include <sys/mman.h>").size(), 1U);
    EXPECT_EQ(includes("journal/a.cpp", "#include <unistd.h>").size(), 1U);
}

TEST(Planted, the_standard_library_is_open_to_all) {
    EXPECT_TRUE(includes("include/pawl/a.hpp", "#include <vector>").empty());
    EXPECT_TRUE(includes("include/pawl/a.h", "#include <stdint.h>").empty());
}

TEST(Planted, a_file_in_no_room_is_found) {
    EXPECT_EQ(includes("attic/a.cpp", "#include <vector>").size(), 1U);
}

TEST(Planted, a_line_of_the_table_that_is_not_understood_is_found) {
    Complaints complaints;
    Layers::parse({"rom journal journal/"}, complaints);
    EXPECT_EQ(complaints.size(), 1U);
}

TEST(Planted, a_file_without_a_first_line_is_found) {
    EXPECT_EQ(style("journal/a.cpp", {"#include <vector>"}).size(), 1U);
    EXPECT_TRUE(style("journal/a.cpp", {"// Knows a."}).empty());
}

TEST(Planted, a_header_that_can_be_read_twice_is_found) {
    EXPECT_EQ(style("journal/a.hpp", {"// Knows a."}).size(), 1U);
    EXPECT_TRUE(style("journal/a.hpp", {"// Knows a.", "#pragma once"}).empty());
}

TEST(Planted, a_file_of_more_than_500_lines_is_found) {
    EXPECT_TRUE(style("journal/a.cpp", Lines(500, "// line")).empty());
    EXPECT_EQ(style("journal/a.cpp", Lines(501, "// line")).size(), 1U);
}

TEST(Planted, a_line_of_more_than_100_columns_is_found) {
    EXPECT_TRUE(style("journal/a.cpp", {"// " + std::string(97, 'x')}).empty());
    EXPECT_TRUE(style("journal/a.cpp", {"// " + std::string(96, 'x') + "…"}).empty());
    EXPECT_EQ(style("journal/a.cpp", {"// " + std::string(98, 'x')}).size(), 1U);
    EXPECT_TRUE(style("journal/a.cpp",
                      {"// clang-format off", "// " + std::string(98, 'x'), "// clang-format on"})
                    .empty());
}

TEST(Planted, tabs_and_paths_and_util_and_sleep_are_found) {
    EXPECT_EQ(style("journal/a.cpp", {"// a", "\tint b;"}).size(), 1U);
    EXPECT_EQ(style("journal/a.cpp", {"// a", "open(\"/tmp/a\");"}).size(), 1U);
    EXPECT_EQ(style("engine/util/a.cpp", {"// a"}).size(), 1U);
    EXPECT_EQ(style("engine/a.cpp", {"// a", "namespace util {"}).size(), 1U);
    EXPECT_EQ(style("tests/a.cpp", {"// a", "std::this_thread::sleep_for(1ms);"}).size(), 1U);
}

TEST(Planted, a_source_that_nobody_builds_is_found) {
    const SourceTree tree = {{"tests/unit/CMakeLists.txt", {"add(a.cpp", "# b.cpp)"}},
                             {"tests/unit/a.cpp", {}},
                             {"tests/unit/b.cpp", {}}};
    const Complaints complaints = check_built(tree);
    ASSERT_EQ(complaints.size(), 1U);
    EXPECT_TRUE(complaints[0].starts_with("tests/unit/b.cpp:1:"));
}

TEST(Planted, a_quote_that_differs_from_its_file_is_found) {
    const std::string good = "<!-- file: examples/hello.cpp -->\n```cpp\nreturn 0;\n```\n";
    const std::string stale = "<!-- file: examples/hello.cpp -->\n```cpp\nreturn 1;\n```\n";
    const std::string gone = "<!-- file: examples/gone.cpp -->\n```cpp\nreturn 0;\n```\n";
    EXPECT_TRUE(quotes(good).empty());
    EXPECT_EQ(quotes(stale).size(), 1U);
    EXPECT_EQ(quotes(gone).size(), 1U);
}

TEST(Planted, a_page_that_names_a_test_that_is_not_there_is_found) {
    const SourceTree tree = {
        {"docs/a.md", {"| kill | `Recovery.is_kept` and `Recovery.is_gone` |"}},
        {"tests/a.cpp", {"TEST(Recovery, is_kept) {", "is_gone_too"}}};
    const Complaints complaints = check_evidence(tree);
    ASSERT_EQ(complaints.size(), 1U);
    EXPECT_EQ(complaints[0], "docs/a.md:1: no test is called is_gone");
}

TEST(Planted, code_in_the_readme_without_a_file_is_found) {
    EXPECT_EQ(quotes("```cpp\nint a;\n```\n").size(), 1U);
    EXPECT_TRUE(quotes("```\n./quickstart\n```\n").empty());
}

}  // namespace
}  // namespace tidy
