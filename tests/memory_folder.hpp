// In memory, where there is such a file system: for what has time-outs, which run on while a shared
// disk stands still for a minute.
#pragma once

#include <unistd.h>

#include <filesystem>

namespace pawl::testing {

inline std::filesystem::path memory_folder() {
    constexpr const char* memory = "/dev/shm";
    return ::access(memory, W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

}  // namespace pawl::testing
