// A text that is looked for: as it stands, or as an extended regular expression. Knows the system's
// matcher; no journal.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pawl/result.hpp"

namespace pawl::cli {

struct PatternOptions {
    bool fixed = false;        // the text itself, no expression
    bool ignore_case = false;  // of ASCII letters
};

// One thread.
class Pattern {
public:
    // An error says what the matcher did not understand.
    static Result<Pattern> make(const std::string& text, const PatternOptions& options);
    Pattern(Pattern&&) noexcept;
    Pattern& operator=(Pattern&&) noexcept;
    ~Pattern();

    bool found_in(std::string_view line) const;

private:
    struct Parts;
    explicit Pattern(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace pawl::cli
