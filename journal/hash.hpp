// The hashes of blocks, headers and texts. Knows bytes only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "journal/layout.hpp"

namespace pawl::journal {

// XXH3, the fast one with 64 bits. Any thread.
std::uint64_t hash64(const void* data, std::size_t bytes) noexcept;
// XXH3 with 128 bits.
Hash128 hash128(const void* data, std::size_t bytes) noexcept;

// The same hash of bytes that come in pieces, however they are cut. One thread.
class StreamHash128 {
public:
    StreamHash128();
    ~StreamHash128();
    StreamHash128(const StreamHash128&) = delete;
    StreamHash128& operator=(const StreamHash128&) = delete;

    void add(const void* data, std::size_t bytes) noexcept;
    Hash128 value() const noexcept;  // of everything added so far

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pawl::journal
