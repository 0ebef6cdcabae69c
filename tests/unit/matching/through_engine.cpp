// Books inside an engine: journaled, reopened, the same. Knows the public headers only.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "desk.hpp"
#include "orders.hpp"
#include "pawl/engine.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::matching::test {
namespace {

static_assert(pawl::detail::Checked<Book>::ok);

// A directory of its own, gone afterwards.
class AnEngineOfBooks : public ::testing::Test {
protected:
    AnEngineOfBooks()
        : directory_(std::filesystem::temp_directory_path() /
                     (std::string("pawl_books_") +
                      ::testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
                      std::to_string(::getpid()))) {
        std::filesystem::remove_all(directory_);
    }
    ~AnEngineOfBooks() override {
        engine_.reset();
        std::filesystem::remove_all(directory_);
    }
    void open() {
        engine_.reset();
        engine_.emplace(Engine<Book>::open({.directory = directory_.string(),
                                            .threading = Threading::shared,
                                            .segment_bytes = 1U << 20,
                                            .head_bytes = 1U << 20})
                            .value());
    }
    template <class Command>
    Reply send(Id instrument, const Command& command) {
        return engine_->submit(instrument, command, use_future).get();
    }
    std::filesystem::path directory_;
    std::optional<Engine<Book>> engine_;
};

constexpr AddInstrument instrument{
    .price_min = 1, .price_max = 1'000'000, .quantity_max = 1'000'000, .phase = Phase::continuous};

TEST_F(AnEngineOfBooks, keeps_good_till_cancel_orders_across_a_restart) {
    open();
    ASSERT_TRUE(send(1, instrument).accepted());
    ASSERT_TRUE(send(2, instrument).accepted());
    NewOrder order = buy(1, 100, 10);
    order.time_in_force = TimeInForce::good_till_cancel;
    ASSERT_TRUE(send(1, order).accepted());
    ASSERT_TRUE(send(1, sell(2, 100, 4)).accepted());
    ASSERT_TRUE(send(2, sell(1, 200, 7)).accepted());  // another book, the same order number
    const std::uint64_t before = engine_->state_hash();
    open();
    EXPECT_EQ(engine_->state_hash(), before);
    const auto found =
        engine_->query(1, [](const Book& book) { return book.find(1); }, use_future).get();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->open, 6);
    EXPECT_TRUE(found->good_till_cancel);
    EXPECT_TRUE(send(1, cancel(1)).accepted());
}

TEST_F(AnEngineOfBooks, goes_on_from_a_snapshot_of_its_books) {
    open();
    for (Id book = 1; book <= 3; ++book) ASSERT_TRUE(send(book, instrument).accepted());
    for (OrderId order = 1; order <= 300; ++order) {
        const Id book = 1 + order % 3;
        const auto price = static_cast<Price>(100 + order * 7 % 40);
        const auto quantity = static_cast<Quantity>(1 + order % 9);
        send(book, order % 2 == 0 ? buy(order, price, quantity) : sell(order, price, quantity));
        if (order % 5 == 0) send(book, cancel(order - 3));
        if (order == 200) {
            const Status made = engine_->snapshot();
            ASSERT_TRUE(made.ok()) << made.error().sentence;
        }
    }
    const std::uint64_t before = engine_->state_hash();
    open();
    EXPECT_EQ(engine_->state_hash(), before);
    EXPECT_LT(engine_->replayed_records(), engine_->recovered_records() / 2);
    ASSERT_TRUE(engine_->snapshot().ok());
    open();
    EXPECT_EQ(engine_->state_hash(), before);
    EXPECT_EQ(engine_->replayed_records(), 0u);
    EXPECT_TRUE(send(2, buy(1'000, 1, 1)).accepted());
}

// With so many books each hears of its commands before they are decided: also of wrong ones, of
// orders that are not there, and of prices that nobody has checked.
TEST_F(AnEngineOfBooks, decides_the_same_when_there_are_many_of_them) {
    open();
    constexpr Id books = 24;
    for (Id book = 1; book <= books; ++book) ASSERT_TRUE(send(book, instrument).accepted());
    Desk alone(instrument);
    using Answer = decltype(engine_->submit(1, instrument, use_future));
    std::vector<std::pair<Answer, bool>> answers;  // and what the book alone said
    const auto ask_both = [&](const auto& command) {
        const bool accepted = alone.submit(command).accepted();
        answers.emplace_back(engine_->submit(5, command, use_future), accepted);
    };
    for (OrderId order = 1; order <= 300; ++order) {
        NewOrder ask = order % 2 == 0 ? buy(order, static_cast<Price>(100 + order * 7 % 40), 5)
                                      : sell(order, static_cast<Price>(110 + order * 5 % 40), 3);
        if (order % 9 == 0) ask.price = order % 2 == 0 ? INT64_MAX : INT64_MIN;
        ask_both(ask);
        if (order % 3 == 0) ask_both(cancel(order % 6 == 0 ? order - 2 : order + 1'000));
    }
    for (auto& [answer, accepted] : answers) ASSERT_EQ(answer.get().accepted(), accepted);
    const auto orders =
        engine_->query(5, [](const Book& book) { return book.open_orders(); }, use_future).get();
    EXPECT_EQ(orders, alone.book().open_orders());
    EXPECT_GT(orders, 0u);
}

TEST_F(AnEngineOfBooks, answers_with_the_books_own_reasons) {
    open();
    const Reply early = send(1, buy(1, 100, 1));
    EXPECT_FALSE(early.accepted());
    ASSERT_TRUE(send(1, instrument).accepted());
    EXPECT_TRUE(send(1, buy(1, 100, 1)).accepted());
    EXPECT_FALSE(send(1, buy(1, 100, 1)).accepted());
}

TEST_F(AnEngineOfBooks, puts_a_resting_order_into_a_record_of_at_most_112_bytes) {
    EXPECT_LE(64 + 8 + sizeof(OrderRested), 112u);
    EXPECT_LE(sizeof(NewOrder), 64u);
    EXPECT_LE(sizeof(AddInstrument), 64u);
}

}  // namespace
}  // namespace pawl::matching::test
