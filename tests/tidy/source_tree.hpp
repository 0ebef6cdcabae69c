// The text files of the checkout, in memory. Knows paths and lines; not what is right or wrong in
// them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tidy {

using Lines = std::vector<std::string>;

// Path from the root, with forward slashes, to the file's lines without their ends.
using SourceTree = std::map<std::string, Lines>;

// What a rule has against a file, in one sentence each: "path:line: what, and what to do".
using Complaints = std::vector<std::string>;

Lines split_lines(const std::string& text);

// Reads the sources, build files and pages below `root`; build folders and hidden ones are left
// out.
SourceTree read_tree(const std::filesystem::path& root);

bool starts_with_any(const std::string& path, const std::vector<std::string>& prefixes);
std::string extension_of(const std::string& path);
bool is_header(const std::string& path);
bool is_source(const std::string& path);  // .c or .cpp

std::string complaint(const std::string& path, std::size_t line, const std::string& what);

}  // namespace tidy
