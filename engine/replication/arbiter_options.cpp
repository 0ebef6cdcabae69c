// The ranges of the options.
#include "engine/replication/arbiter_options.hpp"

#include <string>

namespace pawl::replication {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

Status range(const char* name, std::uint64_t value, std::uint64_t lowest, std::uint64_t highest,
             const char* unit) {
    if (value >= lowest && value <= highest) return Done{};
    return Error{ErrorCode::usage, std::string("arbiter option ") + name + ": " +
                                       std::to_string(value) + " " + unit + " is out of range: " +
                                       std::to_string(lowest) + " to " + std::to_string(highest)};
}

std::uint64_t in_ms(std::int64_t ns) noexcept {
    return ns < 0 ? 0 : static_cast<std::uint64_t>(ns / ns_per_ms);
}

}  // namespace

Status ArbiterOptions::check() const {
    auto status = range("attempt_timeout", in_ms(attempt_timeout_ns), 1, 60'000, "ms");
    if (status.ok())
        status = range("request_timeout", in_ms(request_timeout_ns), in_ms(attempt_timeout_ns),
                       600'000, "ms");
    if (status.ok())
        status = range("answer_bytes_max", answer_bytes_max, 4096, std::size_t{1} << 20, "bytes");
    return status;
}

}  // namespace pawl::replication
