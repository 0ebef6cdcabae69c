// What the pages say is held against the files: quoted code, and tests named as evidence. Knows
// fenced blocks and backticks.
#include <algorithm>
#include <regex>

#include "tests/tidy/rules.hpp"

namespace tidy {
namespace {

const std::string marker = "<!-- file: ";

std::size_t indent_of(const Lines& lines) {
    std::size_t least = std::string::npos;
    for (const std::string& line : lines) {
        least = std::min(least, line.find_first_not_of(' '));
    }
    return least == std::string::npos ? 0 : least;
}

// Whether `block` stands in `file` as a run of lines, all of it moved right by the same amount or
// not.
bool stands_in(const Lines& block, const Lines& file) {
    if (block.empty() || block.size() > file.size()) return false;
    for (std::size_t first = 0; first + block.size() <= file.size(); ++first) {
        const auto begin = file.begin() + static_cast<std::ptrdiff_t>(first);
        const Lines part(begin, begin + static_cast<std::ptrdiff_t>(block.size()));
        const std::size_t there = indent_of(part);
        const std::size_t here = indent_of(block);
        const bool same =
            std::equal(part.begin(), part.end(), block.begin(),
                       [&](const std::string& left, const std::string& right) {
                           const std::string a =
                               left.empty() ? left : left.substr(std::min(there, left.size()));
                           const std::string b =
                               right.empty() ? right : right.substr(std::min(here, right.size()));
                           return a == b;
                       });
        if (same) return true;
    }
    return false;
}

// The file that the nearest line above names, or empty.
std::string file_named_above(const Lines& page, std::size_t fence) {
    for (std::size_t index = fence; index-- > 0;) {
        if (page[index].empty()) continue;
        if (!page[index].starts_with(marker)) return {};
        const std::string rest = page[index].substr(marker.size());
        return rest.substr(0, rest.find(" -->"));
    }
    return {};
}

}  // namespace

Complaints check_quotes(const SourceTree& tree) {
    Complaints complaints;
    for (const auto& [path, page] : tree) {
        if (extension_of(path) != ".md") continue;
        for (std::size_t open = 0; open < page.size(); ++open) {
            if (!page[open].starts_with("```")) continue;
            const std::string language = page[open].substr(3);
            std::size_t close = open + 1;
            Lines block;
            while (close < page.size() && !page[close].starts_with("```")) {
                block.push_back(page[close++]);
            }
            const std::string name = file_named_above(page, open);
            const bool code = language == "cpp" || language == "c";
            if (name.empty() && code && path == "README.md") {
                complaints.push_back(complaint(
                    path, open + 1, "code without a line '<!-- file: PATH -->' above it"));
            } else if (!name.empty() && tree.count(name) == 0) {
                complaints.push_back(
                    complaint(path, open + 1, "quotes " + name + ", which is not there"));
            } else if (!name.empty() && !stands_in(block, tree.at(name))) {
                complaints.push_back(
                    complaint(path, open + 1, "differs from " + name + ": quote it anew"));
            }
            open = close;
        }
    }
    return complaints;
}

Complaints check_evidence(const SourceTree& tree) {
    static const std::regex named("`[A-Z][A-Za-z0-9]*\\.([a-z0-9]+_[a-z0-9_]+)`");
    const auto is_test = [&](const std::string& name) {
        return std::any_of(tree.begin(), tree.end(), [&](const auto& file) {
            return file.first.starts_with("tests/") && is_source(file.first) &&
                   std::any_of(file.second.begin(), file.second.end(),
                               [&](const std::string& line) { return contains_word(line, name); });
        });
    };
    Complaints complaints;
    for (const auto& [path, page] : tree) {
        if (extension_of(path) != ".md") continue;
        for (std::size_t index = 0; index < page.size(); ++index) {
            const std::string& line = page[index];
            for (std::sregex_iterator at(line.begin(), line.end(), named), end; at != end; ++at) {
                if (is_test((*at)[1])) continue;
                complaints.push_back(
                    complaint(path, index + 1, "no test is called " + (*at)[1].str()));
            }
        }
    }
    return complaints;
}

}  // namespace tidy
