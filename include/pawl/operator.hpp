// An operator's way to a node over the network: what it is, a switchover, what has happened. Knows
// types of events; no socket.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pawl/detail/typed_machine.hpp"
#include "pawl/journal.hpp"
#include "pawl/result.hpp"
#include "pawl/role.hpp"
#include "pawl/subscription.hpp"

namespace pawl {

struct OperatorOptions {
    std::string address{};  // "host:port" of a node: its EngineOptions::listen
    std::string secret{};   // as EngineOptions::secret
    std::chrono::nanoseconds open_within = std::chrono::seconds(5);  // how long open() tries
    std::chrono::nanoseconds patience = std::chrono::seconds(5);     // how long an answer may take
};

namespace detail {

// One thread.
class OperatorLink {
public:
    virtual ~OperatorLink() = default;
    virtual Result<NodeStatus> status() = 0;
    virtual Result<std::string> hand_over(const std::string& peer) = 0;
    // Calls take with each record; an error of take ends it. The record lives during the call.
    virtual Status read(const std::string& schema_text, std::uint64_t session,
                        const std::function<Status(const StreamRecord&)>& take) = 0;
    virtual Result<std::vector<std::byte>> range(std::uint32_t shard, Position from,
                                                 std::uint32_t checksum_before, Position to) = 0;
};
Result<std::unique_ptr<OperatorLink>> open_operator(const OperatorOptions& options);

// Whether each event has the size of its type: bytes from outside.
template <class... As>
bool events_have_their_sizes(const RecordView& record) {
    bool fit = true;
    const bool whole = record.for_each_event([&](const EventView& event) {
        std::size_t size = ~std::size_t{0};
        if (event.header->aggregate_type < sizeof...(As))
            Lists<As...>::with(event.header->aggregate_type, [&]<class A>() {
                [&]<class... E>(Events<E...>) {
                    constexpr std::array<std::size_t, sizeof...(E)> sizes{payload_bytes<E>...};
                    if (event.header->type < sizes.size()) size = sizes[event.header->type];
                }(typename A::Events{});
            });
        fit = fit && size == event.header->size;
    });
    return whole && fit;
}

}  // namespace detail

// One thread uses it, and waits in it. Moves; the connection ends with it. After an error of the
// connection open another one.
class Operator {
public:
    // Errors are sentences: nobody there in time, another secret, no node.
    static Result<Operator> open(const OperatorOptions& options) {
        auto link = detail::open_operator(options);
        if (!link) return link.error();
        return Operator(std::move(link).value());
    }

    Result<NodeStatus> status() { return link_->status(); }
    // Of the primary: `peer`, or any in-sync node when it is empty, becomes primary as soon as it
    // has everything. Says which; it is under way then, and may still be called off.
    Result<std::string> hand_over(const std::string& peer) { return link_->hand_over(peer); }

    // Calls handler(const JournaledEvent<As...>&) for all that this session's commands have done so
    // far (a session of 0: everybody's, and facts), rejections too: in order per shard, from the
    // first record on. Of the primary; what it has committed and no standby has yet is among it.
    // An error: the connection is lost, or the journal's beginning was removed.
    template <class... As, class Handler>
    Status read(SessionId session, Handler&& handler) {
        return link_->read(
            detail::schema_text<As...>(), session.value,
            [&](const detail::StreamRecord& record) -> Status {
                const detail::RecordView view(record.bytes);
                const detail::RecordKind kind = view.header().kind();
                if (kind == detail::RecordKind::rejected || kind == detail::RecordKind::refused) {
                    handler(JournaledEvent<As...>(record, nullptr, 0, view.header().version));
                    return Done{};
                }
                if (!detail::events_have_their_sizes<As...>(view))
                    return Error{ErrorCode::damaged,
                                 "operator: a record of shard " + std::to_string(record.shard) +
                                     " came with events of another size than their types have: "
                                     "look at the network"};
                detail::for_each_journaled_event<As...>(record, handler);
                return Done{};
            });
    }

    // Whole records [from, to) of a shard, at most 16 MiB, as they are in the segments of this
    // node, whatever its role, when its shards have threads of their own (Threading::own).
    // checksum_before: of the record that ends at `from`. After an error open another one.
    Result<std::vector<std::byte>> range(std::uint32_t shard, Position from,
                                         std::uint32_t checksum_before, Position to) {
        return link_->range(shard, from, checksum_before, to);
    }

private:
    explicit Operator(std::unique_ptr<detail::OperatorLink> link) : link_(std::move(link)) {}

    std::unique_ptr<detail::OperatorLink> link_;
};

// For journal_heal: from another node, with a connection for each range.
inline FetchRecords records_of_node(OperatorOptions options) {
    return [options = std::move(options)](std::uint32_t shard, Position from,
                                          std::uint32_t checksum_before,
                                          Position to) -> Result<std::vector<std::byte>> {
        auto node = Operator::open(options);
        if (!node) return node.error();
        return node->range(shard, from, checksum_before, to);
    };
}

}  // namespace pawl
