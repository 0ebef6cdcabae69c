// Bytes from outside, held against the types: nothing passes that the types could not have written.
#include "pawl/detail/judge.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "pawl/engine.hpp"
#include "tests/unit/engine/domain.hpp"

namespace pawl::testing {
namespace {

struct Gate {
    struct Inner {
        std::array<bool, 2> bolts;
        std::array<std::uint8_t, 2> rest;
    };
    struct Paint {
        Text<6> colour;
        Inner inner;
        bool wet;
        std::array<std::uint8_t, 3> rest;
    };
    struct Shut {};
    struct Painted {
        Text<6> colour;
    };
    using Commands = pawl::Commands<Paint, Shut>;
    using Events = pawl::Events<Painted>;
    std::uint64_t coats = 0;
    Verdict decide(const Paint& ask, Context<Gate>& ctx) const {
        ctx.emit(Painted{ask.colour});
        return accept;
    }
    Verdict decide(const Shut&, Context<Gate>&) const { return accept; }
    void apply(const Painted&) noexcept { ++coats; }
};

using detail::Judged;
using detail::MessageHeader;
using detail::MessageKind;

MessageHeader header_of(std::uint8_t aggregate, std::uint16_t command, std::size_t bytes) {
    MessageHeader header{};
    header.aggregate_type = aggregate;
    header.command_type = command;
    header.payload_bytes = static_cast<std::uint16_t>(bytes);
    return header;
}

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

Judged::As judged(const MessageHeader& header, const std::vector<std::byte>& payload) {
    return detail::judge<Account, Gate>(header, payload.data(), 4).as;
}

TEST(Judge, lets_pass_what_the_types_have_written) {
    const auto deposit = bytes_of(Account::Deposit{5});
    EXPECT_EQ(judged(header_of(0, 0, 8), deposit), Judged::As::good);
    const auto paint = bytes_of(Gate::Paint{"red", {{true, false}, {}}, true, {}});
    EXPECT_EQ(judged(header_of(1, 8, paint.size()), paint), Judged::As::good);
    EXPECT_EQ(judged(header_of(1, 9, 0), {}), Judged::As::good);
    MessageHeader fact = header_of(1, 0, 8);
    fact.kind = MessageKind::fact;
    EXPECT_EQ(judged(fact, bytes_of(Gate::Painted{"red"})), Judged::As::good);
}

TEST(Judge, finds_the_shard_that_the_engine_itself_would_find) {
    const auto deposit = bytes_of(Account::Deposit{5});
    for (Id id = 0; id < 1'000; ++id) {
        MessageHeader header = header_of(0, 0, 8);
        header.aggregate = id;
        EXPECT_EQ((detail::judge<Account, Gate>(header, deposit.data(), 5).shard),
                  detail::shard_of(route<Account>(id), 5));
    }
}

TEST(Judge, knows_no_other_types_and_no_other_sizes) {
    const std::vector<std::byte> zeros(1024);
    for (std::uint16_t aggregate = 0; aggregate < 256; ++aggregate)
        for (std::uint16_t command = 0; command < 40; ++command) {
            const bool known =
                (aggregate == 0 && command < 8) || (aggregate == 1 && command >= 8 && command < 10);
            std::size_t sizes = 0;
            for (std::size_t bytes = 0; bytes <= 1024; ++bytes)
                if (judged(header_of(static_cast<std::uint8_t>(aggregate), command, bytes),
                           zeros) != Judged::As::nonsense)
                    ++sizes;
            EXPECT_EQ(sizes, known ? 1U : 0U) << aggregate << " " << command;
        }
}

TEST(Judge, hears_the_commands_own_validate) {
    EXPECT_EQ(judged(header_of(0, 0, 8), bytes_of(Account::Deposit{1'000'000'000'000})),
              Judged::As::malformed);
}

TEST(Judge, takes_no_value_that_a_field_cannot_have) {
    const auto good = bytes_of(Gate::Paint{"red", {{true, false}, {}}, true, {}});
    const auto with = [&](std::size_t at, int value) {
        auto bytes = good;
        bytes[at] = static_cast<std::byte>(value);
        return judged(header_of(1, 8, bytes.size()), bytes);
    };
    EXPECT_EQ(with(0, 6), Judged::As::good);        // six characters, three of them zero
    EXPECT_EQ(with(0, 7), Judged::As::nonsense);    // longer than its room
    EXPECT_EQ(with(1, 1), Judged::As::nonsense);    // much longer
    EXPECT_EQ(with(0, 2), Judged::As::nonsense);    // something behind its end
    EXPECT_EQ(with(8, 2), Judged::As::nonsense);    // a bolt that is neither shut nor open
    EXPECT_EQ(with(9, 255), Judged::As::nonsense);  // the other one
    EXPECT_EQ(with(10, 255), Judged::As::good);     // a number may be anything
    EXPECT_EQ(with(12, 3), Judged::As::nonsense);   // wet or not
}

}  // namespace
}  // namespace pawl::testing
