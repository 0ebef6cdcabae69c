// The given/when/then kit: it says yes where the aggregate is right and no, in a sentence, where it
// is wrong.
#include <gtest/gtest.h>

#include <string>

#include "pawl/testing.hpp"
#include "tests/unit/engine/domain.hpp"

namespace pawl::testing {
namespace {

// Collects what a story complains about.
class Stories : public ::testing::Test {
protected:
    Stories() {
        on_failure([this](const std::string& sentence) { complaint_ = sentence; });
    }
    ~Stories() override { on_failure({}); }
    std::string complaint_;
};

using Reason = Account::Reason;

TEST_F(Stories, that_are_right_say_nothing) {
    given<Account, Book>(Account::Deposited{50})
        .when(Account::Withdraw{80})
        .rejects(Reason::not_enough)
        .when(Account::Withdraw{30})
        .accepts()
        .emits(Account::Withdrawn{30})
        .and_nothing_else()
        .leaves([](const Account& account) { return account.balance == 20; })
        .when(Account::Poison{1})
        .refused(Refusal::decision_threw)
        .when(Account::Spend{8, 5})
        .emits(Account::Withdrawn{8})
        .emits(Account::Withdrawn{8})
        .and_nothing_else();
    EXPECT_EQ(complaint_, "");
}

TEST_F(Stories, tell_what_was_expected_and_what_was) {
    given<Account, Book>(Account::Deposited{50}).when(Account::Withdraw{80}).accepts();
    EXPECT_NE(complaint_.find("Withdraw"), std::string::npos) << complaint_;
    EXPECT_NE(complaint_.find("rejected"), std::string::npos) << complaint_;
    complaint_.clear();
    given<Account, Book>(Account::Deposited{50})
        .when(Account::Withdraw{5})
        .rejects(Reason::not_enough);
    EXPECT_NE(complaint_, "");
    complaint_.clear();
    given<Account, Book>(Account::Deposited{50})
        .when(Account::Withdraw{5})
        .emits(Account::Withdrawn{6});
    EXPECT_NE(complaint_, "");
    complaint_.clear();
    given<Account, Book>(Account::Deposited{50}).when(Account::Withdraw{5}).and_nothing_else();
    EXPECT_NE(complaint_, "");
    complaint_.clear();
    given<Account, Book>(Account::Deposited{50})
        .when(Account::Withdraw{5})
        .leaves([](const Account&) { return false; });
    EXPECT_NE(complaint_, "");
}

TEST_F(Stories, have_their_own_time) {
    auto story = given<Account, Book>();
    story.at(Time{1'000}).when(Account::Draw{}).accepts();
    EXPECT_EQ(complaint_, "");
    const std::uint64_t random = story.state().last_random;
    auto again = given<Account, Book>();
    again.at(Time{1'000}).when(Account::Draw{}).accepts();
    EXPECT_EQ(again.state().last_random, random);
    EXPECT_EQ(again.state_hash(), story.state_hash());
}

}  // namespace
}  // namespace pawl::testing
