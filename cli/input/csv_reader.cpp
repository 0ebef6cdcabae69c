// Reads pawl's own csv format (docs/input-formats.md). Knows its columns; not what a book makes of
// an order.
#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "cli/input/fields.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli {

namespace {

enum Column : std::size_t { instrument, number, time, command, order, side, price, quantity, tif };
constexpr std::array<std::string_view, 9> names{
    "instrument", "number", "time", "command", "order", "side", "price", "quantity", "tif"};
constexpr std::array<bool, 9> required{false, true, false, true, true, true, true, true, false};
constexpr std::size_t absent = names.size();
constexpr std::uint64_t instrument_max = 65'535;

struct PhaseWord {
    std::string_view word;
    Phase phase;
};
constexpr std::array<PhaseWord, 6> phase_words{{{"pre_open", Phase::pre_open},
                                                {"auction", Phase::auction},
                                                {"continuous", Phase::continuous},
                                                {"halt", Phase::halt},
                                                {"no_cancel", Phase::no_cancel},
                                                {"closed", Phase::closed}}};

class CsvReader final : public InstructionSource {
public:
    CsvReader(NamedBytes input, CsvReading reading)
        : lines_(std::move(input.name), std::move(input.bytes)), reading_(reading) {}

    Status read_header() {
        std::string_view line;
        const auto got = next_line(line);
        if (!got.ok()) return got.error();
        if (!got.value()) {
            return Error{ErrorCode::bad_input,
                         fmt::format("{}: is empty: expected a header line like {}", lines_.name(),
                                     joined(names))};
        }
        std::array<std::string_view, 16> found;
        column_count_ = split(line, found);
        where_.fill(absent);
        for (std::size_t i = 0; i < column_count_ && i < found.size(); ++i) {
            std::size_t column = 0;
            while (column < names.size() && names[column] != found[i]) ++column;
            if (column == names.size()) {
                return lines_.complaint(
                    fmt::format("column {} of the header is {}: expected one of {}", i + 1,
                                quoted(found[i]), joined(names, ", ")));
            }
            if (where_[column] != absent) {
                return lines_.complaint(fmt::format("column '{}' is there twice", found[i]));
            }
            where_[column] = i;
        }
        for (std::size_t column = 0; column < names.size(); ++column) {
            if (required[column] && where_[column] == absent) {
                return lines_.complaint(fmt::format("the header has no column '{}': expected {}",
                                                    names[column], joined(names)));
            }
        }
        if (reading_.one_instrument && where_[instrument] != absent) {
            return lines_.complaint(
                "column 'instrument' in one of several files: read this file alone, or leave the "
                "column out");
        }
        return Done{};
    }

    Result<bool> next(Instruction& out) override {
        std::string_view line;
        auto got = next_line(line);
        if (!got.ok() || !got.value()) return got;
        std::array<std::string_view, names.size() + 1> in_file{};
        const std::size_t count = split(line, std::span(in_file).first(names.size()));
        if (count != column_count_) {
            return lines_.complaint(fmt::format("{} column{} instead of the header's {}", count,
                                                count == 1 ? "" : "s", column_count_));
        }
        FieldReader field(lines_);
        Cells cell;
        // A column that the header does not have reads as empty.
        in_file[absent] = {};
        for (std::size_t i = 0; i < names.size(); ++i) cell[i] = in_file[where_[i]];
        out = Instruction{};
        out.line = lines_.line_number();
        read(field, cell, out);
        if (!field.ok()) return field.error();
        return true;
    }

    Progress progress() const override { return lines_.progress(); }

private:
    using Cells = std::array<std::string_view, names.size()>;

    // Blank lines and lines that begin with '#' are for people.
    Result<bool> next_line(std::string_view& line) {
        while (true) {
            auto got = lines_.next(line);
            if (!got.ok() || !got.value()) return got;
            if (!line.empty() && line.front() != '#') return got;
        }
    }

    void read(FieldReader& field, const Cells& cell, Instruction& out) {
        if (where_[instrument] != absent) {
            out.instrument = static_cast<std::uint32_t>(
                field.number("instrument", cell[instrument], {.max = instrument_max}));
        }
        out.number = field.number("number", cell[number], {.min = 1});
        if (!cell[time].empty()) out.time_ns = field.clock("time", cell[time]);
        if (cell[command] == "add") {
            read_add(field, cell, out);
        } else if (cell[command] == "cancel") {
            read_cancel(field, cell, out);
        } else if (cell[command] == "market") {
            read_market(field, cell, out);
        } else if (cell[command] == "phase") {
            read_phase(field, cell, out);
        } else if (cell[command] == "uncross") {
            out.kind = Instruction::Kind::uncross;
            field.nothing("side", cell[side], "on an uncross line");
            read_no_order(field, cell);
        } else {
            field.wrong("command", cell[command], "add, cancel, market, phase or uncross");
        }
        if (!field.ok()) return;
        if (out.instrument >= last_numbers_.size()) last_numbers_.resize(out.instrument + 1U);
        std::uint64_t& last = last_numbers_[out.instrument];
        if (out.number <= last) {
            field.wrong("number", cell[number],
                        fmt::format("a number above {}, the one before of its instrument", last));
        }
        last = out.number;
    }

    static void read_add(FieldReader& field, const Cells& cell, Instruction& out) {
        out.kind = Instruction::Kind::add;
        out.order = field.number("order", cell[order], {.min = 1});
        out.side = field.side("side", cell[side]);
        out.price = field.amount("price", cell[price], {.min = 1});
        out.quantity = field.amount("quantity", cell[quantity], {.min = 1});
        out.time_in_force = read_tif(field, cell, TimeInForce::day);
    }

    static void read_cancel(FieldReader& field, const Cells& cell, Instruction& out) {
        out.kind = Instruction::Kind::cancel;
        out.order = field.number("order", cell[order], {.min = 1});
        if (!cell[side].empty()) out.side = field.side("side", cell[side]);
        if (!cell[price].empty()) out.price = field.amount("price", cell[price], {.min = 1});
        if (!cell[quantity].empty()) {
            out.quantity = field.amount("quantity", cell[quantity], {.min = 1});
        }
        field.nothing("tif", cell[tif], "on a cancel line");
    }

    static void read_market(FieldReader& field, const Cells& cell, Instruction& out) {
        out.kind = Instruction::Kind::market;
        out.order = field.number("order", cell[order], {.min = 1});
        out.side = field.side("side", cell[side]);
        field.nothing("price", cell[price], "on a market line");
        out.quantity = field.amount("quantity", cell[quantity], {.min = 1});
        out.time_in_force = read_tif(field, cell, TimeInForce::ioc);
    }

    static void read_phase(FieldReader& field, const Cells& cell, Instruction& out) {
        out.kind = Instruction::Kind::phase;
        bool found = false;
        for (const PhaseWord& entry : phase_words) {
            if (cell[side] != entry.word) continue;
            out.phase = entry.phase;
            found = true;
        }
        if (!found) {
            field.wrong("side", cell[side],
                        "pre_open, auction, continuous, halt, no_cancel or closed on a phase line");
        }
        read_no_order(field, cell);
    }

    static void read_no_order(FieldReader& field, const Cells& cell) {
        constexpr std::string_view why = "on a phase or uncross line";
        field.nothing("order", cell[order], why);
        field.nothing("price", cell[price], why);
        field.nothing("quantity", cell[quantity], why);
        field.nothing("tif", cell[tif], why);
    }

    static TimeInForce read_tif(FieldReader& field, const Cells& cell, TimeInForce when_empty) {
        if (cell[tif].empty()) return when_empty;
        if (cell[tif] == "day") return TimeInForce::day;
        if (cell[tif] == "ioc") return TimeInForce::ioc;
        if (cell[tif] == "fok") return TimeInForce::fok;
        field.wrong("tif", cell[tif], "day, ioc or fok");
        return when_empty;
    }

    LineReader lines_;
    CsvReading reading_;
    std::array<std::size_t, names.size()> where_{};  // column → its place in the file, or `absent`
    std::size_t column_count_ = 0;
    std::vector<std::uint64_t> last_numbers_;
};

}  // namespace

Result<std::unique_ptr<InstructionSource>> csv_reader(NamedBytes input, CsvReading reading) {
    auto reader = std::make_unique<CsvReader>(std::move(input), reading);
    if (const auto header = reader->read_header(); !header.ok()) return header.error();
    return std::unique_ptr<InstructionSource>(std::move(reader));
}

}  // namespace pawl::cli
