// Another process that writes and syncs as fast as the disk allows, while it is told to. Knows one
// file; nothing of pawl.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/types.h>

#include "perf/disk_limits.hpp"

namespace pawl::perf {

// Made before the threads that it shall disturb: a fork makes the memory of its parent
// copy-on-write, and who touches it afterwards takes a page fault. It ends with this object, or
// with this process.
class OtherWriter {
public:
    // The file has so many bytes; it is written from front to back again and again.
    OtherWriter(std::string path, std::uint64_t file_bytes);
    ~OtherWriter();
    OtherWriter(const OtherWriter&) = delete;
    OtherWriter& operator=(const OtherWriter&) = delete;

    bool good() const noexcept { return child_ > 0; }
    // It writes from now on.
    void go();
    // It has stopped; returns how many bytes it made durable since go(), 0 when the disk refused.
    std::uint64_t rest();

private:
    [[noreturn]] void obey() const noexcept;
    std::uint64_t write_until_told(std::uint64_t& offset) const noexcept;

    ScratchFile file_;
    DirectBuffer buffer_;
    int words_[2] = {-1, -1};    // to the child: one byte, go or rest
    int answers_[2] = {-1, -1};  // from it
    pid_t child_ = -1;
};

}  // namespace pawl::perf
