// A text file that is whole or not there: written beside its name, renamed when finished. Knows the
// file system only.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "pawl/result.hpp"

namespace pawl::cli {

// One thread. Without finish() nothing appears under the name.
class TextFile {
public:
    explicit TextFile(std::string path);
    ~TextFile();
    TextFile(const TextFile&) = delete;
    TextFile& operator=(const TextFile&) = delete;

    // Says before hours of work whether a file can be made there.
    static Status try_place(const std::string& path);

    void write(std::string_view text);
    // Flushes, syncs and renames. The error of the first call that failed.
    Status finish();

private:
    Error error(const char* doing) const;

    const std::string path_;
    const std::string temporary_;
    std::FILE* file_;
    int failure_ = 0;  // errno of the first failed call
};

}  // namespace pawl::cli
