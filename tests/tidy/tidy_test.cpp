// The checkout keeps the rules of the house. Knows where the checkout is.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/tidy/layers.hpp"
#include "tests/tidy/rules.hpp"

namespace tidy {
namespace {

const SourceTree& checkout() {
    static const SourceTree tree = read_tree(PAWL_SOURCE_DIR);
    return tree;
}

// All complaints at once: one run is enough to repair everything.
void report(const Complaints& complaints) {
    std::string text;
    for (const std::string& each : complaints) text += each + "\n";
    EXPECT_TRUE(complaints.empty()) << text;
}

TEST(Tidy, the_checkout_is_read) {
    EXPECT_GT(checkout().size(), 50U);
    EXPECT_EQ(checkout().count("include/pawl/types.hpp"), 1U);
}

TEST(Tidy, no_floor_looks_up) {
    std::ifstream input(std::string(PAWL_SOURCE_DIR) + "/tests/tidy/layers.txt");
    std::ostringstream text;
    text << input.rdbuf();
    Complaints complaints;
    const Layers layers = Layers::parse(split_lines(text.str()), complaints);
    report(complaints);
    report(check_layers(layers, checkout()));
}

TEST(Tidy, every_file_has_the_shape_of_the_house) {
    report(check_style(checkout()));
}

TEST(Tidy, every_source_is_built) {
    report(check_built(checkout()));
}

TEST(Tidy, every_test_that_a_page_names_is_there) {
    report(check_evidence(checkout()));
}

TEST(Tidy, every_quoted_code_is_compiled_code) {
    report(check_quotes(checkout()));
}

}  // namespace
}  // namespace tidy
