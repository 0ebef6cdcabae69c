// The two decompressors behind byte_source. Private to cli/input.
#pragma once

#include <memory>
#include <string>

#include "cli/input/byte_source.hpp"

namespace pawl::cli {

// `compressed` begins with the magic bytes. Progress is that of the compressed bytes.
std::unique_ptr<ByteSource> gzip_bytes(std::string name, std::unique_ptr<ByteSource> compressed);
std::unique_ptr<ByteSource> zstd_bytes(std::string name, std::unique_ptr<ByteSource> compressed);

}  // namespace pawl::cli
