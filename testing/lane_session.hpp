// A client in the primary's own process, with lanes into its engine. Knows engines; no network.
#pragma once

#include <memory>

#include "testing/session.hpp"

namespace pawl::sim {

// Sends what was asked under a number and a token of the same value. False: it was not taken.
bool send(pawl::detail::ProducerLink& lanes, pawl::detail::Core& engine,
          const testing::detail::Asked& asked, std::uint64_t number, Durability durability);

class LaneSession final : public Session {
public:
    using Session::Session;

    // Whom it talks to; null: nobody.
    const pawl::detail::Core* engine() const noexcept { return engine_; }
    // Before this engine ends: nothing is heard of it any more.
    void leave(const pawl::detail::Core* engine);
    // Sends what was not sent, hears what is there. `reign` tells engines from each other.
    void speak(pawl::detail::Core& engine, std::uint64_t reign);

private:
    void hear_all();

    pawl::detail::Core* engine_ = nullptr;
    std::uint64_t reign_ = 0;
    std::unique_ptr<pawl::detail::ProducerLink> lanes_;
};

}  // namespace pawl::sim
