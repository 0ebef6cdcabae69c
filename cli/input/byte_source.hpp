// Bytes of a file, a pipe or memory, decompressed by content. Knows gzip and zstd; not lines, not
// formats.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/input/instruction.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

// A stream of bytes in big pieces. One thread.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    // The next piece; empty = the end. Valid until the next call. Error: the operating system
    // failed (io), or compressed data is damaged or ends early (bad_input). After an error or the
    // end it must not be called again.
    virtual Result<std::string_view> next() = 0;

    // Bytes as they lie on disk.
    virtual Progress progress() const = 0;
};

// Opens a file; "-" is standard input. Plain, gzip or zstd is decided by the first bytes, never by
// the name; several gzip members or zstd frames in a row are one stream.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& file);

// The same over bytes in memory, handed out in pieces of at most `piece_bytes`; `name` is for
// sentences.
Result<std::unique_ptr<ByteSource>> bytes_from_memory(std::string name, std::string bytes,
                                                      std::size_t piece_bytes = 1U << 18U);

// How a file is called in sentences: "standard input" for "-".
std::string spoken_name(const std::string& file);

}  // namespace pawl::cli
