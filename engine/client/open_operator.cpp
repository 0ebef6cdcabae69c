// An operator on this machine's network and clock.
#include <utility>

#include "engine/client/operator_call.hpp"
#include "engine/replication/tcp_network.hpp"

namespace pawl::detail {

Result<std::unique_ptr<OperatorLink>> open_operator(const OperatorOptions& options) {
    if (auto normal = replication::normal_tcp_address(options.address); !normal)
        return normal.error();
    if (Status checked = replication::check_secret(options.secret); !checked)
        return checked.error();
    if (options.patience.count() < 1 || options.open_within.count() < 1)
        return Error{ErrorCode::usage, "operator: open_within and patience are at least 1 ns"};
    auto world = tcp_world();
    if (!world) return world.error();
    auto call = std::make_unique<OperatorCall>(options, std::move(*world));
    if (Status connected = call->connect(); !connected) return connected.error();
    return std::unique_ptr<OperatorLink>(std::move(call));
}

}  // namespace pawl::detail
