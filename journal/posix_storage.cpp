// Files through system calls: direct and synchronous where the file system has it. Rings are in
// posix_ring.cpp.
#include "journal/posix_storage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "journal/posix_fault.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

constexpr std::uintptr_t direct_alignment = 4096;

class PosixFile final : public File {
public:
    PosixFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
    ~PosixFile() override {
        for (const Again& way : {direct_write_, direct_read_})
            if (way.descriptor >= 0) ::close(way.descriptor);
        ::close(descriptor_);
    }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    StorageStatus read_at(std::uint64_t offset, std::span<std::byte> to,
                          std::size_t& got) override {
        got = 0;
        return read_on(descriptor_, offset, to, got);
    }

    StorageStatus read_once(std::uint64_t offset, std::span<std::byte> to,
                            std::size_t& got) override {
        expect_aligned(offset, to);
        got = 0;
        const int direct = again(direct_read_, O_RDONLY | O_DIRECT);
        // What is in front of the end of a file, or was refused in the middle, is no direct read.
        if (direct >= 0 && read_on(direct, offset, to, got).ok() && got == to.size()) return {};
        return read_on(descriptor_, offset, to, got);
    }

    StorageStatus write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return write_all(descriptor_, offset, bytes);
    }

    StorageStatus sync() override {
        return ::fdatasync(descriptor_) == 0 ? StorageStatus{} : fault_of_errno();
    }

    StorageStatus write_durable(std::uint64_t offset, std::span<const std::byte> bytes) override {
        expect_aligned(offset, bytes);
        const int direct = again(direct_write_, O_RDWR | O_DIRECT | O_DSYNC);
        if (direct < 0) {
            if (const auto status = write_at(offset, bytes); !status.ok()) return status;
            return sync();
        }
        return write_all(direct, offset, bytes);
    }

    StorageStatus size(std::uint64_t& bytes) override {
        struct stat facts{};
        if (::fstat(descriptor_, &facts) != 0) return fault_of_errno();
        bytes = static_cast<std::uint64_t>(facts.st_size);
        return {};
    }

    StorageStatus reserve(std::uint64_t bytes, bool& can) override {
        can = true;
        int result = 0;
        do {
            result = ::fallocate(descriptor_, 0, 0, static_cast<off_t>(bytes));
        } while (result != 0 && errno == EINTR);
        if (result == 0) return {};
        can = errno != EOPNOTSUPP && errno != ENOSYS;
        return can ? fault_of_errno() : StorageStatus{};
    }

    const std::string& path() const noexcept override { return path_; }

private:
    static void expect_aligned(std::uint64_t offset, std::span<const std::byte> bytes) {
        PAWL_ASSERT(offset % direct_alignment == 0);
        PAWL_ASSERT(bytes.size() % direct_alignment == 0);
        PAWL_ASSERT(reinterpret_cast<std::uintptr_t>(bytes.data()) % direct_alignment == 0);
    }

    // The same file, opened once more in another way when it is first wanted.
    struct Again {
        int descriptor = -1;
        bool refused = false;
    };
    // Through the descriptor, so that a file renamed meanwhile is still the same file. -1: not so.
    int again(Again& way, int flags) const {
        if (way.descriptor < 0 && !way.refused) {
            char name[64];
            std::snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor_);
            way.descriptor = ::open(name, flags | O_CLOEXEC);
            way.refused = way.descriptor < 0;
        }
        return way.descriptor;
    }

    // Fills what is left of `to` behind `got`, up to the end of the file.
    static StorageStatus read_on(int descriptor, std::uint64_t offset, std::span<std::byte> to,
                                 std::size_t& got) {
        while (got < to.size()) {
            const auto n = ::pread(descriptor, to.data() + got, to.size() - got,
                                   static_cast<off_t>(offset + got));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return fault_of_errno();
            if (n == 0) break;
            got += static_cast<std::size_t>(n);
        }
        return {};
    }

    static StorageStatus write_all(int descriptor, std::uint64_t offset,
                                   std::span<const std::byte> bytes) {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const auto n = ::pwrite(descriptor, bytes.data() + done, bytes.size() - done,
                                    static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return fault_of_errno();
            if (n == 0) return {StorageFault::io, 0};
            done += static_cast<std::size_t>(n);
        }
        return {};
    }

    std::string path_;
    int descriptor_;
    Again direct_write_;
    Again direct_read_;
};

class PosixLock final : public FileLock {
public:
    explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
    ~PosixLock() override { ::close(descriptor_); }
    PosixLock(const PosixLock&) = delete;
    PosixLock& operator=(const PosixLock&) = delete;

private:
    int descriptor_;
};

std::string read_text(int descriptor) {
    char text[256];
    const auto n = ::pread(descriptor, text, sizeof text, 0);
    std::string content(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!content.empty() && (content.back() == '\n' || content.back() == '\0'))
        content.pop_back();
    return content;
}

std::string boot_name() {
    const int descriptor = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return "unknown";
    std::string name = read_text(descriptor);
    ::close(descriptor);
    return name;
}

}  // namespace

StorageStatus PosixStorage::open(const std::string& path, OpenMode mode,
                                 std::unique_ptr<File>& file) {
    int flags = O_CLOEXEC;
    if (mode == OpenMode::read) flags |= O_RDONLY;
    if (mode == OpenMode::write) flags |= O_RDWR;
    if (mode == OpenMode::create) flags |= O_RDWR | O_CREAT | O_EXCL;
    const int descriptor = ::open(path.c_str(), flags, 0644);
    if (descriptor < 0) return fault_of_errno();
    file = std::make_unique<PosixFile>(path, descriptor);
    return {};
}

StorageStatus PosixStorage::list(const std::string& directory, std::vector<std::string>& names) {
    names.clear();
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return fault_of_errno();
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
        errno = 0;
    }
    const auto status = errno == 0 ? StorageStatus{} : fault_of_errno();
    ::closedir(stream);
    std::sort(names.begin(), names.end());
    return status;
}

StorageStatus PosixStorage::rename(const std::string& from, const std::string& to) {
    return ::rename(from.c_str(), to.c_str()) == 0 ? StorageStatus{} : fault_of_errno();
}

StorageStatus PosixStorage::remove(const std::string& path) {
    return ::unlink(path.c_str()) == 0 ? StorageStatus{} : fault_of_errno();
}

StorageStatus PosixStorage::make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    const auto status = fault_of_errno();
    if (status.fault != StorageFault::exists) return status;
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return fault_of_errno();
    return S_ISDIR(facts.st_mode) ? StorageStatus{}
                                  : StorageStatus{StorageFault::no_folder, ENOTDIR};
}

StorageStatus PosixStorage::sync_directory(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return fault_of_errno();
    const auto status = ::fsync(descriptor) == 0 ? StorageStatus{} : fault_of_errno();
    ::close(descriptor);
    return status;
}

StorageStatus PosixStorage::free_bytes(const std::string& directory, std::uint64_t& bytes) {
    struct statvfs facts{};
    if (::statvfs(directory.c_str(), &facts) != 0) return fault_of_errno();
    bytes = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    return {};
}

StorageStatus PosixStorage::lock(const std::string& path, std::unique_ptr<FileLock>& lock,
                                 std::string& holder) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return fault_of_errno();
    if (!lock_descriptor(descriptor)) {
        holder = read_text(descriptor);
        ::close(descriptor);
        return {StorageFault::locked, 0};
    }
    const std::string text = "pid " + std::to_string(::getpid()) + " boot " + boot_name() + "\n";
    StorageStatus status;
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        status = fault_of_errno();
    lock = std::make_unique<PosixLock>(descriptor);
    // A full disk cannot tell the next process who holds it; that is no reason not to hold it.
    return status.fault == StorageFault::no_space ? StorageStatus{} : status;
}

StorageStatus PosixStorage::probe_lock(const std::string& path, std::string& holder) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        const auto status = fault_of_errno();
        return status.fault == StorageFault::missing ? StorageStatus{} : status;
    }
    struct flock wish{};
    wish.l_type = F_WRLCK;
    wish.l_whence = SEEK_SET;
    StorageStatus status;
    if (::fcntl(descriptor, F_OFD_GETLK, &wish) != 0) {
        status = fault_of_errno();
    } else if (wish.l_type != F_UNLCK) {
        holder = read_text(descriptor);
        status = {StorageFault::locked, 0};
    }
    ::close(descriptor);
    return status;
}

}  // namespace pawl::journal
