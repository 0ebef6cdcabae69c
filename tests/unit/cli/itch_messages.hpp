// Builds ITCH 5.0 messages for tests. Knows the layout of those that touch a book.
#pragma once

#include <cstdint>
#include <string>

namespace pawl::cli::test {

inline std::string big_endian(std::uint64_t value, int size) {
    std::string bytes;
    for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i) & 0xffU);
    return bytes;
}

inline std::string framed(const std::string& message) {
    return big_endian(message.size(), 2) + message;
}

// type, stock locate, tracking number, time
inline std::string itch_head(char type, std::uint64_t time_ns = 1, std::uint64_t locate = 13) {
    return type + big_endian(locate, 2) + big_endian(0, 2) + big_endian(time_ns, 6);
}

struct ItchOrder {
    std::uint64_t order = 1;
    char side = 'B';
    std::uint64_t shares = 100;
    std::uint64_t price = 3'200'000;
    std::uint64_t locate = 13;
};

inline std::string itch_add(const ItchOrder& order) {
    return framed(itch_head('A', 5, order.locate) + big_endian(order.order, 8) + order.side +
                  big_endian(order.shares, 4) + "AAPL    " + big_endian(order.price, 4));
}
inline std::string itch_add_named(const ItchOrder& order) {
    return framed(itch_head('F', 5, order.locate) + big_endian(order.order, 8) + order.side +
                  big_endian(order.shares, 4) + "AAPL    " + big_endian(order.price, 4) + "MPID");
}
inline std::string itch_execute(std::uint64_t order, std::uint64_t shares) {
    return framed(itch_head('E') + big_endian(order, 8) + big_endian(shares, 4) +
                  big_endian(77, 8));
}
inline std::string itch_execute_at(std::uint64_t order, std::uint64_t shares) {
    return framed(itch_head('C') + big_endian(order, 8) + big_endian(shares, 4) +
                  big_endian(77, 8) + "Y" + big_endian(3'190'000, 4));
}
inline std::string itch_cancel(std::uint64_t order, std::uint64_t shares) {
    return framed(itch_head('X') + big_endian(order, 8) + big_endian(shares, 4));
}
inline std::string itch_delete(std::uint64_t order) {
    return framed(itch_head('D') + big_endian(order, 8));
}
inline std::string itch_replace(std::uint64_t order, std::uint64_t new_order, std::uint64_t shares,
                                std::uint64_t price) {
    return framed(itch_head('U') + big_endian(order, 8) + big_endian(new_order, 8) +
                  big_endian(shares, 4) + big_endian(price, 4));
}
inline std::string itch_event() {
    return framed(itch_head('S') + "O");
}

}  // namespace pawl::cli::test
