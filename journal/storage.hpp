// The seam to files and shared memory. Knows what may be asked and what may fail; no system call,
// no layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pawl/result.hpp"

namespace pawl::journal {

enum class StorageFault : std::uint8_t {
    none = 0,
    missing,     // no such file or directory
    exists,      // it must not exist, but does
    no_space,    // disk full, or a quota
    denied,      // permissions
    locked,      // somebody else holds it
    wrong_size,  // shared memory of another size than asked for
    no_folder,   // part of the path is a file, not a folder
    too_large,   // the file system or a limit allows no larger file
    io,          // anything else; for a write or sync: final
};

// How a storage call ended. `number` is the operating system's, 0 where there is none.
struct [[nodiscard]] StorageStatus {
    StorageFault fault = StorageFault::none;
    int number = 0;
    bool ok() const noexcept { return fault == StorageFault::none; }
};

// The sentence for people: "<path>: cannot <doing>: <why>".
Error storage_error(StorageStatus status, std::string_view doing, std::string_view path);

// One open file. Used by one thread at a time; closed by the destructor.
class File {
public:
    virtual ~File() = default;

    // Reads up to to.size() bytes; `got` is smaller only at the end of the file.
    virtual StorageStatus read_at(std::uint64_t offset, std::span<std::byte> to,
                                  std::size_t& got) = 0;
    // The same for much that is not read again soon: past the system's memory of files, where that
    // can be. Memory, offset and size are multiples of 4096.
    virtual StorageStatus read_once(std::uint64_t offset, std::span<std::byte> to,
                                    std::size_t& got) {
        return read_at(offset, to, got);
    }
    // Writes all bytes. They may be lost, whole or in part, until sync() returned.
    virtual StorageStatus write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    // Makes what was written durable.
    virtual StorageStatus sync() = 0;
    // Writes all bytes and returns when they are on disk. Memory, offset and size are multiples of
    // 4096.
    virtual StorageStatus write_durable(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    virtual StorageStatus size(std::uint64_t& bytes) = 0;
    // Makes the file this long without writing it: what was never written reads as zeros and has
    // its place on the disk, for certain when sync() has returned. `can` false: not on this file
    // system, nothing has happened.
    virtual StorageStatus reserve(std::uint64_t bytes, bool& can) {
        static_cast<void>(bytes);
        can = false;
        return {};
    }

    virtual const std::string& path() const noexcept = 0;
};

// Shared memory: a page of 4096 bytes, then a ring that is mapped twice in a row. Unmapped by the
// destructor; the memory itself stays until Storage::remove.
class SharedRing {
public:
    virtual ~SharedRing() = default;
    virtual std::byte* page() noexcept = 0;
    virtual std::byte* ring() noexcept = 0;  // [ring, ring + 2 * capacity)
    virtual std::uint64_t capacity_bytes() const noexcept = 0;
    // The ring will be written from this offset on: what comes first is made present now, so that
    // no store waits for the page that it meets.
    virtual void will_be_written_from(std::uint64_t offset) noexcept { static_cast<void>(offset); }
    // Makes the next part present. False: all of it is. One thread at a time, beside others that
    // use the memory.
    virtual bool make_present() noexcept { return false; }
};

// Held until it is destroyed, or the process dies.
class FileLock {
public:
    virtual ~FileLock() = default;
};

enum class OpenMode : std::uint8_t { read, write, create };  // create: must not exist yet

enum class RingMode : std::uint8_t {
    create,   // new, zeroed, all of it backed; replaces what has this name
    recover,  // an existing one, private to this process: refused when another process holds it
    look,     // an existing one, read-only, held by anybody
};

// A place for files and shared memory. Any thread may call; two threads never use one path at once.
class Storage {
public:
    virtual ~Storage() = default;

    virtual StorageStatus open(const std::string& path, OpenMode mode,
                               std::unique_ptr<File>& file) = 0;
    // Names in a directory, sorted, without "." and "..".
    virtual StorageStatus list(const std::string& directory, std::vector<std::string>& names) = 0;
    // Durable only after sync_directory of the parent.
    virtual StorageStatus rename(const std::string& from, const std::string& to) = 0;
    virtual StorageStatus remove(const std::string& path) = 0;
    virtual StorageStatus make_directory(const std::string& path) = 0;  // existing is fine
    virtual StorageStatus sync_directory(const std::string& path) = 0;
    virtual StorageStatus free_bytes(const std::string& directory, std::uint64_t& bytes) = 0;

    // Creates the file if need be, locks it and writes who holds it. When locked elsewhere,
    // `holder` is what the holder wrote.
    virtual StorageStatus lock(const std::string& path, std::unique_ptr<FileLock>& lock,
                               std::string& holder) = 0;
    // ok: nobody holds it (or there is no such file); locked: somebody does, `holder` says who.
    virtual StorageStatus probe_lock(const std::string& path, std::string& holder) = 0;

    // capacity_bytes is a power of two and at least 64 KiB; 0 with recover and look: as large as it
    // is.
    virtual StorageStatus map_ring(const std::string& path, std::uint64_t capacity_bytes,
                                   RingMode mode, std::unique_ptr<SharedRing>& ring) = 0;
};

// The whole of a small file. For manifests and holders, not for segments.
StorageStatus read_whole(Storage& storage, const std::string& path, std::string& content);

}  // namespace pawl::journal
