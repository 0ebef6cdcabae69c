// From errno to a StorageStatus, and the lock that both POSIX files use. Private to posix_*.cpp.
#pragma once

#include <fcntl.h>

#include <cerrno>

#include "journal/storage.hpp"

namespace pawl::journal {

inline StorageStatus fault_of_errno() noexcept {
    const int number = errno;
    switch (number) {
        case ENOENT:
            return {StorageFault::missing, number};
        case EEXIST:
            return {StorageFault::exists, number};
        case ENOSPC:
        case EDQUOT:
            return {StorageFault::no_space, number};
        case ENOTDIR:
            return {StorageFault::no_folder, number};
        case EFBIG:
            return {StorageFault::too_large, number};
        case EACCES:
        case EPERM:
        case EROFS:
            return {StorageFault::denied, number};
        default:
            return {StorageFault::io, number};
    }
}

// A lock of the open file description: it also excludes a second opening in the same process, and
// ends with the last descriptor, so with the process.
inline bool lock_descriptor(int descriptor) noexcept {
    struct flock wish{};
    wish.l_type = F_WRLCK;
    wish.l_whence = SEEK_SET;
    return ::fcntl(descriptor, F_OFD_SETLK, &wish) == 0;
}

}  // namespace pawl::journal
