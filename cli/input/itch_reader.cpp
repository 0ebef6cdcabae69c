// Reads NASDAQ TotalView-ITCH 5.0 messages. Knows their layout and the live orders they name; keeps
// no book.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "cli/input/fields.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli {

namespace {

// Message type → length without the two length bytes; 0 = a type this reader does not know.
constexpr std::array<std::uint8_t, 256> lengths = [] {
    std::array<std::uint8_t, 256> table{};
    constexpr std::pair<char, std::uint8_t> known[] = {
        {'S', 12}, {'R', 39}, {'H', 25}, {'Y', 20}, {'L', 26}, {'V', 35}, {'W', 12}, {'K', 28},
        {'J', 35}, {'h', 21}, {'A', 36}, {'F', 40}, {'E', 31}, {'C', 36}, {'X', 23}, {'D', 19},
        {'U', 35}, {'P', 44}, {'Q', 40}, {'B', 19}, {'I', 50}, {'N', 20}, {'O', 48}};
    for (const auto& [type, length] : known) table[static_cast<unsigned char>(type)] = length;
    return table;
}();

// Big-endian bytes of a message.
class MessageView {
public:
    explicit MessageView(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t number(std::size_t at, std::size_t size) const {
        PAWL_ASSERT(at + size <= bytes_.size());
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            value = value << 8U | static_cast<unsigned char>(bytes_[at + i]);
        }
        return value;
    }
    std::int64_t amount32(std::size_t at) const { return static_cast<std::int64_t>(number(at, 4)); }
    char letter(std::size_t at) const {
        PAWL_ASSERT(at < bytes_.size());
        return bytes_[at];
    }
    char type() const { return letter(0); }
    std::size_t size() const { return bytes_.size(); }

private:
    std::string_view bytes_;
};

class ItchReader final : public InstructionSource {
public:
    ItchReader(NamedBytes input, ItchReading reading)
        : name_(std::move(input.name)), bytes_(std::move(input.bytes)), reading_(reading) {}

    Result<bool> next(Instruction& out) override {
        auto length_bytes = take(2);
        if (!length_bytes.ok()) return length_bytes.error();
        ++number_;
        if (length_bytes->size() < 2) return at_end(*length_bytes);
        const std::size_t length = MessageView(*length_bytes).number(0, 2);
        if (length == 0) return end_mark();
        auto body = take(length);
        if (!body.ok()) return body.error();
        const MessageView message(*body);
        if (message.size() > 0) {
            const std::size_t expected = lengths[static_cast<unsigned char>(message.type())];
            if (expected != 0 && expected != length) {
                return complaint(
                    fmt::format("a message of type {} says it is {} bytes long: "
                                "expected {}",
                                quoted(body->substr(0, 1)), length, expected));
            }
        }
        if (message.size() < length) {
            return complaint(
                fmt::format("the file ends after {} of the message's {} bytes; it is "
                            "truncated",
                            message.size(), length));
        }
        out = Instruction{};
        out.line = number_;
        out.number = number_;
        std::string fault = read(message, out);
        if (!fault.empty()) return complaint(fault);
        message_begin_ += 2 + length;
        return true;
    }

    Progress progress() const override { return bytes_->progress(); }
    std::uint64_t skipped_count() const override { return skipped_; }

private:
    using Kind = Instruction::Kind;

    struct Live {
        std::int64_t price;
        std::int64_t quantity;
        std::uint32_t instrument;
        char side;
    };
    using Orders = std::unordered_map<std::uint64_t, Live>;

    // Up to `wanted` bytes in a row; fewer only at the end of the file. Valid until the next call.
    Result<std::string_view> take(std::size_t wanted) {
        if (piece_.size() >= wanted) {
            const auto taken = piece_.substr(0, wanted);
            piece_.remove_prefix(wanted);
            return taken;
        }
        carried_.assign(piece_);
        piece_ = {};
        while (!ended_ && carried_.size() < wanted) {
            auto piece = bytes_->next();
            if (!piece.ok()) return piece;
            ended_ = piece->empty();
            const std::size_t missing = std::min(wanted - carried_.size(), piece->size());
            carried_ += piece->substr(0, missing);
            piece_ = piece->substr(missing);
        }
        return std::string_view(carried_);
    }

    Result<bool> at_end(std::string_view rest) const {
        if (!rest.empty()) return complaint("the file ends inside a length; it is truncated");
        if (number_ > 1) return false;
        return Error{
            ErrorCode::bad_input,
            fmt::format("{}: is empty: expected ITCH 5.0 messages behind two length bytes", name_)};
    }

    // A length of zero closes a session; nothing may follow it.
    Result<bool> end_mark() {
        auto rest = take(1);
        if (!rest.ok()) return rest.error();
        if (rest->empty() && number_ > 1) return false;
        return complaint("a length of 0: expected a message of at least 1 byte");
    }

    Error complaint(std::string_view what) const {
        return {ErrorCode::bad_input,
                fmt::format("{}: message {} at byte {}: {}", name_, number_, message_begin_, what)};
    }

    // Fills `out` and returns "", or what is wrong.
    std::string read(const MessageView& message, Instruction& out) {
        if (lengths[static_cast<unsigned char>(message.type())] == 0) {
            ++skipped_;
            return "";
        }
        out.time_ns = static_cast<std::int64_t>(message.number(5, 6));
        switch (message.type()) {
            case 'A':
            case 'F':
                return read_add(message, out);
            case 'E':
            case 'C':
                return read_less(message, Kind::follow_execute, out);
            case 'X':
                return read_less(message, Kind::follow_reduce, out);
            case 'D':
                return read_remove(message, out);
            case 'U':
                return read_replace(message, out);
            default:
                return "";
        }
    }

    std::string read_add(const MessageView& message, Instruction& out) {
        out.kind = Kind::follow_add;
        out.order = message.number(11, 8);
        out.side = message.letter(19);
        out.quantity = message.amount32(20);
        out.price = message.amount32(32);
        if (out.side != 'B' && out.side != 'S') {
            return fmt::format("order {} has the side {}: expected B or S", out.order,
                               quoted(std::string(1, out.side)));
        }
        out.instrument = instrument_of(static_cast<std::uint16_t>(message.number(1, 2)));
        if (reading_.one_instrument && out.instrument > 0) {
            return "a second stock in one of several files: read this file alone";
        }
        return insert(out.order, {out.price, out.quantity, out.instrument, out.side});
    }

    std::string read_less(const MessageView& message, Kind kind, Instruction& out) {
        const auto order = find(message, out);
        if (order == orders_.end()) return unknown(message);
        Live& live = order->second;
        out.kind = kind;
        out.quantity = message.amount32(19);
        if (out.quantity < 1 || out.quantity > live.quantity) {
            return fmt::format("{} shares of order {}, which has {} left: expected from 1 to {}",
                               out.quantity, out.order, live.quantity, live.quantity);
        }
        live.quantity -= out.quantity;
        if (live.quantity == 0) orders_.erase(order);
        return "";
    }

    std::string read_remove(const MessageView& message, Instruction& out) {
        const auto order = find(message, out);
        if (order == orders_.end()) return unknown(message);
        out.kind = Kind::follow_remove;
        out.quantity = order->second.quantity;
        orders_.erase(order);
        return "";
    }

    std::string read_replace(const MessageView& message, Instruction& out) {
        const auto order = find(message, out);
        if (order == orders_.end()) return unknown(message);
        out.kind = Kind::follow_replace;
        out.new_order = message.number(19, 8);
        out.quantity = message.amount32(27);
        out.price = message.amount32(31);
        orders_.erase(order);
        return insert(out.new_order, {out.price, out.quantity, out.instrument, out.side});
    }

    // Fills what the reference alone says: order, side, price, instrument.
    Orders::iterator find(const MessageView& message, Instruction& out) {
        out.order = message.number(11, 8);
        const auto order = orders_.find(out.order);
        if (order == orders_.end()) return order;
        out.side = order->second.side;
        out.price = order->second.price;
        out.instrument = order->second.instrument;
        return order;
    }

    std::string insert(std::uint64_t order, const Live& live) {
        if (live.quantity < 1 || live.price < 1) {
            return fmt::format("order {} has price {} and {} shares: expected both above 0", order,
                               live.price, live.quantity);
        }
        if (orders_.emplace(order, live).second) return "";
        return fmt::format("order {} is added a second time: expected a new reference", order);
    }

    std::string unknown(const MessageView& message) const {
        return fmt::format("type {} names order {}, which was never added or is gone",
                           message.type(), message.number(11, 8));
    }

    std::uint32_t instrument_of(std::uint16_t locate) {
        return instruments_.try_emplace(locate, static_cast<std::uint32_t>(instruments_.size()))
            .first->second;
    }

    std::string name_;
    std::unique_ptr<ByteSource> bytes_;
    ItchReading reading_;
    std::string_view piece_;
    std::string carried_;
    bool ended_ = false;
    std::uint64_t number_ = 0;
    std::uint64_t message_begin_ = 0;
    std::uint64_t skipped_ = 0;
    Orders orders_;
    std::unordered_map<std::uint16_t, std::uint32_t> instruments_;
};

}  // namespace

Result<std::unique_ptr<InstructionSource>> itch_reader(NamedBytes input, ItchReading reading) {
    return std::unique_ptr<InstructionSource>(
        std::make_unique<ItchReader>(std::move(input), reading));
}

}  // namespace pawl::cli
