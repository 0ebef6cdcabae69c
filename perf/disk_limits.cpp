// Measures a disk with plain system calls. Knows the operating system; nothing of pawl.
#include "perf/disk_limits.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace pawl::perf {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t direct_alignment = 4096;
constexpr std::size_t write_bytes = std::size_t{1} << 20;

std::string path_in(const std::string& directory) {
    return directory + "/disk_limits." + std::to_string(::getpid());
}

bool write_all(int file, std::uint64_t offset, std::span<const std::byte> bytes) noexcept {
    return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(bytes.size());
}

}  // namespace

DirectBuffer::DirectBuffer(std::size_t bytes)
    : memory_(static_cast<std::byte*>(std::aligned_alloc(direct_alignment, bytes))), size_(bytes) {
    if (memory_ == nullptr) throw std::bad_alloc();
    std::memset(memory_.get(), 'p', bytes);
}

void DirectBuffer::Free::operator()(std::byte* memory) const noexcept {
    std::free(memory);
}

ScratchFile::ScratchFile(std::string path, std::uint64_t size_bytes, DurableWay way)
    : path_(std::move(path)), size_bytes_(size_bytes), way_(way) {
    const int direct = way == DurableWay::direct ? O_DIRECT | O_DSYNC : 0;
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | direct, 0600);
    good_ = file_ >= 0 && fill();
}

ScratchFile::~ScratchFile() {
    if (file_ >= 0) ::close(file_);
    ::unlink(path_.c_str());
}

bool ScratchFile::fill() const noexcept {
    const DirectBuffer buffer(write_bytes);
    for (std::uint64_t offset = 0; offset < size_bytes_; offset += write_bytes) {
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(write_bytes, size_bytes_ - offset));
        if (!write_all(file_, offset, buffer.bytes().first(count))) return false;
    }
    return ::fdatasync(file_) == 0;
}

bool ScratchFile::write(std::uint64_t offset, std::span<const std::byte> bytes) const noexcept {
    if (!write_all(file_, offset, bytes)) return false;
    return way_ == DurableWay::direct || ::fdatasync(file_) == 0;
}

bool ScratchFile::read(std::uint64_t offset, std::span<std::byte> bytes) const noexcept {
    return ::pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(bytes.size());
}

double measure_durable_block_us(const std::string& directory, std::uint32_t blocks,
                                DurableWay way) {
    const ScratchFile file(path_in(directory), std::uint64_t{blocks} * direct_alignment, way);
    if (!file.good()) return 0;
    const DirectBuffer block(direct_alignment);
    std::vector<double> times;
    for (std::uint32_t i = 0; i < blocks; ++i) {
        const auto begin = SteadyClock::now();
        if (!file.write(std::uint64_t{i} * direct_alignment, block.bytes())) return 0;
        times.push_back(
            std::chrono::duration<double, std::micro>(SteadyClock::now() - begin).count());
    }
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

double measure_sequential_per_second(const std::string& directory, std::uint64_t file_bytes,
                                     double seconds, DurableWay way) {
    const ScratchFile file(path_in(directory), file_bytes, way);
    if (!file.good()) return 0;
    const DirectBuffer buffer(write_bytes);
    std::uint64_t written = 0;
    const auto begin = SteadyClock::now();
    std::chrono::duration<double> took{};
    do {
        if (!file.write(written % file_bytes, buffer.bytes())) return 0;
        written += write_bytes;
        took = SteadyClock::now() - begin;
    } while (took.count() < seconds);
    return static_cast<double>(written) / took.count();
}

}  // namespace pawl::perf
