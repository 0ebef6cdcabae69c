// The readers of the four formats over bytes that are already open. open_input is the door for
// everybody else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/input/byte_source.hpp"
#include "cli/input/instruction.hpp"
#include "pawl/result.hpp"

namespace pawl::cli {

// Bytes and how to speak of them.
struct NamedBytes {
    std::string name;
    std::unique_ptr<ByteSource> bytes;
};

// Every reader numbers its instrument(s) from 0 and reads its header line, if the format has one,
// at once.

// A day of one stock: cmd_no,time,cmd,order_id,side,price,qty,src.
Result<std::unique_ptr<InstructionSource>> sse_reader(NamedBytes input);

// pawl's own format (docs/input-formats.md): one or several instruments.
struct CsvReading {
    bool one_instrument = false;  // refuse an instrument column: the file is one of several
};
Result<std::unique_ptr<InstructionSource>> csv_reader(NamedBytes input, CsvReading reading = {});

// A LOBSTER message file. With a seed (a LOBSTER order book file; its first line counts) that line
// replaces row 1: follow_seed for each level, best first, asks then bids; then row 1 itself as
// `nothing`.
Result<std::unique_ptr<InstructionSource>> lobster_reader(NamedBytes input);
Result<std::unique_ptr<InstructionSource>> lobster_reader(NamedBytes input, NamedBytes seed);

// NASDAQ TotalView-ITCH 5.0, each message behind its length in two big-endian bytes. Stocks are
// numbered in the order of their first added order. An order that was never added, or is added
// twice, is an error.
struct ItchReading {
    bool one_instrument = false;  // refuse a second stock: the file is one of several
};
Result<std::unique_ptr<InstructionSource>> itch_reader(NamedBytes input, ItchReading reading = {});

}  // namespace pawl::cli
