// The proof of a shared secret, bit by bit.
#include "engine/replication/handshake_proof.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::replication {
namespace {

constexpr const char* a_secret = "correct horse battery staple";

TEST(Proof, covers_the_side_the_secret_and_every_byte) {
    const std::vector<std::byte> said(200, std::byte{1});
    const Mac mac = prove(a_secret, Side::caller, said);
    EXPECT_TRUE(same(mac, prove(a_secret, Side::caller, said)));
    EXPECT_FALSE(same(mac, prove(a_secret, Side::called, said)));
    EXPECT_FALSE(same(mac, prove("correct horse battery stapler", Side::caller, said)));
    for (std::size_t bit = 0; bit < 8 * said.size(); ++bit) {
        std::vector<std::byte> other = said;
        other[bit / 8] ^= std::byte{1} << (bit % 8);
        ASSERT_FALSE(same(mac, prove(a_secret, Side::caller, other)));
    }
    for (std::size_t bit = 0; bit < 256; ++bit) {
        Mac other = mac;
        other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ (1U << (bit % 8)));
        ASSERT_FALSE(same(mac, other));
    }
}

TEST(Proof, is_the_hmac_that_everybody_knows) {
    // HMAC-SHA256 with this key over "pawl 1 caller" and nothing else; by openssl dgst -mac
    const Mac expected = {0xa9, 0x27, 0x5f, 0xbf, 0x6d, 0xba, 0x21, 0xba, 0x1e, 0x5f, 0x37,
                          0xee, 0xc2, 0xc0, 0xba, 0x61, 0x09, 0xd2, 0xd6, 0x0d, 0x1d, 0x12,
                          0xf7, 0xea, 0xb8, 0xd1, 0x60, 0xf0, 0xf2, 0xde, 0x64, 0x73};
    EXPECT_EQ(prove(a_secret, Side::caller, {}), expected);
}

TEST(Proof, a_secret_that_is_too_short_is_refused_with_its_length) {
    EXPECT_TRUE(check_secret("").ok());
    EXPECT_TRUE(check_secret(a_secret).ok());
    const Status status = check_secret("12345678");
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().sentence.find("8 bytes"), std::string::npos);
    EXPECT_NE(strong_random(), strong_random());
}

}  // namespace
}  // namespace pawl::replication
