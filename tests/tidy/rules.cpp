// The rules for one file at a time. Knows what a line may hold.
#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <cctype>

namespace tidy {
namespace {

constexpr std::size_t lines_max = 500;
constexpr std::size_t columns_max = 100;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Characters, not bytes: a dash or an accent is one column.
std::size_t columns(const std::string& line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
    }));
}

void check_line(const std::string& path, std::size_t number, const std::string& line,
                bool formatted, Complaints& complaints) {
    const auto against = [&](const std::string& what) {
        complaints.push_back(complaint(path, number, what));
    };
    if (formatted && columns(line) > columns_max)
        against("longer than 100 columns: run clang-format");
    if (contains(line, "\t")) against("a tab: use spaces");
    for (const char* place : {"/work/", "/tmp/", "/home/", "/root/"}) {
        if (contains(line, place)) against(std::string("a path of one machine: ") + place);
    }
    if (contains(line, "namespace util") || contains(line, "::util")) {
        against("util says nothing: put the helper on the lowest floor that needs it");
    }
    if (path.starts_with("tests/")) {
        for (const char* wait : {"sleep_for", "sleep_until", "usleep(", "nanosleep("}) {
            if (contains(line, wait)) against(std::string("a test waits by ") + wait);
        }
    }
}

}  // namespace

bool contains_word(const std::string& text, const std::string& word) {
    const auto joins = [](char letter) {
        return letter == '_' || std::isalnum(static_cast<unsigned char>(letter)) != 0;
    };
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool open = at == 0 || !joins(text[at - 1]);
        if (open && (end == text.size() || !joins(text[end]))) return true;
    }
    return false;
}

Complaints check_style(const SourceTree& tree) {
    Complaints complaints;
    for (const auto& [path, lines] : tree) {
        if (contains("/" + path, "/util")) {
            complaints.push_back(complaint(path, 1, "there is no util: name what it does"));
        }
        const bool code = is_header(path) || is_source(path);
        // the rules name what they forbid
        if (!code || path.starts_with("tests/tidy/")) continue;
        const bool comment =
            !lines.empty() && (lines[0].starts_with("// ") || lines[0].starts_with("/* "));
        if (!comment) {
            complaints.push_back(complaint(path, 1, "the first line says what the file knows"));
        }
        if (lines.size() > lines_max) {
            complaints.push_back(complaint(path, lines_max + 1, "longer than 500 lines: split it"));
        }
        if (extension_of(path) == ".hpp" &&
            std::find(lines.begin(), lines.end(), "#pragma once") == lines.end()) {
            complaints.push_back(complaint(path, 1, "a header without #pragma once"));
        }
        bool formatted = true;
        for (std::size_t index = 0; index < lines.size(); ++index) {
            // a table that is laid out by hand may be as wide as it is
            if (contains(lines[index], "clang-format off")) formatted = false;
            if (contains(lines[index], "clang-format on")) formatted = true;
            check_line(path, index + 1, lines[index], formatted, complaints);
        }
    }
    return complaints;
}

Complaints check_built(const SourceTree& tree) {
    Complaints complaints;
    for (const auto& [path, lines] : tree) {
        if (!is_source(path)) continue;
        // a function may add the ending: pawl_example(hello)
        const std::string name = std::filesystem::path(path).stem().string();
        bool named = false;
        // the folder's own build file, or one of a folder above that names it with its path
        for (std::size_t slash = path.rfind('/'); !named && slash != std::string::npos;
             slash = slash == 0 ? std::string::npos : path.rfind('/', slash - 1)) {
            const auto build = tree.find(path.substr(0, slash + 1) + "CMakeLists.txt");
            if (build == tree.end()) continue;
            for (const std::string& line : build->second) {
                named = named || contains_word(line.substr(0, line.find('#')), name);
            }
        }
        if (path == "tests/fuzz/replay.cpp") named = true;  // cmake/tests.cmake builds it
        if (!named) complaints.push_back(complaint(path, 1, "is in no CMakeLists.txt: add it"));
    }
    return complaints;
}

}  // namespace tidy
