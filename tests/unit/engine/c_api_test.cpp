// The C interface: bytes in, bytes out, the same promises. Knows pawl/pawl.h.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "pawl/pawl.h"
#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

enum : std::uint16_t { add = 0, flood = 1, nothing = 2 };

std::uint16_t decide(const void* state, std::uint16_t type, const void* command, std::size_t bytes,
                     pawl_context* context, void* user) {
    std::int64_t sum = 0;
    std::memcpy(&sum, state, sizeof sum);
    std::int64_t value = 0;
    if (bytes == sizeof value) std::memcpy(&value, command, bytes);
    ++*static_cast<std::atomic<int>*>(user);
    if (type == nothing) return 0;
    if (type == flood) {
        const std::vector<char> large(60'000, 'x');
        while (pawl_emit(context, 1, large.data(), large.size()) == PAWL_OK) {
        }
        return 9;
    }
    if (sum + value < 0) return 7;
    return pawl_emit(context, 0, &value, sizeof value) == PAWL_OK ? 0 : 9;
}

void apply(void* state, std::uint16_t type, const void* event, std::size_t, void*) {
    if (type != 0) return;
    std::int64_t sum = 0;
    std::int64_t value = 0;
    std::memcpy(&sum, state, sizeof sum);
    std::memcpy(&value, event, sizeof value);
    sum += value;
    std::memcpy(state, &sum, sizeof sum);
}

class FromC : public ::testing::TestWithParam<pawl_threading> {
protected:
    FromC() {
        domain_.name = "Sum";
        domain_.state_bytes = sizeof(std::int64_t);
        domain_.decide = decide;
        domain_.apply = apply;
        domain_.command_types = 3;
        domain_.event_types = 2;
        domain_.user = &decided_;
        options_.directory = directory_.path().c_str();
        options_.threading = GetParam();
        options_.durability = PAWL_JOURNALED;
        options_.segment_bytes = 256U << 10;
        options_.head_bytes = 256U << 10;
        options_.shards = 2;
        engine_ = pawl_open(&options_, &domain_);
    }
    ~FromC() override { pawl_close(engine_); }
    void reopen() {
        EXPECT_EQ(pawl_close(engine_), PAWL_OK) << pawl_last_error();
        engine_ = pawl_open(&options_, &domain_);
        ASSERT_NE(engine_, nullptr) << pawl_last_error();
    }
    pawl_reply call(std::uint64_t id, std::uint16_t type, std::int64_t value,
                    const pawl_submit_options* options = nullptr) {
        pawl_reply reply{};
        EXPECT_EQ(pawl_call(engine_, id, type, &value, sizeof value, options, &reply), PAWL_OK);
        return reply;
    }
    std::int64_t read(std::uint64_t id) {
        std::int64_t sum = -1;
        std::uint64_t version = 0;
        EXPECT_EQ(pawl_read(engine_, id, &sum, sizeof sum, &version), PAWL_OK);
        return sum;
    }

    TempDirectory directory_;
    std::atomic<int> decided_{0};
    pawl_domain domain_{};
    pawl_options options_{};
    pawl_engine* engine_ = nullptr;
};

TEST_P(FromC, commands_are_decided_and_remembered) {
    ASSERT_NE(engine_, nullptr) << pawl_last_error();
    EXPECT_EQ(call(1, add, 10).outcome, PAWL_ACCEPTED);
    const pawl_reply rejected = call(1, add, -11);
    EXPECT_EQ(rejected.outcome, PAWL_REJECTED);
    EXPECT_EQ(rejected.reason, 7);
    const std::uint64_t hash = pawl_state_hash(engine_);
    reopen();
    EXPECT_EQ(read(1), 10);
    EXPECT_EQ(read(2), 0);
    EXPECT_EQ(pawl_state_hash(engine_), hash);
}

TEST_P(FromC, retries_act_once) {
    pawl_submit_options once{};
    once.session = "desk";
    once.number = 1;
    EXPECT_EQ(call(1, add, 10, &once).repeat, 0);
    reopen();
    EXPECT_EQ(call(1, add, 10, &once).repeat, 1);
    EXPECT_EQ(read(1), 10);
}

TEST_P(FromC, a_snapshot_stands_for_what_came_before_it) {
    for (std::uint64_t id = 1; id <= 50; ++id) call(id, add, static_cast<std::int64_t>(id));
    pawl_submit_options once{};
    once.session = "desk";
    once.number = 1;
    call(7, add, 100, &once);
    ASSERT_EQ(pawl_snapshot(engine_, 60'000), PAWL_OK) << pawl_last_error();
    call(8, add, 1);
    const std::uint64_t hash = pawl_state_hash(engine_);
    reopen();
    EXPECT_EQ(pawl_replayed_records(engine_), 1U);
    EXPECT_EQ(pawl_state_hash(engine_), hash);
    EXPECT_EQ(read(7), 107);
    EXPECT_EQ(call(7, add, 100, &once).repeat, 1);
    domain_.snapshot_version = 2;
    reopen();
    EXPECT_GT(pawl_replayed_records(engine_), 51U) << "another layout: the journal is replayed";
    EXPECT_EQ(pawl_state_hash(engine_), hash);
}

TEST_P(FromC, stale_versions_unknown_commands_and_floods_are_refused) {
    call(1, add, 10);
    pawl_submit_options stale{};
    stale.has_expected_version = 1;
    const auto refusal = [](const pawl_reply& reply) {
        EXPECT_EQ(reply.outcome, PAWL_REFUSED);
        return static_cast<Refusal>(reply.reason);
    };
    EXPECT_EQ(refusal(call(1, add, 10, &stale)), Refusal::version_conflict);
    EXPECT_EQ(refusal(call(1, 3, 10)), Refusal::unknown_command);
    EXPECT_EQ(refusal(call(1, flood, 10)), Refusal::record_too_large);
    EXPECT_EQ(call(1, nothing, 0).event_count, 0);
    EXPECT_EQ(read(1), 10);
}

TEST_P(FromC, wrong_calls_are_codes_with_a_sentence) {
    const std::vector<char> large(1025);
    EXPECT_EQ(pawl_submit(engine_, 1, add, large.data(), large.size(), nullptr), PAWL_USAGE);
    EXPECT_NE(std::string(pawl_last_error()).find("1025"), std::string::npos);
    char small_state = 0;
    std::uint64_t version = 0;
    EXPECT_EQ(pawl_read(engine_, 1, &small_state, 1, &version), PAWL_USAGE);
    EXPECT_EQ(pawl_open(nullptr, nullptr), nullptr);
    EXPECT_EQ(pawl_open(&options_, &domain_), nullptr) << "it is open already";
    EXPECT_FALSE(std::string(pawl_last_error()).empty());
}

TEST_P(FromC, callbacks_come_once_each) {
    std::atomic<int> heard{0};
    constexpr int commands = 500;
    const std::int64_t one = 1;
    for (int i = 0; i < commands; ++i)
        ASSERT_EQ(pawl_submit_callback(
                      engine_, 1, add, &one, sizeof one, nullptr,
                      [](const pawl_reply* reply, void* user) {
                          if (reply->outcome == PAWL_ACCEPTED)
                              ++*static_cast<std::atomic<int>*>(user);
                      },
                      &heard),
                  PAWL_OK);
    until([&] {
        if (GetParam() == PAWL_HOST_POLLS) pawl_poll(engine_);
        return heard == commands;
    });
    EXPECT_EQ(read(1), commands);
    EXPECT_EQ(decided_, commands);
}

INSTANTIATE_TEST_SUITE_P(Threads, FromC,
                         ::testing::Values(PAWL_OWN_THREADS, PAWL_SHARED_THREAD, PAWL_HOST_POLLS));

}  // namespace
}  // namespace pawl::testing
