// Which reigns of its own name a node takes for its past: those of the lives that it knows.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/replication/role_kit.hpp"

namespace pawl::replication {
namespace {

class Lives : public ::testing::Test {
protected:
    Lives() {
        begins(1, Holdings{.blank = true});
        EXPECT_TRUE(serves());
    }
    void begins(std::uint64_t boot, const Holdings& holdings) {
        a_ = roles_of(store_, "a", boot, holdings, true);
    }
    // Within a second.
    bool serves() {
        for (int i = 0; i < 1'000; ++i, now_ += ms) {
            store_.advance_to(now_);
            a_->do_work(now_);
            if (a_->role() == Role::opening) a_->opened();
            for (const RoleEvent& event : a_->take_events()) said_.push_back(event.sentence);
        }
        return a_->serves();
    }
    bool was_said(const std::string& what) const {
        for (const std::string& sentence : said_)
            if (sentence.find(what) != std::string::npos) return true;
        return false;
    }

    sim::ArbiterStore store_{1};
    std::int64_t now_ = 0;
    std::unique_ptr<RoleMachine> a_;
    std::vector<std::string> said_;
};

TEST_F(Lives, an_earlier_life_is_a_nodes_own_past) {
    begins(2, Holdings{.epoch = 1, .lives = {7, 1}});
    EXPECT_TRUE(serves()) << a_->why();
    EXPECT_EQ(a_->epoch(), 2U);
}

TEST_F(Lives, of_a_life_that_it_does_not_know_it_takes_nothing_over) {
    begins(2, Holdings{.epoch = 1, .lives = {7, 8}});
    said_.clear();
    EXPECT_FALSE(serves());
    EXPECT_EQ(a_->role(), Role::waiting);
    EXPECT_TRUE(was_said("another process calls itself node a")) << a_->why();
    EXPECT_EQ(said_.size(), 1U) << "once";
    a_->accept_loss();
    EXPECT_TRUE(serves()) << a_->why();
}

// Its copy was made in this life: it had none before.
TEST_F(Lives, who_began_without_a_directory_had_no_earlier_life) {
    begins(2, Holdings{.blank = true, .lives = {}});
    a_->lost();
    EXPECT_FALSE(serves());
    EXPECT_TRUE(was_said("another process calls itself node a")) << a_->why();
}

TEST_F(Lives, the_earlier_life_that_reigns_is_named_and_no_strangers) {
    const auto named = [this](const std::vector<std::uint64_t>& lives) {
        begins(2, Holdings{.epoch = 1, .may_have_lost = true, .lives = lives});
        a_->life_is_noted(false);
        EXPECT_FALSE(serves());
        EXPECT_TRUE(a_->knows_what_it_said());
        return a_->earlier_life_that_reigns();
    };
    EXPECT_EQ(named({7, 1}), 1U);
    EXPECT_EQ(named({7, 8}), std::nullopt);
}

TEST_F(Lives, a_directory_that_noted_none_may_have_had_any) {
    begins(2, Holdings{.epoch = 1});
    EXPECT_TRUE(serves()) << a_->why();
}

TEST_F(Lives, a_life_asks_for_nothing_before_it_is_noted) {
    begins(2, Holdings{.epoch = 1, .lives = {1}});
    a_->life_is_noted(false);
    EXPECT_FALSE(serves());
    EXPECT_EQ(a_->reign()->primary().boot, 1U);
    a_->life_is_noted(true);
    EXPECT_TRUE(serves()) << a_->why();
}

}  // namespace
}  // namespace pawl::replication
