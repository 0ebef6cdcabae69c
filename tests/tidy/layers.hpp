// Who may include whom. Knows the table of rooms and the #include lines; not the files' contents.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/tidy/source_tree.hpp"

namespace tidy {

// The table of layers.txt. A file lives in the room with the longest prefix of its path.
//   room NAME PREFIX…        the files of a room
//   may NAME ROOM…           the rooms it may include besides its own; "*" is all of them
//   third PREFIX HEADER…     files below PREFIX may include third-party headers that begin so;
//                            the word posix stands for the headers of the operating system
struct Layers {
    std::map<std::string, std::string> room_of_prefix;
    std::map<std::string, std::set<std::string>> may;
    std::map<std::string, std::vector<std::string>> third;

    // A line that is not understood becomes a complaint.
    static Layers parse(const Lines& lines, Complaints& complaints);

    // Empty when the file lives nowhere.
    std::string room_of(const std::string& path) const;
    bool allows_third(const std::string& path, const std::string& header) const;
};

// Every include that looks up, sideways, or at a library that the file must not know.
Complaints check_layers(const Layers& layers, const SourceTree& tree);

}  // namespace tidy
