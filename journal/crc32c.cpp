// CRC32C by the processor's instruction or by tables; the choice is made at the first call.
#include "journal/crc32c.hpp"

#include <array>
#include <atomic>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define PAWL_CRC32C_HARDWARE 1
#else
#define PAWL_CRC32C_HARDWARE 0
#endif

namespace pawl::journal {
namespace {

constexpr std::uint32_t polynomial_reflected = 0x82F6'3B78;

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial_reflected : 0);
        tables[0][i] = crc;
    }
    for (std::uint32_t i = 0; i < 256; ++i)
        for (std::size_t k = 1; k < 8; ++k)
            tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xFF];
    return tables;
}

constexpr Tables tables = make_tables();

std::uint64_t load64(const std::byte* p) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    return word;
}

std::uint32_t run_table(std::uint32_t crc, const std::byte* p, std::size_t bytes) noexcept {
    for (; bytes >= 8; p += 8, bytes -= 8) {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        std::memcpy(&low, p, 4);
        std::memcpy(&high, p + 4, 4);
        low ^= crc;
        crc = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^
              tables[4][low >> 24] ^ tables[3][high & 0xFF] ^ tables[2][(high >> 8) & 0xFF] ^
              tables[1][(high >> 16) & 0xFF] ^ tables[0][high >> 24];
    }
    for (; bytes != 0; ++p, --bytes)
        crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<std::uint32_t>(*p)) & 0xFF];
    return crc;
}

std::uint32_t record_table(std::uint32_t previous, const void* record,
                           std::size_t length) noexcept {
    const auto* p = static_cast<const std::byte*>(record);
    return ~run_table(run_table(~previous, p, 4), p + 8, length - 8);
}

#if PAWL_CRC32C_HARDWARE

__attribute__((target("sse4.2"))) std::uint32_t run_hardware(std::uint32_t seed, const std::byte* p,
                                                             std::size_t bytes) noexcept {
    std::uint64_t crc = seed;
    for (; bytes >= 8; p += 8, bytes -= 8) crc = _mm_crc32_u64(crc, load64(p));
    auto narrow = static_cast<std::uint32_t>(crc);
    for (; bytes != 0; ++p, --bytes) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*p));
    return narrow;
}

__attribute__((target("sse4.2"))) std::uint32_t record_hardware(std::uint32_t previous,
                                                                const void* record,
                                                                std::size_t length) noexcept {
    const auto* p = static_cast<const std::byte*>(record);
    const auto* const end = p + length;
    std::uint32_t first = 0;
    std::memcpy(&first, p, sizeof first);
    std::uint64_t crc = _mm_crc32_u32(~previous, first);
    for (p += 8; end - p >= 32; p += 32) {
        crc = _mm_crc32_u64(crc, load64(p));
        crc = _mm_crc32_u64(crc, load64(p + 8));
        crc = _mm_crc32_u64(crc, load64(p + 16));
        crc = _mm_crc32_u64(crc, load64(p + 24));
    }
    for (; p < end; p += 8) crc = _mm_crc32_u64(crc, load64(p));
    return ~static_cast<std::uint32_t>(crc);
}

#endif

using RecordFunction = std::uint32_t (*)(std::uint32_t, const void*, std::size_t) noexcept;

std::uint32_t choose_and_run(std::uint32_t previous, const void* record,
                             std::size_t length) noexcept;

// Starts as the chooser, so that a call before any static initializer is right as well. Relaxed:
// every value it ever holds gives the same answer.
constinit std::atomic<RecordFunction> record_function{&choose_and_run};

std::uint32_t choose_and_run(std::uint32_t previous, const void* record,
                             std::size_t length) noexcept {
    RecordFunction chosen = &record_table;
#if PAWL_CRC32C_HARDWARE
    if (crc32c_hardware_present()) chosen = &record_hardware;
#endif
    record_function.store(chosen, std::memory_order_relaxed);
    return chosen(previous, record, length);
}

}  // namespace

bool crc32c_hardware_present() noexcept {
#if PAWL_CRC32C_HARDWARE
    static const bool present = __builtin_cpu_supports("sse4.2") != 0;
    return present;
#else
    return false;
#endif
}

std::uint32_t crc32c_table(std::uint32_t seed, const void* data, std::size_t bytes) noexcept {
    return ~run_table(~seed, static_cast<const std::byte*>(data), bytes);
}

std::uint32_t crc32c_hardware(std::uint32_t seed, const void* data, std::size_t bytes) noexcept {
#if PAWL_CRC32C_HARDWARE
    return ~run_hardware(~seed, static_cast<const std::byte*>(data), bytes);
#else
    return crc32c_table(seed, data, bytes);
#endif
}

std::uint32_t crc32c(std::uint32_t seed, const void* data, std::size_t bytes) noexcept {
    return crc32c_hardware_present() ? crc32c_hardware(seed, data, bytes)
                                     : crc32c_table(seed, data, bytes);
}

std::uint32_t crc32c_record(std::uint32_t previous, const void* record,
                            std::size_t length) noexcept {
    return record_function.load(std::memory_order_relaxed)(previous, record, length);
}

}  // namespace pawl::journal
