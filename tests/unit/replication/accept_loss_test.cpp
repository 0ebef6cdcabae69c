// An operator's word where the key names a node that will not come back.
#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/replication/role_kit.hpp"

namespace pawl::replication {
namespace {

// a reigned alone and is gone; b, which is not in the set, has an older copy.
class AcceptLoss : public ::testing::Test {
protected:
    AcceptLoss() : store_(1), a_(roles_of(store_, "a", 1, Holdings{.blank = true}, true)) {
        EXPECT_TRUE(live([this] { return a_->serves(); }));
        a_.reset();
        b_ = roles_of(store_, "b", 2, Holdings{.epoch = 1});
        EXPECT_TRUE(live([this] { return b_->role() == Role::learner; }));
    }
    // Until `done`, for three seconds at most.
    template <class Done>
    bool live(const Done& done) {
        for (int i = 0; i < 3'000 && !done(); ++i, now_ += ms) {
            store_.advance_to(now_);
            for (RoleMachine* one : {a_.get(), b_.get()}) {
                if (one == nullptr) continue;
                one->do_work(now_);
                if (one->role() == Role::opening) one->opened();
            }
            if (a_ != nullptr && b_ != nullptr && they_hear_each_other_) {
                a_->heard("b", 2, now_);
                b_->heard("a", a_boot_, now_);
                a_->heard_epoch(b_->epoch_seen());
                b_->heard_epoch(a_->epoch_seen());
            }
        }
        return done();
    }
    void a_comes_back() {
        a_boot_ = 11;
        a_ = roles_of(store_, "a", a_boot_, Holdings{.epoch = 1});
        they_hear_each_other_ = true;
    }

    sim::ArbiterStore store_;
    std::int64_t now_ = 0;
    std::uint64_t a_boot_ = 1;
    bool they_hear_each_other_ = false;
    std::unique_ptr<RoleMachine> a_, b_;
};

TEST_F(AcceptLoss, who_is_not_in_the_set_goes_on_by_an_operators_word_only) {
    EXPECT_FALSE(live([this] { return b_->serves(); })) << "it may lack what was acknowledged";
    b_->accept_loss();
    ASSERT_TRUE(live([this] { return b_->serves(); })) << b_->why();
    EXPECT_EQ(b_->epoch(), 2U);
    EXPECT_EQ(b_->reign()->in_sync().size(), 1U);
    a_comes_back();
    ASSERT_TRUE(live([this] { return a_->role() == Role::learner; })) << a_->why();
    EXPECT_TRUE(b_->serves()) << b_->why();
}

TEST_F(AcceptLoss, the_word_means_nothing_where_the_primary_is_there) {
    a_comes_back();
    b_->accept_loss();
    ASSERT_TRUE(live([this] { return a_->serves(); })) << a_->why();
    EXPECT_FALSE(live([this] { return b_->role() != Role::learner; }));
    a_.reset();
    EXPECT_FALSE(live([this] { return b_->serves(); })) << "the word is used up";
}

TEST_F(AcceptLoss, who_has_nothing_goes_on_with_nothing_by_no_word) {
    b_ = roles_of(store_, "b", 3, Holdings{.blank = true});
    b_->accept_loss();
    EXPECT_FALSE(live([this] { return b_->serves(); }));
}

}  // namespace
}  // namespace pawl::replication
