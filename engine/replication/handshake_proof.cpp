// HMAC-SHA256, comparison and chance by libcrypto.
#include "engine/replication/handshake_proof.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <string>
#include <vector>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {

Status check_secret(std::string_view secret) {
    if (secret.empty()) return Done{};
    if (secret.size() >= secret_bytes_min && secret.size() <= secret_bytes_max) return Done{};
    return Error{ErrorCode::usage, "shared secret: " + std::to_string(secret.size()) +
                                       " bytes, must be " + std::to_string(secret_bytes_min) +
                                       " to " + std::to_string(secret_bytes_max) +
                                       ": make one with 'openssl rand -hex 32'"};
}

Mac prove(std::string_view secret, Side side, std::span<const std::byte> said) {
    PAWL_ASSERT(secret.size() >= secret_bytes_min && secret.size() <= secret_bytes_max);
    const std::string_view name = side == Side::caller ? "pawl 1 caller" : "pawl 1 called";
    static_assert(sizeof("pawl 1 caller") == sizeof("pawl 1 called"));
    const auto* const first = reinterpret_cast<const unsigned char*>(name.data());
    std::vector<unsigned char> text(first, first + name.size());
    const auto* const bytes = reinterpret_cast<const unsigned char*>(said.data());
    text.insert(text.end(), bytes, bytes + said.size());
    Mac mac{};
    unsigned int size = 0;
    const unsigned char* const made =
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), text.data(), text.size(),
             mac.data(), &size);
    PAWL_ASSERT(made != nullptr && "libcrypto has no HMAC-SHA256");
    PAWL_ASSERT(size == mac.size());
    return mac;
}

bool same(const Mac& one, const Mac& other) noexcept {
    return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::uint64_t strong_random() {
    std::uint64_t number = 0;
    const int drawn = RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number);
    PAWL_ASSERT(drawn == 1 && "the system has no random numbers");
    return number;
}

}  // namespace pawl::replication
