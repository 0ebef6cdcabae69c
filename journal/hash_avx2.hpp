// XXH3 with 128 bits for processors that have AVX2: its file alone is compiled for them. Plain
// types only, so that nothing that others use as well is compiled there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pawl::journal {

// Only where the processor has it. The same value as everywhere.
void hash128_avx2(const void* data, std::size_t bytes, std::uint64_t& low,
                  std::uint64_t& high) noexcept;

}  // namespace pawl::journal
