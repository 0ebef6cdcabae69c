// A record that is nobody's command, asked for in order with the commands. Knows records; not who
// asks.
#pragma once

#include <cstddef>
#include <string_view>

#include "pawl/detail/record.hpp"

namespace pawl::detail {

// Lives until its message is answered.
struct Note {
    RecordKind kind{};
    const void* body = nullptr;
    std::size_t body_bytes = 0;
    std::string_view text;
    bool written = false;  // out: committed; false: the shard has stopped, or the disk is full
};

}  // namespace pawl::detail
