// Reads a Shanghai day: orders, cancels, phases, auctions. Knows the columns; not what a price
// means to a book.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/input/fields.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli {

namespace {

constexpr std::array<std::string_view, 8> columns{"cmd_no", "time",  "cmd", "order_id",
                                                  "side",   "price", "qty", "src"};
constexpr std::int64_t tick = 100;

class SseReader final : public InstructionSource {
public:
    explicit SseReader(NamedBytes input) : lines_(std::move(input.name), std::move(input.bytes)) {}

    Status check_header() { return cli::check_header(lines_, columns); }

    Result<bool> next(Instruction& out) override {
        std::string_view line;
        auto got = lines_.next(line);
        if (!got.ok() || !got.value()) return got;

        std::array<std::string_view, 8> cell;
        const std::size_t count = split(line, cell);
        if (count != columns.size()) return wrong_column_count(lines_, count, columns);
        FieldReader field(lines_);
        out = Instruction{};
        out.line = lines_.line_number();
        out.number = field.number("cmd_no", cell[0], {.min = 1});
        out.time_ns = field.clock("time", cell[1]);
        if (cell[2] == "N") {
            out.kind = Instruction::Kind::add;
            read_order(field, cell, out);
        } else if (cell[2] == "C") {
            out.kind = Instruction::Kind::cancel;
            read_order(field, cell, out);
        } else if (cell[2] == "P") {
            out.kind = Instruction::Kind::phase;
            read_phase(field, cell, out);
        } else if (cell[2] == "U") {
            out.kind = Instruction::Kind::uncross;
            field.nothing("side", cell[4], "on a U line");
            read_no_order(field, cell);
        } else {
            field.wrong("cmd", cell[2], "N, C, P or U");
        }
        if (field.ok() && out.number <= last_number_) {
            field.wrong("cmd_no", cell[0],
                        fmt::format("a number above {}, the one before", last_number_));
        }
        if (!field.ok()) return field.error();
        last_number_ = out.number;
        return true;
    }

    Progress progress() const override { return lines_.progress(); }

private:
    using Cells = std::array<std::string_view, 8>;

    static void read_order(FieldReader& field, const Cells& cell, Instruction& out) {
        out.order = field.number("order_id", cell[3], {.min = 1});
        out.side = field.side("side", cell[4]);
        out.price = field.amount("price", cell[5], {.min = 1});
        out.quantity = field.amount("qty", cell[6], {.min = 1});
        if (out.price % tick != 0) {
            field.wrong("price", cell[5], fmt::format("a multiple of the tick, {}", tick));
        }
        if (cell[7] != "0" && cell[7] != "1" && cell[7] != "2") {
            field.wrong("src", cell[7], "0, 1 or 2");
        }
    }

    static void read_phase(FieldReader& field, const Cells& cell, Instruction& out) {
        if (cell[4] == "AUCTION") {
            out.phase = Phase::auction;
        } else if (cell[4] == "CONTINUOUS") {
            out.phase = Phase::continuous;
        } else {
            field.wrong("side", cell[4], "AUCTION or CONTINUOUS on a P line");
        }
        read_no_order(field, cell);
    }

    static void read_no_order(FieldReader& field, const Cells& cell) {
        constexpr std::string_view why = "on a P or U line";
        field.nothing("order_id", cell[3], why);
        field.nothing("price", cell[5], why);
        field.nothing("qty", cell[6], why);
        field.nothing("src", cell[7], why);
    }

    LineReader lines_;
    std::uint64_t last_number_ = 0;
};

}  // namespace

Result<std::unique_ptr<InstructionSource>> sse_reader(NamedBytes input) {
    auto reader = std::make_unique<SseReader>(std::move(input));
    if (const auto header = reader->check_header(); !header.ok()) return header.error();
    return std::unique_ptr<InstructionSource>(std::move(reader));
}

}  // namespace pawl::cli
