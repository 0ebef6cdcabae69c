// Input that is not what it claims to be: which sentence, which exit code, and what is kept.
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

class BadInput : public ::testing::Test {
protected:
    Folder folder_;
    const std::string directory_ = folder_.path("journal");

    Ran match_text(const std::string& text, const std::string& name = "day.csv") const {
        return run(match(folder_.write(name, text), "csv", directory_));
    }
    // The same name with the good text: what was accepted before counts once.
    void expect_nothing_lost() const {
        expect_small_day(folder_, folder_.write("day.csv", small_day), directory_);
    }
    std::string compressed(const std::string& program) const {
        folder_.write("whole.csv", small_day);
        const std::string command =
            program + " -c < " + folder_.path("whole.csv") + " > " + folder_.path("packed");
        EXPECT_EQ(std::system(command.c_str()), 0);
        std::ifstream file(folder_.path("packed"), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
};

TEST_F(BadInput, a_line_cut_short_is_named_and_the_lines_before_it_count) {
    const std::string day = small_day;
    const Ran ran = match_text(day.substr(0, day.find("200,ioc")));
    expect_sentence(ran, 3, {"day.csv:4", "instead of the header's 8"});
    EXPECT_EQ(json_field(ran.out, "commands"), "2");
    expect_nothing_lost();
}

TEST_F(BadInput, a_gzip_file_cut_short_is_named_and_its_good_part_counts) {
    const std::string bytes = compressed("gzip");
    expect_sentence(match_text(bytes.substr(0, bytes.size() - 12)), 3,
                    {"day.csv", "truncated", "fetch the file again"});
    expect_nothing_lost();
}

TEST_F(BadInput, a_zstd_file_cut_short_is_named) {
    const std::string bytes = compressed("zstd -q");
    expect_sentence(match_text(bytes.substr(0, bytes.size() - 12)), 3,
                    {"day.csv", "truncated", "fetch the file again"});
    expect_nothing_lost();
}

TEST_F(BadInput, a_damaged_gzip_file_is_named) {
    std::string bytes = compressed("gzip");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    const Ran ran = match_text(bytes);
    EXPECT_EQ(ran.exit_code, 3) << ran.err;
    EXPECT_EQ(ran.signal, 0);
    expect_nothing_lost();
}

TEST_F(BadInput, a_column_of_another_name_is_named) {
    expect_sentence(match_text(replaced(small_day, "quantity", "amount")), 3,
                    {"day.csv:1", "\"amount\"", "quantity"});
    EXPECT_FALSE(std::filesystem::exists(directory_));
    expect_nothing_lost();
}

TEST_F(BadInput, another_formats_file_is_refused_by_its_header) {
    const std::string file = folder_.write("day.csv", small_day);
    expect_sentence(run(match(file, "sse", directory_)), 3, {"day.csv:1", "cmd_no"});
    EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(BadInput, a_number_that_overflows_is_named_with_its_column) {
    expect_sentence(match_text(replaced(small_day, "101000,200", "99999999999999999999,200")), 3,
                    {"day.csv:4", "'price'", "99999999999999999999"});
    expect_nothing_lost();
}

TEST_F(BadInput, a_number_that_overflows_in_an_sse_day_is_named) {
    const std::string file = folder_.write("day.csv",
                                           "cmd_no,time,cmd,order_id,side,price,qty,src\n"
                                           "1,09:15:00,P,,CONTINUOUS,,,\n"
                                           "2,09:30:00,N,1,B,99999999999999999999,100,0\n");
    expect_sentence(run(match(file, "sse", directory_)), 3, {"day.csv:3", "'price'"});
}

TEST_F(BadInput, a_price_off_the_tick_ends_an_sse_day) {
    const std::string file = folder_.write("day.csv",
                                           "cmd_no,time,cmd,order_id,side,price,qty,src\n"
                                           "1,09:15:00,P,,CONTINUOUS,,,\n"
                                           "2,09:30:00,N,1,B,101050,100,0\n");
    expect_sentence(run(match(file, "sse", directory_)), 3,
                    {"day.csv:3", "'price'", "multiple of the tick"});
}

struct Rejected {
    const char* from;
    const char* to;
    const char* place;
    const char* reason;
};
constexpr std::array<Rejected, 4> rejections{{
    {"101000,200", "101050,200", "day.csv:4", "price off the tick"},
    {"cancel,1", "cancel,9", "day.csv:6", "unknown order"},
    {"add,2", "add,1", "day.csv:4", "duplicate order"},
    {"101000,200", "101000,9000000000000000000", "day.csv:4", "quantity"},
}};

TEST_F(BadInput, a_command_that_the_book_rejects_has_line_and_reason_and_the_day_goes_on) {
    for (const Rejected& one : rejections) {
        const std::string directory = folder_.path(one.to);
        const std::string file = folder_.write("day.csv", replaced(small_day, one.from, one.to));
        const Ran ran = run(match(file, "csv", directory));
        EXPECT_EQ(ran.exit_code, 12) << ran.err;
        EXPECT_NE(ran.err.find(std::string("pawl: ") + folder_.path(one.place) + ": rejected: "),
                  std::string::npos)
            << ran.err;
        EXPECT_NE(ran.err.find(one.reason), std::string::npos) << ran.err;
        EXPECT_NE(ran.err.find("pawl journal dump"), std::string::npos) << ran.err;
        EXPECT_EQ(json_field(ran.out, "commands"), "5");
        EXPECT_EQ(json_field(ran.out, "rejected"), "1");
        // It was decided once: the same again says the same and sends nothing.
        const Ran again = run(match(file, "csv", directory));
        EXPECT_EQ(again.exit_code, 12) << again.err;
        EXPECT_EQ(json_field(again.out, "sent"), "0");
        EXPECT_EQ(json_field(again.out, "state_hash"), json_field(ran.out, "state_hash"));
    }
}

TEST_F(BadInput, of_many_rejections_ten_are_told_and_all_are_counted) {
    std::string day = "number,command,order,side,price,quantity\n";
    for (int i = 1; i <= 500; ++i) day += std::to_string(i) + ",cancel,7,,,\n";
    const Ran ran = match_text(day);
    EXPECT_EQ(ran.exit_code, 12);
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 11) << ran.err;
    EXPECT_EQ(json_field(ran.out, "rejected"), "500");
}

TEST_F(BadInput, a_number_that_steps_back_is_named) {
    expect_sentence(match_text(replaced(small_day, "\n4,", "\n3,")), 3, {"day.csv:5", "'number'"});
    expect_nothing_lost();
}

TEST_F(BadInput, an_empty_file_is_named) {
    expect_sentence(match_text(""), 3, {"day.csv", "is empty"});
    expect_nothing_lost();
}

TEST_F(BadInput, a_missing_file_is_named_and_no_directory_is_made) {
    expect_sentence(run(match(folder_.path("nosuch.csv"), "csv", directory_)), 4,
                    {"nosuch.csv", "cannot be opened", "check the name"});
    EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(BadInput, a_folder_as_input_is_named) {
    std::filesystem::create_directory(folder_.path("folder"));
    expect_sentence(run(match(folder_.path("folder"), "csv", directory_)), 4,
                    {"is a directory", "name the files"});
}

TEST_F(BadInput, a_message_cut_short_in_a_feed_is_named_with_its_byte) {
    const std::string file = folder_.write("feed.itch", std::string("\0\x0cS\0\0", 5));
    expect_sentence(run(match(file, "itch", directory_)), 3, {"feed.itch", "byte", "truncated"});
}

TEST_F(BadInput, a_wrong_number_of_columns_in_a_lobster_row_is_named) {
    const std::string file = folder_.write("rows.csv", "34200.01,1,11,100,5850000\n");
    expect_sentence(run(match(file, "lobster", directory_)), 3, {"rows.csv:1", "column"});
}

}  // namespace
}  // namespace pawl::tool_test
