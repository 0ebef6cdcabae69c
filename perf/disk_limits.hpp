// What the disk below a folder can do at best, measured now: one block made durable, and writes one
// after the other. Knows one file; nothing of pawl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace pawl::perf {

// How bytes are made durable.
enum class DurableWay : std::uint8_t {
    direct,         // past the page cache: O_DIRECT and O_DSYNC, durable when the write returns
    through_cache,  // pwrite, then fdatasync
};

// Bytes at an address that direct writes take.
class DirectBuffer {
public:
    explicit DirectBuffer(std::size_t bytes);
    std::span<const std::byte> bytes() const noexcept { return {memory_.get(), size_}; }
    std::span<std::byte> writable() noexcept { return {memory_.get(), size_}; }

private:
    struct Free {
        void operator()(std::byte* memory) const noexcept;
    };
    std::unique_ptr<std::byte, Free> memory_;
    std::size_t size_;
};

// A file of so many bytes, all of them written once, so that later writes change no metadata. Gone
// with this object.
class ScratchFile {
public:
    ScratchFile(std::string path, std::uint64_t size_bytes, DurableWay way);
    ~ScratchFile();
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    // False: it could not be made, or not in this way, or not so large.
    bool good() const noexcept { return good_; }
    std::uint64_t size_bytes() const noexcept { return size_bytes_; }
    // Durable when it returns true. Calls nothing but the system: also for a forked child.
    bool write(std::uint64_t offset, std::span<const std::byte> bytes) const noexcept;
    // All of them, or false.
    bool read(std::uint64_t offset, std::span<std::byte> bytes) const noexcept;

private:
    bool fill() const noexcept;

    std::string path_;
    std::uint64_t size_bytes_;
    DurableWay way_;
    int file_ = -1;
    bool good_ = false;
};

// Median time of one block of 4 KiB. 0: refused.
double measure_durable_block_us(const std::string& directory, std::uint32_t blocks, DurableWay way);
// Bytes per second of writes of 1 MiB, one after the other, each durable before the next, for about
// so long. 0: refused.
double measure_sequential_per_second(const std::string& directory, std::uint64_t file_bytes,
                                     double seconds, DurableWay way);

}  // namespace pawl::perf
