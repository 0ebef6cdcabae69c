// What comes later must not come first: sending stops at what is not taken.
#include "testing/session.hpp"

#include <algorithm>
#include <utility>

namespace pawl::sim {

Session::Session(std::string name, Durability durability, Hear hear)
    : name_(std::move(name)),
      id_(session_id(name_)),
      durability_(durability),
      hear_(std::move(hear)) {}

void Session::send(const std::function<bool(Open& one)>& offer) {
    std::size_t sent = 0;
    for (Open& one : open_) {
        if (++sent > sent_max) return;
        if (one.sent) continue;
        if (!offer(one)) return;
        one.sent = true;
    }
}

void Session::unsend() noexcept {
    for (Open& one : open_) one.sent = false;
}

void Session::forget_numbers() noexcept {
    for (Open& one : open_) one.number = 0;
}

Session::Open* Session::find(std::uint64_t number) noexcept {
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const Open& one) {
        return one.sent && one.number == number;
    });
    return found == open_.end() ? nullptr : &*found;
}

void Session::hear(Open& one, const pawl::detail::RawReply& reply) {
    hear_(*this, reply);
    open_.erase(std::find_if(open_.begin(), open_.end(),
                             [&](const Open& other) { return &other == &one; }));
}

bool decides_nothing(const pawl::detail::RawReply& reply) noexcept {
    return reply.outcome == Outcome::refused &&
           (reply.reason == static_cast<std::uint16_t>(Refusal::engine_failed) ||
            reply.position == pawl::detail::RawReply::no_record);
}

}  // namespace pawl::sim
