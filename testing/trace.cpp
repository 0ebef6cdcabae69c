// Steps as numbers, turned into words only when somebody asks.
#include "testing/trace.hpp"

#include <algorithm>
#include <cstring>

#include "testing/chance.hpp"

namespace pawl::sim {

std::uint64_t digest(const void* bytes, std::size_t count, std::uint64_t begin) noexcept {
    std::uint64_t hash = begin ^ (count * 0x9E3779B97F4A7C15ULL);
    const auto* at = static_cast<const unsigned char*>(bytes);
    for (; count >= 8; count -= 8, at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        hash = (hash ^ word) * 0xD6E8FEB86659FD93ULL;
        hash ^= hash >> 32;
    }
    std::uint64_t rest = 0;
    if (count != 0) std::memcpy(&rest, at, count);
    return mixed(hash ^ rest);
}

void Trace::note(const char* what, std::string_view about, std::uint64_t a, std::uint64_t b,
                 std::uint64_t c) noexcept {
    Step& step = steps_[count_ % kept];
    step.what = what;
    // The end of a path says more than its beginning.
    const std::size_t room = step.about.size() - 1;
    const std::string_view shown = about.substr(about.size() - std::min(about.size(), room));
    std::copy(shown.begin(), shown.end(), step.about.begin());
    step.about[shown.size()] = '\0';
    step.a = a;
    step.b = b;
    step.c = c;
    ++count_;
    hash_ = digest(what, std::strlen(what), hash_);
    hash_ = digest(about.data(), about.size(), hash_);
    hash_ = mixed(hash_ ^ a) + b;
    hash_ = mixed(hash_) ^ c;
}

std::string Trace::story(std::size_t lines_max) const {
    std::string text;
    const std::uint64_t shown = std::min<std::uint64_t>({count_, kept, lines_max});
    for (std::uint64_t i = count_ - shown; i < count_; ++i) {
        const Step& step = steps_[i % kept];
        text += "  " + std::to_string(i) + "  " + step.what;
        if (step.about[0] != '\0') text += std::string(" ") + step.about.data();
        text += "  " + std::to_string(step.a) + " " + std::to_string(step.b) + " " +
                std::to_string(step.c) + "\n";
    }
    return text;
}

}  // namespace pawl::sim
