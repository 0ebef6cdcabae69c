// What a journal knows of the first orders that a session sent, to notice another input that has
// the same name. Knows orders; not files.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "cli/input/instruction.hpp"
#include "pawl/engine.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::cli {

class EarlierOrders {
public:
    // Reads the journal from `begin` up to the first `orders_max` accepted orders of this session.
    Status read(Engine<matching::Book>& engine, const Cursor& begin, SessionId session,
                std::size_t orders_max = 1024);

    // False: the command with this number was another one. True also when nothing is known of it.
    bool may_be(std::uint64_t number, const Instruction& instruction) const;

private:
    struct Order {
        std::uint64_t order = 0;
        std::int64_t price = 0;
        std::int64_t quantity = 0;
        matching::Side side{};
    };
    std::unordered_map<std::uint64_t, Order> orders_;  // by number in the session
};

}  // namespace pawl::cli
