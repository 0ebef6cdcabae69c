// The rules of the house for one file or page. Knows lines of text; not who includes whom.
#pragma once

#include "tests/tidy/source_tree.hpp"

namespace tidy {

// Sources and headers: a first line that says what the file knows, 500 lines, 100 columns, no tabs,
// no `util`, no path of somebody's machine, `#pragma once` in headers, and no sleeping in tests.
Complaints check_style(const SourceTree& tree);

// A source that no build file names is never compiled: a test in it would never fail.
Complaints check_built(const SourceTree& tree);

// Every code block of the README, and every other block below `<!-- file: PATH -->`, stands line by
// line in that file (common indentation aside).
Complaints check_quotes(const SourceTree& tree);

// A page names tests as evidence: each `Suite.name` in it is a test that is there.
Complaints check_evidence(const SourceTree& tree);

// Whether `word` stands in the text with no letter, digit or _ beside it.
bool contains_word(const std::string& text, const std::string& word);

}  // namespace tidy
