// Sentences for storage faults, and reading a small file whole. No system calls.
#include "journal/storage.hpp"

#include <system_error>

namespace pawl::journal {
namespace {

constexpr std::size_t small_file_bytes_max = std::size_t{64} << 20;

ErrorCode code_of(StorageFault fault) noexcept {
    switch (fault) {
        case StorageFault::no_space:
            return ErrorCode::disk_full;
        case StorageFault::locked:
            return ErrorCode::locked;
        case StorageFault::wrong_size:
            return ErrorCode::damaged;
        case StorageFault::none:
        case StorageFault::missing:
        case StorageFault::exists:
        case StorageFault::denied:
        case StorageFault::no_folder:
        case StorageFault::too_large:
        case StorageFault::io:
            break;
    }
    return ErrorCode::io;
}

const char* why(StorageFault fault) noexcept {
    switch (fault) {
        case StorageFault::none:
            return "no fault";
        case StorageFault::missing:
            return "it does not exist: check the path";
        case StorageFault::exists:
            return "it exists already";
        case StorageFault::no_space:
            return "no space left: free some, or choose another place";
        case StorageFault::denied:
            return "permission denied: check owner and mode";
        case StorageFault::locked:
            return "another process holds it: close that one first";
        case StorageFault::wrong_size:
            return "its size is not what it should be";
        case StorageFault::no_folder:
            return "part of the path is a file, not a folder: choose another path";
        case StorageFault::too_large:
            return "no file may be that large here: raise the limit (ulimit -f), or choose smaller "
                   "segments when you make the directory";
        case StorageFault::io:
            break;
    }
    return "the system reports an error";
}

}  // namespace

Error storage_error(StorageStatus status, std::string_view doing, std::string_view path) {
    PAWL_ASSERT(!status.ok());
    std::string sentence(path);
    sentence += ": cannot ";
    sentence += doing;
    sentence += ": ";
    sentence += why(status.fault);
    if (status.number != 0) {
        sentence += " (";
        sentence += std::generic_category().message(status.number);
        sentence += ", errno ";
        sentence += std::to_string(status.number);
        sentence += ")";
    }
    return Error{code_of(status.fault), std::move(sentence)};
}

StorageStatus read_whole(Storage& storage, const std::string& path, std::string& content) {
    std::unique_ptr<File> file;
    if (const auto status = storage.open(path, OpenMode::read, file); !status.ok()) return status;
    std::uint64_t bytes = 0;
    if (const auto status = file->size(bytes); !status.ok()) return status;
    if (bytes > small_file_bytes_max) return {StorageFault::wrong_size, 0};
    content.resize(bytes);
    std::size_t got = 0;
    const auto status =
        file->read_at(0, std::as_writable_bytes(std::span(content.data(), content.size())), got);
    content.resize(got);
    return status;
}

}  // namespace pawl::journal
