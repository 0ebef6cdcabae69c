// The commands of a client that have no answer yet, in order. Knows numbers, deadlines, and who
// wants to hear; no connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "pawl/detail/client_link.hpp"

namespace pawl::detail {

inline constexpr std::uint64_t number_max = std::uint64_t{1} << 62;

struct Unanswered {
    std::uint64_t token = 0;
    std::uint64_t number = 0;
    std::uint32_t shard = 0;
    ClientLink::Hears hears = ClientLink::Hears::nobody;
    bool told_unknown = false;
    bool answered = false;
    std::int64_t give_up_ns = 0;
    std::vector<std::byte> bytes;  // as it is sent
    ClientLink::Answer answer;
};

// Tokens are given in order, from 1; numbers grow.
class UnansweredList {
public:
    bool empty() const noexcept { return list_.empty(); }
    // Without those that are answered and wait for one before them.
    std::size_t count() const noexcept { return list_.size() - answered_; }
    std::uint64_t next_token() const noexcept { return next_token_; }
    // Of the oldest. Not when empty.
    std::uint64_t lowest_number() const noexcept { return list_.front().number; }
    void add(Unanswered one) {
        PAWL_ASSERT(one.token == next_token_);
        PAWL_ASSERT(list_.empty() || one.number > list_.back().number);
        ++next_token_;
        list_.push_back(std::move(one));
    }
    // Null: no such command, or it is answered.
    Unanswered* find(std::uint64_t token) noexcept {
        if (list_.empty() || token < list_.front().token) return nullptr;
        const std::uint64_t place = token - list_.front().token;
        if (place >= list_.size() || list_[place].answered) return nullptr;
        return &list_[place];
    }
    void answered(Unanswered& one) {
        one.answered = true;
        ++answered_;
        while (!list_.empty() && list_.front().answered) {
            list_.pop_front();
            --answered_;
        }
    }
    // The next one from `token` on that is not answered; null: none.
    Unanswered* from(std::uint64_t token) noexcept {
        if (list_.empty()) return nullptr;
        const std::uint64_t first = list_.front().token;
        for (std::uint64_t place = token > first ? token - first : 0; place < list_.size(); ++place)
            if (!list_[place].answered) return &list_[place];
        return nullptr;
    }
    void clear() noexcept {
        list_.clear();
        answered_ = 0;
    }

private:
    std::deque<Unanswered> list_;
    std::uint64_t next_token_ = 1;
    std::size_t answered_ = 0;
};

}  // namespace pawl::detail
