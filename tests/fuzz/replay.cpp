// Runs a fuzzer's function over every file of its corpus. Knows files; not what is fuzzed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** words) {
    std::vector<std::filesystem::path> files;
    for (int word = 1; word < count; ++word) {
        std::error_code problem;
        for (const auto& entry : std::filesystem::directory_iterator(words[word], problem)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
        if (problem) std::printf("%s: %s\n", words[word], problem.message().c_str());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::ifstream input(file, std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(input), {}};
        std::printf("%s\n", file.filename().c_str());
        std::fflush(stdout);  // the name must be out before a crash
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    std::printf("%zu inputs replayed\n", files.size());
    return files.empty() ? 1 : 0;  // an empty corpus proves nothing
}
