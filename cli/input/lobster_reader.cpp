// Reads LOBSTER message files, and an order book file as seed. Knows rows; keeps no book.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "cli/input/fields.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli {

namespace {

constexpr std::array<std::string_view, 6> columns{"time", "type",  "order id",
                                                  "size", "price", "direction"};
// A level without orders is written with one of these as its price.
constexpr std::string_view no_ask = "9999999999";
constexpr std::string_view no_bid = "-9999999999";

// One line: ask price, ask size, bid price, bid size, then the next level.
Result<std::vector<Instruction>> read_seed(NamedBytes input) {
    LineReader lines(std::move(input.name), std::move(input.bytes));
    std::string_view line;
    const auto got = lines.next(line);
    if (!got.ok()) return got.error();
    if (!got.value()) {
        return Error{ErrorCode::bad_input,
                     fmt::format("{}: is empty: expected one line of ask price, ask size, bid "
                                 "price, bid size for each level",
                                 lines.name())};
    }
    std::array<std::string_view, 800> cell;
    const std::size_t count = split(line, cell);
    if (count % 4 != 0 || count > cell.size()) {
        return lines.complaint(fmt::format("{} columns: expected four for each level, at most {}",
                                           count, cell.size()));
    }
    std::vector<Instruction> asks;
    std::vector<Instruction> bids;
    FieldReader field(lines);
    for (std::size_t i = 0; i < count; i += 2) {
        const bool is_ask = i % 4 == 0;
        if (cell[i] == (is_ask ? no_ask : no_bid) || cell[i + 1] == "0") continue;
        Instruction level;
        level.kind = Instruction::Kind::follow_seed;
        level.side = is_ask ? 'S' : 'B';
        level.line = lines.line_number();
        const std::string place = fmt::format("{} {}", is_ask ? "ask" : "bid", i / 4 + 1);
        level.price = field.amount(place + " price", cell[i], {.min = 1});
        level.quantity = field.amount(place + " size", cell[i + 1], {.min = 1});
        auto& levels = is_ask ? asks : bids;
        if (!levels.empty() &&
            (is_ask ? level.price <= levels.back().price : level.price >= levels.back().price)) {
            field.wrong(place + " price", cell[i], "a price worse than the level before");
        }
        levels.push_back(level);
    }
    if (!field.ok()) return field.error();
    if (!asks.empty() && !bids.empty() && asks.front().price <= bids.front().price) {
        return lines.complaint(
            fmt::format("the best ask {} is not above the best bid {}: expected a "
                        "book that is not crossed",
                        asks.front().price, bids.front().price));
    }
    asks.insert(asks.end(), bids.begin(), bids.end());
    return asks;
}

class LobsterReader final : public InstructionSource {
public:
    LobsterReader(NamedBytes input, std::optional<std::vector<Instruction>> seed)
        : lines_(std::move(input.name), std::move(input.bytes)), seeded_(seed.has_value()) {
        if (seed.has_value()) seed_ = std::move(*seed);
    }

    Result<bool> next(Instruction& out) override {
        if (seeds_given_ < seed_.size()) {
            out = seed_[seeds_given_++];
            return true;
        }
        std::string_view line;
        auto got = lines_.next(line);
        if (!got.ok()) return got;
        if (!got.value()) {
            if (lines_.line_number() > 0) return got;
            return Error{ErrorCode::bad_input,
                         fmt::format("{}: is empty: expected lines of time,type,order "
                                     "id,size,price,direction",
                                     lines_.name())};
        }
        Cells cell;
        const std::size_t count = split(line, cell);
        if (count != columns.size()) return wrong_column_count(lines_, count, columns);
        FieldReader field(lines_);
        out = Instruction{};
        out.line = lines_.line_number();
        out.number = out.line;
        if (!parse_seconds(cell[0], out.time_ns)) {
            field.wrong("time", cell[0], "seconds since midnight like 34200.004241176");
        }
        read(field, cell, out);
        if (!field.ok()) return field.error();
        // The seed is the book after row 1.
        if (seeded_ && out.number == 1) out.kind = Instruction::Kind::nothing;
        return true;
    }

    Progress progress() const override { return lines_.progress(); }

private:
    using Cells = std::array<std::string_view, 6>;
    using Kind = Instruction::Kind;

    static void read(FieldReader& field, const Cells& cell, Instruction& out) {
        const char type = cell[1].size() == 1 ? cell[1][0] : '-';
        switch (type) {
            case '1':
                return read_order(field, cell, Kind::follow_add, 1, out);
            case '2':
                return read_order(field, cell, Kind::follow_reduce, 1, out);
            case '3':
                return read_order(field, cell, Kind::follow_remove, 1, out);
            case '4':
                return read_order(field, cell, Kind::follow_execute, 1, out);
            case '5':
                return read_order(field, cell, Kind::follow_execute_hidden, 0, out);
            case '6':
                return;  // a cross trades outside the visible book; its columns have no fixed
                         // meaning
            case '7':
                return read_halt(field, cell, out);
            default:
                return field.wrong("type", cell[1], "a type from 1 to 7");
        }
    }

    static void read_order(FieldReader& field, const Cells& cell, Kind kind,
                           std::uint64_t order_min, Instruction& out) {
        out.kind = kind;
        out.order = field.number("order id", cell[2], {.min = order_min});
        out.quantity = field.amount("size", cell[3], {.min = 1});
        out.price = field.amount("price", cell[4], {.min = 1});
        if (cell[5] == "1") {
            out.side = 'B';
        } else if (cell[5] == "-1") {
            out.side = 'S';
        } else {
            field.wrong("direction", cell[5], "1 (buy) or -1 (sell)");
        }
    }

    // The price says what happens: -1 trading halts, 0 quoting resumes, 1 trading resumes.
    static void read_halt(FieldReader& field, const Cells& cell, Instruction& out) {
        out.kind = Kind::phase;
        if (cell[4] == "-1") {
            out.phase = Phase::halt;
        } else if (cell[4] == "0") {
            out.phase = Phase::auction;
        } else if (cell[4] == "1") {
            out.phase = Phase::continuous;
        } else {
            field.wrong("price", cell[4], "-1, 0 or 1 on a halt row (type 7)");
        }
    }

    LineReader lines_;
    std::vector<Instruction> seed_;
    std::size_t seeds_given_ = 0;
    bool seeded_;
};

}  // namespace

Result<std::unique_ptr<InstructionSource>> lobster_reader(NamedBytes input) {
    return std::unique_ptr<InstructionSource>(
        std::make_unique<LobsterReader>(std::move(input), std::nullopt));
}

Result<std::unique_ptr<InstructionSource>> lobster_reader(NamedBytes input, NamedBytes seed) {
    auto levels = read_seed(std::move(seed));
    if (!levels.ok()) return levels.error();
    return std::unique_ptr<InstructionSource>(
        std::make_unique<LobsterReader>(std::move(input), std::move(levels).value()));
}

}  // namespace pawl::cli
