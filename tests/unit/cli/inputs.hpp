// The small language of the input tests: text in, instructions or one sentence out. Knows the
// readers, no books.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/input/byte_source.hpp"
#include "cli/input/instruction.hpp"
#include "cli/input/open_input.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli::test {

using Source = Result<std::unique_ptr<InstructionSource>>;
using Kind = Instruction::Kind;

inline NamedBytes in_memory(std::string text, std::string name = "day.csv",
                            std::size_t piece_bytes = 1U << 18U) {
    auto bytes = bytes_from_memory(name, std::move(text), piece_bytes);
    return {std::move(name), std::move(bytes).value()};
}

// Everything a source gave until it ended, and the sentence with which it ended ("" = well).
struct Outcome {
    std::vector<Instruction> instructions;
    std::string sentence;
    ErrorCode code = ErrorCode::usage;
};

inline Outcome drain(Source source) {
    Outcome outcome;
    if (!source.ok()) {
        outcome.sentence = source.error().sentence;
        outcome.code = source.error().code;
        return outcome;
    }
    while (true) {
        Instruction one;
        const auto got = source.value()->next(one);
        if (!got.ok()) {
            outcome.sentence = got.error().sentence;
            outcome.code = got.error().code;
            return outcome;
        }
        if (!got.value()) return outcome;
        outcome.instructions.push_back(one);
    }
}

// A file of a test, gone with it.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& name, const std::string& bytes) {
        static int count = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("pawl_input_" + std::to_string(::getpid()) + "_" + std::to_string(count++) + name);
        std::ofstream(path_, std::ios::binary) << bytes;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

}  // namespace pawl::cli::test
