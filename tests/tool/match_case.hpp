// What most tests of 'pawl match' have in common: small journals, a small day, one sentence.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tool/run_tool.hpp"

namespace pawl::tool_test {

inline constexpr const char* small_day =
    "number,time,command,order,side,price,quantity,tif\n"
    "1,09:30:00,phase,,continuous,,,\n"
    "2,09:30:01,add,1,S,101000,300,day\n"
    "3,09:30:01.5,add,2,B,101000,200,ioc\n"
    "4,09:30:02,add,3,B,101000,50,day\n"
    "5,09:30:03,cancel,1,,,,\n";
inline constexpr const char* small_day_trades =
    "cmd_no,buy_id,sell_id,price,qty,aggressor\n"
    "3,2,1,101000,200,B\n"
    "4,3,1,101000,50,B\n";

inline std::vector<std::string> with(std::vector<std::string> words,
                                     const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

inline std::vector<std::string> match(const std::string& input, const std::string& format,
                                      const std::string& directory) {
    return {"match",  "--input", input,    "--format",      format, "--directory", directory,
            "--idle", "park",    "--json", "--segment-mib", "1",    "--head-mib",  "1"};
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Ended by itself, with this code, one sentence on standard error, and these words in it.
inline void expect_sentence(const Ran& ran, int exit_code, const std::vector<std::string>& words) {
    EXPECT_EQ(ran.signal, 0) << ran.err;
    EXPECT_EQ(ran.exit_code, exit_code) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_TRUE(ran.err.starts_with("pawl: ")) << ran.err;
    for (const std::string& word : words)
        EXPECT_NE(ran.err.find(word), std::string::npos) << ran.err;
}

// The same directory again with good input: everything is there, once.
inline void expect_small_day(const Folder& folder, const std::string& input,
                             const std::string& directory) {
    const std::string trades = folder.path("trades.csv");
    const Ran ran = run(with(match(input, "csv", directory), {"--trades", trades}));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(read_file(trades), small_day_trades);
    EXPECT_EQ(json_field(ran.out, "commands"), "5");
    EXPECT_EQ(json_field(ran.out, "open_orders"), "0");
    const Ran verified = run({"journal", "verify", directory});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

}  // namespace pawl::tool_test
