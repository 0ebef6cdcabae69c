// A client on this machine's network and clock.
#include <chrono>

#include "engine/client/client_core.hpp"
#include "engine/replication/tcp_network.hpp"

namespace pawl::detail {

namespace {

Status check(const ClientOptions& options) {
    const auto wrong = [](std::string sentence) {
        return Error{ErrorCode::usage, std::move(sentence)};
    };
    if (options.session.empty() || options.session.size() > replication::session_bytes_max)
        return wrong("client: a session's name has 1 to 255 bytes, this one has " +
                     std::to_string(options.session.size()) +
                     ": name one: without it a command that is sent again could act twice");
    if (options.servers.empty())
        return wrong("client: no server is named: give the addresses of the engine's nodes");
    for (const std::string& server : options.servers)
        if (auto normal = replication::normal_tcp_address(server); !normal) return normal.error();
    if (options.pause_min.count() < 1 || options.pause_max < options.pause_min)
        return wrong("client: pause_min is at least 1 ms and pause_max not below it");
    if (options.silent_after < std::chrono::milliseconds(500))
        return wrong("client: silent_after is " + std::to_string(options.silent_after.count()) +
                     " ms: choose at least 500 ms");
    if (options.give_up_after.count() < 0) return wrong("client: give_up_after is below 0");
    return replication::check_secret(options.secret);
}

}  // namespace

Result<std::shared_ptr<ClientLink>> open_client(const ClientOptions& options,
                                                const std::string& schema_text) {
    if (Status checked = check(options); !checked) return checked.error();
    auto world = tcp_world();
    if (!world) return world.error();
    const auto now_ns = world->now_ns;
    auto client = std::make_shared<ClientCore>(options, schema_text, std::move(*world));
    const std::int64_t begin_ns = now_ns();
    while (client->server().empty()) {
        client->wait(std::chrono::milliseconds(10));
        if (!client->server().empty()) break;
        const bool too_long = now_ns() - begin_ns >= options.open_within.count();
        if (!too_long && !client->hopeless() && !client->over()) continue;
        return Error{
            too_long ? ErrorCode::timeout : ErrorCode::mismatch,
            "client: no server has welcomed session " + options.session + ": " + client->why()};
    }
    return std::shared_ptr<ClientLink>(std::move(client));
}

}  // namespace pawl::detail
