// Arbitrary bytes as what an operator hears from a node: frames, greeting, status, records. Never a
// crash, never a record that a reader could not rely on.
#include "engine/client/operator_call.hpp"
#include "engine/replication/reign.hpp"
#include "tests/unit/client/memory_kit.hpp"
#include "wire.hpp"

namespace {

using namespace pawl;
using namespace pawl::replication;

constexpr unsigned reads = 8;  // of the first byte, beside those of wire.hpp: asks for records

void listen(std::span<const std::byte> input) {
    auto all = fuzz::said(input);
    if (!all) return;
    const unsigned flags = all->flags;
    fuzz::OneAnswer node(std::move(*all));
    OperatorOptions options;
    options.address = "fuzzed";
    options.open_within = options.patience = std::chrono::microseconds(200);
    if ((flags & fuzz::secret) != 0) options.secret = "a secret of some length";
    std::int64_t clock = 1;
    detail::OperatorCall call(options, {node, [&clock] { return clock += 500; },
                                        [](std::int64_t) {}, fuzz::our_chance(), 1});
    if (const Status met = call.connect(); !met) {
        PAWL_ASSERT(!met.error().sentence.empty());
        return;
    }
    PAWL_ASSERT((flags & fuzz::secret) == 0);
    if ((flags & reads) != 0) {
        const Status read = call.read(
            detail::schema_text<testing::Account, testing::Book>(), 1,
            [](const detail::StreamRecord& record) -> Status {
                const detail::RecordView view(record.bytes);
                PAWL_ASSERT(view.length() >= sizeof(detail::RecordHeader));
                if (!detail::events_have_their_sizes<testing::Account, testing::Book>(view))
                    return Error{ErrorCode::damaged, "sizes"};
                detail::for_each_journaled_event<testing::Account, testing::Book>(
                    record, [](const auto& event) {
                        static_cast<void>(event.template as<testing::Account::Deposited>());
                        static_cast<void>(event.correlation());
                        static_cast<void>(event.captured());
                    });
                return Done{};
            });
        PAWL_ASSERT(read.ok() || !read.error().sentence.empty());
        return;
    }
    while (const auto status = call.status()) {
        PAWL_ASSERT(status->in_sync.size() <= in_sync_max);
        PAWL_ASSERT(status->why.size() <= reason_bytes_max);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    listen(std::as_bytes(std::span(data, size)));
    return 0;
}
