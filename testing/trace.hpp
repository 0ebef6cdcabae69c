// What happened in a simulated world: one number over all of it, and the last steps in words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::sim {

// Folds bytes into one number, the same on every machine. Knows nothing of the code it checks.
std::uint64_t digest(const void* bytes, std::size_t count, std::uint64_t begin = 0) noexcept;

class Trace {
public:
    // Also of the bytes that are written, not only of where: slower, and what `sim_trace` compares.
    bool deep = false;

    // `what` is a literal; the numbers and `about` are whatever tells the step from others.
    void note(const char* what, std::string_view about = {}, std::uint64_t a = 0,
              std::uint64_t b = 0, std::uint64_t c = 0) noexcept;
    std::uint64_t hash() const noexcept { return hash_; }
    std::uint64_t steps() const noexcept { return count_; }
    // The last steps, one line each.
    std::string story(std::size_t lines_max = 120) const;

private:
    struct Step {
        const char* what;
        std::array<char, 48> about;
        std::uint64_t a, b, c;
    };
    static constexpr std::size_t kept = 1024;
    std::vector<Step> steps_ = std::vector<Step>(kept);
    std::uint64_t count_ = 0;
    std::uint64_t hash_ = 0;
};

}  // namespace pawl::sim
