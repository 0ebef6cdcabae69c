// Reads the table of rooms and holds every #include against it. Knows the words of the table.
#include "tests/tidy/layers.hpp"

#include <optional>
#include <sstream>

namespace tidy {
namespace {

struct Include {
    std::string header;
    bool quoted;
};

std::optional<Include> include_of(const std::string& line) {
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') return std::nullopt;
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || line.compare(word, 7, "include") != 0) return std::nullopt;
    const std::size_t open = line.find_first_of("\"<", word);
    if (open == std::string::npos) return std::nullopt;
    const std::size_t close = line.find_first_of("\">", open + 1);
    if (close == std::string::npos) return std::nullopt;
    return Include{line.substr(open + 1, close - open - 1), line[open] == '"'};
}

// The C++ standard library has no dot and no slash; of C only what every C program may use.
bool is_standard(const std::string& header) {
    static const std::set<std::string> c = {
        "assert.h",  "ctype.h",  "errno.h",  "float.h", "limits.h", "math.h",   "signal.h",
        "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "time.h"};
    return header.find_first_of("./") == std::string::npos || c.count(header) == 1;
}

bool is_posix(const std::string& header) {
    static const std::set<std::string> flat = {"aio.h",   "dirent.h", "dlfcn.h",   "fcntl.h",
                                               "fenv.h",  "glob.h",   "poll.h",    "pthread.h",
                                               "sched.h", "spawn.h",  "termios.h", "unistd.h"};
    return starts_with_any(header, {"sys/", "linux/", "arpa/", "netinet/", "asm/"}) ||
           flat.count(header) == 1;
}

// The path in the tree that an include names, or empty when it is none of ours.
std::string resolve(const SourceTree& tree, const std::string& from, const Include& include) {
    if (include.header.starts_with("pawl/")) return "include/" + include.header;
    if (tree.count(include.header) == 1) return include.header;
    const std::size_t slash = from.rfind('/');
    if (slash != std::string::npos && include.quoted) {
        const std::string beside = from.substr(0, slash + 1) + include.header;
        if (tree.count(beside) == 1) return beside;
    }
    return {};
}

}  // namespace

Layers Layers::parse(const Lines& lines, Complaints& complaints) {
    Layers layers;
    for (std::size_t index = 0; index < lines.size(); ++index) {
        std::istringstream words(lines[index].substr(0, lines[index].find('#')));
        std::string kind;
        std::string name;
        if (!(words >> kind)) continue;
        words >> name;
        std::vector<std::string> rest;
        for (std::string word; words >> word;) rest.push_back(word);
        if (kind == "room" && !rest.empty()) {
            for (const std::string& prefix : rest) layers.room_of_prefix[prefix] = name;
        } else if (kind == "may") {
            layers.may[name].insert(rest.begin(), rest.end());
        } else if (kind == "third" && !rest.empty()) {
            auto& headers = layers.third[name];
            headers.insert(headers.end(), rest.begin(), rest.end());
        } else {
            complaints.push_back(complaint("layers.txt", index + 1, "use room, may or third"));
        }
    }
    return layers;
}

std::string Layers::room_of(const std::string& path) const {
    std::string best;
    std::string room;
    for (const auto& [prefix, name] : room_of_prefix) {
        if (path.starts_with(prefix) && prefix.size() >= best.size()) {
            best = prefix;
            room = name;
        }
    }
    return room;
}

bool Layers::allows_third(const std::string& path, const std::string& header) const {
    for (const auto& [prefix, headers] : third) {
        if (!path.starts_with(prefix)) continue;
        for (const std::string& allowed : headers) {
            const bool fits = allowed == "posix" ? is_posix(header) : header.starts_with(allowed);
            if (fits) return true;
        }
    }
    return false;
}

Complaints check_layers(const Layers& layers, const SourceTree& tree) {
    Complaints complaints;
    for (const auto& [path, lines] : tree) {
        if (!is_header(path) && !is_source(path)) continue;
        const std::string room = layers.room_of(path);
        if (room.empty()) {
            complaints.push_back(complaint(path, 1, "lives in no room: name it in layers.txt"));
            continue;
        }
        const auto row = layers.may.find(room);
        const std::set<std::string> none;
        const std::set<std::string>& may = row == layers.may.end() ? none : row->second;
        for (std::size_t index = 0; index < lines.size(); ++index) {
            const auto include = include_of(lines[index]);
            if (!include || (!include->quoted && is_standard(include->header))) continue;
            const std::string target = resolve(tree, path, *include);
            if (target.empty()) {
                if (layers.allows_third(path, include->header)) continue;
                complaints.push_back(
                    complaint(path, index + 1,
                              "may not know " + include->header + ": one library, one file"));
                continue;
            }
            const std::string other = layers.room_of(target);
            if (other == room || may.count(other) == 1 || may.count("*") == 1) continue;
            complaints.push_back(complaint(
                path, index + 1,
                "room " + room + " may not look into room " + other + " (" + target + ")"));
        }
    }
    return complaints;
}

}  // namespace tidy
