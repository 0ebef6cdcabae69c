// Proof of a shared secret, and chance that nobody can guess. Knows bytes; the library behind it
// stays in handshake_proof.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/replication/protocol.hpp"
#include "pawl/result.hpp"

namespace pawl::replication {

// The one who made the connection, and the one who was called.
enum class Side : std::uint8_t { caller, called };

// Shorter ones can be found by trying: whoever calls a node, or is called by it, may try without
// being seen.
inline constexpr std::size_t secret_bytes_min = 16;
inline constexpr std::size_t secret_bytes_max = 4096;
// Whether it can serve; empty is "no secret" and fine.
Status check_secret(std::string_view secret);

// HMAC-SHA256 under the secret over the side's name and what both sides said: the proof of one side
// is none of the other's.
Mac prove(std::string_view secret, Side side, std::span<const std::byte> said);
// Takes as long whether they differ early or late.
bool same(const Mac& one, const Mac& other) noexcept;

// The system's best chance, for nonces, boots and connection numbers. Any thread.
std::uint64_t strong_random();

}  // namespace pawl::replication
