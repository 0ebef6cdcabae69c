// The connections of a simulated network, one pipe for each way. Knows bytes, names and times.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "testing/network.hpp"

namespace pawl::sim {

// One way of one connection.
struct Pipe {
    struct Run {
        std::int64_t at_ns = 0;  // when it arrives
        std::vector<std::byte> bytes;
        bool end = false;    // the writer closed its side
        bool reset = false;  // the connection is no more
    };
    std::string from, to;
    std::deque<Run> under_way;      // times never fall
    std::vector<std::byte> unread;  // arrived
    std::size_t sent_bytes = 0;     // under way and unread
    bool ended = false;             // an end arrived
    bool reset = false;             // a reset arrived
    bool dead = false;              // half-open: nothing arrives any more
};

struct Connection {
    std::uint64_t number = 0;
    std::array<Pipe, 2> ways;  // [side]: written by that side; the caller is side 0
    std::array<bool, 2> closed{};
    std::int64_t asked_at_ns = 0;     // when the caller's request arrives
    std::int64_t answered_at_ns = 0;  // when the answer is back; 0: no request arrived yet
    bool accepted = false;            // somebody listened
    std::array<bool, 2> gone{};       // that side's node died
};

// Who listens, and who called and was not accepted yet.
struct Waiting {
    const void* listener = nullptr;
    std::deque<std::shared_ptr<Connection>> callers;
};

struct Network::State {
    State(std::uint64_t seed, Trace* trace_or_null) : chance(seed), trace(trace_or_null) {}

    NetworkWeather weather;
    Chance chance;
    Trace* trace;
    NetworkFigures figures;
    std::int64_t now_ns = 0;
    std::vector<std::shared_ptr<Connection>> connections;
    std::map<std::string, Waiting> listening;
    std::set<std::pair<std::string, std::string>> cuts;

    void note(const char* what, const Connection& connection, std::uint64_t a = 0);
    bool happens(std::uint64_t one_in) { return one_in != 0 && chance.one_in(one_in); }
    std::int64_t delay_ns();
    bool is_cut(const std::string& from, const std::string& to) const;
    std::shared_ptr<Connection> call(const std::string& from, const std::string& to);
    // How much of `wanted` a write or a read takes now.
    std::size_t part_of(std::size_t wanted);

    // Puts it behind what is under way.
    void send(Pipe& pipe, Pipe::Run run);
    // What the weather makes of it, then send.
    void send_through_weather(Connection& connection, std::size_t side, Pipe::Run run);
    std::size_t write(Connection& connection, std::size_t side,
                      std::span<const std::span<const std::byte>> pieces);
    void break_now(Connection& connection);
    void half_open_now(Connection& connection);
    void lose(const std::string& node, bool peers_hear);
    void close(Connection& connection, std::size_t side);

    void arrive(const std::shared_ptr<Connection>& connection);
    void arrive(Connection& connection, std::size_t side);
    void advance_to(std::int64_t now);
};

}  // namespace pawl::sim
