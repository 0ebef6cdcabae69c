// Reads the checkout. Knows which folders are ours; not the rules.
#include "tests/tidy/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace tidy {
namespace {

namespace fs = std::filesystem;

bool is_text_of_ours(const fs::path& file) {
    const std::string name = file.filename().string();
    const std::string end = file.extension().string();
    return end == ".hpp" || end == ".h" || end == ".cpp" || end == ".c" || end == ".md" ||
           end == ".cmake" || end == ".out" || name == "CMakeLists.txt";
}

}  // namespace

Lines split_lines(const std::string& text) {
    Lines lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);) lines.push_back(line);
    return lines;
}

SourceTree read_tree(const fs::path& root) {
    SourceTree tree;
    for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
        const std::string name = entry->path().filename().string();
        if (entry->is_directory()) {
            // what the build and the programs leave behind is not ours to judge
            const bool skipped = name.front() == '.' || name.starts_with("build") || name == "bank";
            if (skipped) entry.disable_recursion_pending();
            continue;
        }
        if (!is_text_of_ours(entry->path())) continue;
        std::ifstream input(entry->path(), std::ios::binary);
        std::ostringstream text;
        text << input.rdbuf();
        tree[fs::relative(entry->path(), root).generic_string()] = split_lines(text.str());
    }
    return tree;
}

bool starts_with_any(const std::string& path, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return path.starts_with(prefix); });
}

std::string extension_of(const std::string& path) {
    return std::filesystem::path(path).extension().string();
}

bool is_header(const std::string& path) {
    return extension_of(path) == ".hpp" || extension_of(path) == ".h";
}

bool is_source(const std::string& path) {
    return extension_of(path) == ".cpp" || extension_of(path) == ".c";
}

std::string complaint(const std::string& path, std::size_t line, const std::string& what) {
    return path + ":" + std::to_string(line) + ": " + what;
}

}  // namespace tidy
