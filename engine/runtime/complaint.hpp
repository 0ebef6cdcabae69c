// What an operator has to mend, said once for each reason although it is met again and again. Knows
// reasons; not who says them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace pawl::detail {

// One thread.
class Complaint {
public:
    // Whether it has to be said now: not the reason that was said last; reasons that take turns
    // once a second at most.
    bool is_news(std::string reason, std::int64_t now_ns) {
        constexpr std::int64_t pause_ns = 1'000'000'000;
        if (reason == reason_ || (!reason_.empty() && now_ns - said_ns_ < pause_ns)) return false;
        reason_ = std::move(reason);
        said_ns_ = now_ns;
        return true;
    }
    // It has been mended: the same reason is news again.
    void forget() { reason_.clear(); }

private:
    std::string reason_;
    std::int64_t said_ns_ = 0;
};

}  // namespace pawl::detail
