// How much of a stream somebody has not: counted from any record on, as far as it is read.
#include "engine/runtime/at_risk.hpp"

#include "node.hpp"

namespace pawl::replication::testing {
namespace {

TEST(AtRisk, is_every_command_that_begins_within_the_bytes_that_are_read) {
    Node primary("a", NodeOptions{.shards = 1, .boot = 1});
    ASSERT_TRUE(primary.reign(1));
    for (std::size_t i = 0; i < 300; ++i)
        while (!primary.append(0, 8 + i * 7 % 900)) primary.write_some(0);
    const Past& history = primary.history(0);
    for (std::size_t from = 0; from < history.size(); from += 23) {
        for (const std::uint64_t bytes : {1U, 100U, 1'000U, 10'000U, 1'000'000U}) {
            std::uint64_t commands = 0;
            for (const Entry& entry : history)
                if (entry.position >= history[from].position &&
                    entry.position.value < history[from].position.value + bytes &&
                    detail::RecordView(entry.bytes.data()).header().kind() ==
                        detail::RecordKind::accepted)
                    ++commands;
            EXPECT_EQ(
                pawl::detail::at_risk_from(primary.directory(), 0, history[from].position, bytes)
                    .commands,
                commands)
                << from << ", " << bytes << " bytes";
        }
    }
}

}  // namespace
}  // namespace pawl::replication::testing
