// Aligned tables and figures for people. Knows columns and digits; not where they are printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::cli {

// plain: letters only, for files and pipes. terminal: with rules and weight.
enum class Look : std::uint8_t { plain, terminal };

// The look that fits a file descriptor: terminal only if it is one and NO_COLOR is not set.
Look look_of(int file_descriptor);

// Columns as wide as their widest cell (UTF-8 counted by character). The first column is set left,
// the others right.
class Table {
public:
    // `heads` fixes the number of columns; all empty = no head line.
    explicit Table(std::vector<std::string> heads);

    // As many cells as there are columns.
    void add_row(std::vector<std::string> cells);

    // Every line ends with a newline, none with a blank.
    std::string text(Look look = Look::plain) const;

private:
    std::vector<std::string> heads_;
    std::vector<std::vector<std::string>> rows_;
};

std::string count_text(std::uint64_t count);  // 1,234,567
std::string duration_text(std::int64_t ns);   // 812 ns, 1.24 µs, 35.0 ms, 2.50 s, 12 min 05 s
std::string rate_text(double per_second);     // 812 /s, 45.1 k/s, 3.21 M/s
std::string bytes_text(std::uint64_t bytes);  // 812 B, 1.50 MiB
std::string price_text(
    std::int64_t price_of_10000);  // 507300 is 50.73; two decimals at least, four at most

}  // namespace pawl::cli
