// The neutral form of one line or message of an input. Knows no format, no file and no command of
// the matching core.
#pragma once

#include <cstdint>

#include "pawl/result.hpp"

namespace pawl::cli {

// Trading state asked for by an instruction of kind `phase`.
enum class Phase : std::uint8_t {
    pre_open = 0,
    auction = 1,
    continuous = 2,
    halt = 3,
    no_cancel = 4,
    closed = 5,
};

// How long an order may live.
enum class TimeInForce : std::uint8_t { day = 0, ioc = 1, fok = 2 };

// One line or message of an input, not yet a command of the matching core. A plain value. Fields
// that a kind does not use are 0 ('-' for side).
//
// kind                   uses
// add                    order side price quantity time_in_force
// cancel                 order; side, price and quantity if the format repeats them, else '-' and 0
// market                 order side quantity time_in_force; price = 0
// phase                  phase
// uncross                nothing else
// follow_seed            side price quantity: what stands at a level before the first message,
// without order ids follow_add             order side price quantity follow_reduce          order
// side price quantity = by how much (a partial cancel) follow_remove          order side price
// quantity = what was left follow_execute         order side price quantity: the resting order that
// was hit, its own price follow_execute_hidden  order side price quantity: does not touch the
// visible book follow_replace         order new_order side price quantity: the new order's price
// and size, the old one's side nothing                a line or message that changes no book;
// reported so that every number of an input is seen
struct Instruction {
    enum class Kind : std::uint8_t {
        add,
        cancel,
        market,
        phase,
        uncross,
        follow_seed,
        follow_add,
        follow_reduce,
        follow_remove,
        follow_execute,
        follow_execute_hidden,
        follow_replace,
        nothing,
    };

    Kind kind = Kind::nothing;
    char side = '-';  // 'B', 'S' or '-'
    TimeInForce time_in_force = TimeInForce::day;
    Phase phase = Phase::pre_open;
    std::uint32_t instrument = 0;  // from 0: the file, or the stock in a feed of several stocks
    std::uint64_t line = 0;        // line or message of its file, from 1: for sentences to people
    std::uint64_t number =
        0;  // cmd_no of sse and csv; row or message number otherwise; 0 for follow_seed.
            // Increasing within an instrument, except for the zeros of the seed.
    std::int64_t time_ns = 0;  // since midnight of that day
    std::uint64_t order = 0;
    std::uint64_t new_order = 0;
    std::int64_t price = 0;  // in 1/10,000 of the currency
    std::int64_t quantity = 0;

    friend bool operator==(const Instruction&, const Instruction&) = default;
};

// How far a source has read. Bytes as they lie on disk (compressed if they are). For a source that
// is no file, both count instructions.
struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;  // 0 = unknown
};

// Where instructions come from. One thread. After an error or the end, next() must not be called
// again.
class InstructionSource {
public:
    InstructionSource() = default;
    InstructionSource(const InstructionSource&) = delete;
    InstructionSource& operator=(const InstructionSource&) = delete;
    virtual ~InstructionSource() = default;

    // true: `instruction` is the next one. false: the end. Error: its sentence names file, line,
    // field, the offending text and what was expected (bad_input), or what the operating system
    // said (io).
    virtual Result<bool> next(Instruction& instruction) = 0;

    virtual Progress progress() const = 0;

    // Messages of a type that the format's reader does not know; reported as `nothing`.
    virtual std::uint64_t skipped_count() const { return 0; }
};

}  // namespace pawl::cli
