// regcomp for expressions, a search for the rest.
#include "cli/report/pattern.hpp"

#include <regex.h>

#include <algorithm>
#include <utility>

namespace pawl::cli {

namespace {

char lowered(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

struct Pattern::Parts {
    explicit Parts(const PatternOptions& wish) : options(wish) {}
    ~Parts() {
        if (compiled) ::regfree(&expression);
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    const PatternOptions options;
    std::string text;  // of a fixed one
    regex_t expression{};
    bool compiled = false;
};

Result<Pattern> Pattern::make(const std::string& text, const PatternOptions& options) {
    auto parts = std::make_unique<Parts>(options);
    if (options.fixed) {
        parts->text = text;
        if (options.ignore_case)
            std::transform(text.begin(), text.end(), parts->text.begin(), lowered);
        return Pattern(std::move(parts));
    }
    const int flags = REG_EXTENDED | REG_NOSUB | (options.ignore_case ? REG_ICASE : 0);
    const int fault = ::regcomp(&parts->expression, text.c_str(), flags);
    if (fault != 0) {
        char why[128];
        ::regerror(fault, &parts->expression, why, sizeof why);
        return Error{ErrorCode::usage, "'" + text + "' is no regular expression: " + why +
                                           ": correct it, or use --fixed for the text itself"};
    }
    parts->compiled = true;
    return Pattern(std::move(parts));
}

Pattern::Pattern(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::found_in(std::string_view line) const {
    const Parts& parts = *parts_;
    if (parts.options.fixed) {
        if (!parts.options.ignore_case) return line.find(parts.text) != std::string_view::npos;
        const auto same = [](char a, char b) { return lowered(a) == b; };
        return std::search(line.begin(), line.end(), parts.text.begin(), parts.text.end(), same) !=
                   line.end() ||
               parts.text.empty();
    }
    regmatch_t range{};
    range.rm_eo = static_cast<regoff_t>(line.size());
    return ::regexec(&parts.expression, line.data(), 1, &range, REG_STARTEND) == 0;
}

}  // namespace pawl::cli
