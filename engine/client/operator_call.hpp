// An operator's side of the wire: asks and waits. Knows links and messages; no type of an event.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/client/client_world.hpp"
#include "engine/replication/handshake.hpp"
#include "engine/replication/operator_messages.hpp"
#include "engine/replication/talk.hpp"
#include "pawl/operator.hpp"

namespace pawl::detail {

class OperatorCall final : public OperatorLink {
public:
    OperatorCall(OperatorOptions options, ClientWorld world)
        : options_(std::move(options)), world_(std::move(world)) {}

    // Tries until somebody is there, or refuses us.
    Status connect();
    Result<NodeStatus> status() override;
    Result<std::string> hand_over(const std::string& peer) override;
    Status read(const std::string& schema_text, std::uint64_t session,
                const std::function<Status(const StreamRecord&)>& take) override;
    Result<std::vector<std::byte>> range(std::uint32_t shard, Position from,
                                         std::uint32_t checksum_before, Position to) override;

private:
    // Of one shard: what came of a record whose rest is still to come.
    using Rest = std::vector<std::byte>;

    bool greet(std::int64_t give_up_ns, std::string& why, bool& for_good);
    template <class What>
    Status say(const What& what);
    // The next message; an error when there is none in time.
    Result<replication::Received> hear();
    Error unexpected(const replication::Received& frame);
    Result<std::uint64_t> take_records(std::uint32_t shard, std::uint64_t session, Rest& rest,
                                       const std::function<Status(const StreamRecord&)>& take);

    const OperatorOptions options_;
    const ClientWorld world_;
    std::unique_ptr<replication::Talk> talk_;
};

}  // namespace pawl::detail
