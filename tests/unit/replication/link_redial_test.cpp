// When the next attempt to connect is due.
#include "engine/replication/link_redial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "testing/chance.hpp"

namespace pawl::replication {
namespace {

RandomSource chance_of(std::uint64_t seed) {
    auto chance = std::make_shared<sim::Chance>(seed);
    return [chance] { return chance->next(); };
}

class CountingConnector final : public Connector {
public:
    std::unique_ptr<Link> connect(const std::string&) override {
        ++calls;
        return nullptr;
    }
    int calls = 0;
};

TEST(Redial, attempts_come_at_once_then_ever_later_up_to_a_bound) {
    CountingConnector connector;
    Redial redial(connector, "oslo", {.first_ns = 1'000, .most_ns = 16'000}, chance_of(1));
    redial.next(0);
    EXPECT_EQ(connector.calls, 1) << "the first is due at once";
    std::int64_t last = 0;
    std::int64_t pause_most = 1'000;
    for (int attempt = 2; attempt < 12; ++attempt) {
        EXPECT_GE(redial.due_ns(), last + pause_most / 2);
        EXPECT_LE(redial.due_ns(), last + pause_most);
        redial.next(redial.due_ns() - 1);
        EXPECT_EQ(connector.calls, attempt - 1) << "not before";
        last = redial.due_ns();
        redial.next(last);
        EXPECT_EQ(connector.calls, attempt);
        pause_most = std::min<std::int64_t>(2 * pause_most, 16'000);
    }
    redial.worked();
    redial.next(redial.due_ns());
    EXPECT_LE(redial.due_ns() - last, 17'000);
    redial.call("rome");
    redial.next(0);
    EXPECT_LE(redial.due_ns(), 1'000);
}

}  // namespace
}  // namespace pawl::replication
