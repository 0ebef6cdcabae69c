// What happens to bytes on a simulated way.
#include "testing/network_state.hpp"

#include <algorithm>

namespace pawl::sim {

void Network::State::note(const char* what, const Connection& connection, std::uint64_t a) {
    if (trace == nullptr) return;
    trace->note(what, connection.ways[0].from + ">" + connection.ways[0].to, connection.number, a,
                static_cast<std::uint64_t>(now_ns));
}

std::int64_t Network::State::delay_ns() {
    return static_cast<std::int64_t>(
        chance.between(static_cast<std::uint64_t>(weather.delay_ns_min),
                       static_cast<std::uint64_t>(weather.delay_ns_max)));
}

bool Network::State::is_cut(const std::string& from, const std::string& to) const {
    return cuts.count({from, to}) != 0;
}

std::size_t Network::State::part_of(std::size_t wanted) {
    if (wanted < 2 || !happens(weather.split_one_in)) return wanted;
    return 1 + static_cast<std::size_t>(chance.below(wanted));
}

std::shared_ptr<Connection> Network::State::call(const std::string& from, const std::string& to) {
    auto connection = std::make_shared<Connection>();
    connection->number = ++figures.connections;
    connection->ways[0].from = connection->ways[1].to = from;
    connection->ways[0].to = connection->ways[1].from = to;
    connection->asked_at_ns = now_ns + delay_ns();
    connections.push_back(connection);
    note("call", *connection);
    return connection;
}

void Network::State::send(Pipe& pipe, Pipe::Run run) {
    run.at_ns = now_ns + delay_ns();
    if (!pipe.under_way.empty()) run.at_ns = std::max(run.at_ns, pipe.under_way.back().at_ns);
    pipe.sent_bytes += run.bytes.size();
    pipe.under_way.push_back(std::move(run));
}

void Network::State::send_through_weather(Connection& connection, std::size_t side, Pipe::Run run) {
    Pipe& pipe = connection.ways[side];
    if (happens(weather.flipped_one_in)) {
        run.bytes[chance.below(run.bytes.size())] ^= std::byte{1} << chance.below(8);
        ++figures.flipped;
        note("flip a bit", connection, run.bytes.size());
    }
    if (happens(weather.vanished_one_in)) {
        ++figures.vanished;
        note("vanish", connection, run.bytes.size());
        return;
    }
    const bool has_bytes_before = !pipe.under_way.empty() && !pipe.under_way.back().bytes.empty();
    if (has_bytes_before && happens(weather.overtaken_one_in)) {
        ++figures.overtaken;
        note("overtake", connection, run.bytes.size());
        std::swap(pipe.under_way.back().bytes, run.bytes);
    }
    if (happens(weather.doubled_one_in)) {
        ++figures.doubled;
        note("double", connection, run.bytes.size());
        send(pipe, run);
    }
    send(pipe, std::move(run));
}

std::size_t Network::State::write(Connection& connection, std::size_t side,
                                  std::span<const std::span<const std::byte>> pieces) {
    Pipe& pipe = connection.ways[side];
    std::size_t wanted = 0;
    for (const auto piece : pieces) wanted += piece.size();
    const std::size_t room = weather.window_bytes - std::min(pipe.sent_bytes, weather.window_bytes);
    std::size_t left = part_of(std::min(room, wanted));
    if (left == 0) return 0;
    Pipe::Run run;
    for (const auto piece : pieces) {
        const std::size_t taken = std::min(left, piece.size());
        run.bytes.insert(run.bytes.end(), piece.begin(),
                         piece.begin() + static_cast<std::ptrdiff_t>(taken));
        left -= taken;
    }
    const std::size_t bytes = run.bytes.size();
    figures.bytes += bytes;
    send_through_weather(connection, side, std::move(run));
    if (happens(weather.broken_one_in)) {
        break_now(connection);
    } else if (happens(weather.half_open_one_in)) {
        half_open_now(connection);
    }
    return bytes;
}

// Some of what is under way still arrives; then both sides hear of it.
void Network::State::break_now(Connection& connection) {
    ++figures.broken;
    note("break", connection);
    for (Pipe& pipe : connection.ways) {
        const std::size_t stays = chance.below(pipe.under_way.size() + 1);
        while (pipe.under_way.size() > stays) {
            pipe.sent_bytes -= pipe.under_way.back().bytes.size();
            pipe.under_way.pop_back();
        }
        Pipe::Run reset;
        reset.reset = true;
        send(pipe, std::move(reset));
    }
}

void Network::State::half_open_now(Connection& connection) {
    ++figures.half_open;
    note("half-open", connection);
    for (Pipe& pipe : connection.ways) pipe.dead = true;
}

void Network::State::lose(const std::string& node, bool peers_hear) {
    listening.erase(node);
    for (const auto& connection : connections) {
        for (std::size_t side = 0; side < 2; ++side) {
            if (connection->ways[side].from != node || connection->gone[side]) continue;
            connection->gone[side] = true;
            note(peers_hear ? "process dies" : "machine dies", *connection, side);
            if (connection->closed[side]) continue;
            connection->closed[side] = true;
            Pipe::Run last;
            (chance.coin() ? last.end : last.reset) = true;  // both are seen
            if (peers_hear) {
                send(connection->ways[side], std::move(last));
            } else {
                connection->ways[side].dead = connection->ways[1 - side].dead = true;
            }
        }
    }
}

void Network::State::close(Connection& connection, std::size_t side) {
    if (connection.closed[side]) return;
    connection.closed[side] = true;
    Pipe::Run end;
    end.end = true;
    send(connection.ways[side], std::move(end));
}

void Network::State::arrive(Connection& connection, std::size_t side) {
    Pipe& pipe = connection.ways[side];
    if (pipe.dead || is_cut(pipe.from, pipe.to)) return;
    while (!pipe.under_way.empty() && pipe.under_way.front().at_ns <= now_ns) {
        const Pipe::Run run = std::move(pipe.under_way.front());
        pipe.under_way.pop_front();
        if (pipe.reset) {
            pipe.sent_bytes -= run.bytes.size();
            continue;
        }
        pipe.reset = run.reset;
        pipe.ended = pipe.ended || run.end;
        if (connection.closed[1 - side] && !run.bytes.empty()) {
            // nobody reads it any more: the writer is told so
            pipe.sent_bytes -= run.bytes.size();
            Pipe::Run reset;
            reset.reset = true;
            send(connection.ways[1 - side], std::move(reset));
            continue;
        }
        pipe.unread.insert(pipe.unread.end(), run.bytes.begin(), run.bytes.end());
    }
}

void Network::State::arrive(const std::shared_ptr<Connection>& connection) {
    if (connection->answered_at_ns == 0 && connection->asked_at_ns <= now_ns) {
        const Pipe& there = connection->ways[0];
        if (is_cut(there.from, there.to) || is_cut(there.to, there.from)) return;
        const auto listener = listening.find(there.to);
        connection->answered_at_ns = now_ns + delay_ns();
        connection->accepted = listener != listening.end() && !happens(weather.refused_one_in);
        if (connection->accepted) {
            listener->second.callers.push_back(connection);
        } else {
            ++figures.refused;
            connection->closed = {true, true};
        }
        note(connection->accepted ? "connect" : "refuse", *connection);
    }
    arrive(*connection, 0);
    arrive(*connection, 1);
}

void Network::State::advance_to(std::int64_t now) {
    now_ns = std::max(now_ns, now);
    for (const auto& connection : connections) arrive(connection);
    std::erase_if(connections, [](const std::shared_ptr<Connection>& connection) {
        const auto silent = [](const Pipe& pipe) { return pipe.dead || pipe.under_way.empty(); };
        return connection->answered_at_ns != 0 && connection->closed[0] && connection->closed[1] &&
               silent(connection->ways[0]) && silent(connection->ways[1]);
    });
}

}  // namespace pawl::sim
