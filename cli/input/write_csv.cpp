// Writes instructions in pawl's own csv format, the way csv_reader reads them. Knows no files.
#include <fmt/format.h>

#include <array>
#include <string>

#include "cli/input/fields.hpp"
#include "cli/input/generated_day.hpp"

namespace pawl::cli {

namespace {

constexpr std::array<const char*, 6> phase_words{"pre_open", "auction",   "continuous",
                                                 "halt",     "no_cancel", "closed"};
constexpr std::array<const char*, 3> tif_words{"day", "ioc", "fok"};
constexpr std::size_t flush_bytes = 1U << 16U;

// Cancels repeat side, price and quantity only where the instruction has them.
std::string or_empty(std::int64_t value) {
    return value == 0 ? std::string() : std::to_string(value);
}

bool append_line(const Instruction& one, std::string& text) {
    const auto to = std::back_inserter(text);
    fmt::format_to(to, "{},{},{},", one.instrument, one.number, clock_text(one.time_ns));
    const char* const tif = tif_words[static_cast<std::size_t>(one.time_in_force)];
    switch (one.kind) {
        case Instruction::Kind::add:
            fmt::format_to(to, "add,{},{},{},{},{}\n", one.order, one.side, one.price, one.quantity,
                           tif);
            return true;
        case Instruction::Kind::market:
            fmt::format_to(to, "market,{},{},,{},{}\n", one.order, one.side, one.quantity, tif);
            return true;
        case Instruction::Kind::cancel:
            fmt::format_to(to, "cancel,{},{},{},{},\n", one.order,
                           one.side == '-' ? std::string() : std::string(1, one.side),
                           or_empty(one.price), or_empty(one.quantity));
            return true;
        case Instruction::Kind::phase:
            fmt::format_to(to, "phase,,{},,,\n", phase_words[static_cast<std::size_t>(one.phase)]);
            return true;
        case Instruction::Kind::uncross:
            text += "uncross,,,,,\n";
            return true;
        default:
            return false;
    }
}

}  // namespace

Result<std::uint64_t> write_csv(InstructionSource& source, std::ostream& out) {
    std::string text = "instrument,number,time,command,order,side,price,quantity,tif\n";
    std::uint64_t count = 0;
    while (true) {
        Instruction one;
        const auto got = source.next(one);
        if (!got.ok()) return got.error();
        if (got.value()) {
            ++count;
            if (!append_line(one, text)) {
                return Error{
                    ErrorCode::usage,
                    fmt::format("instruction {} follows a feed; only commands (add, cancel, "
                                "market, phase, uncross) can be written as csv",
                                count)};
            }
        }
        if (!got.value() || text.size() >= flush_bytes) {
            out.write(text.data(), static_cast<std::streamsize>(text.size()));
            text.clear();
            if (!got.value()) out.flush();
            if (!out) {
                return Error{ErrorCode::io, fmt::format("writing csv failed after {} instructions; "
                                                        "check the room on the disk",
                                                        count)};
            }
        }
        if (!got.value()) return count;
    }
}

}  // namespace pawl::cli
