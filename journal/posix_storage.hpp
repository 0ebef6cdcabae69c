// Files and shared memory of a Linux system. The only place with system calls; knows no layout.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "journal/storage.hpp"

namespace pawl::journal {

// Stateless: any number, any thread.
class PosixStorage final : public Storage {
public:
    StorageStatus open(const std::string& path, OpenMode mode,
                       std::unique_ptr<File>& file) override;
    StorageStatus list(const std::string& directory, std::vector<std::string>& names) override;
    StorageStatus rename(const std::string& from, const std::string& to) override;
    StorageStatus remove(const std::string& path) override;
    StorageStatus make_directory(const std::string& path) override;
    StorageStatus sync_directory(const std::string& path) override;
    StorageStatus free_bytes(const std::string& directory, std::uint64_t& bytes) override;
    StorageStatus lock(const std::string& path, std::unique_ptr<FileLock>& lock,
                       std::string& holder) override;
    StorageStatus probe_lock(const std::string& path, std::string& holder) override;
    StorageStatus map_ring(const std::string& path, std::uint64_t capacity_bytes, RingMode mode,
                           std::unique_ptr<SharedRing>& ring) override;
};

// Maps the file behind `descriptor` (a page, then capacity_bytes) with its ring twice in a row.
// Does not own the descriptor. For storages that keep rings elsewhere.
StorageStatus map_ring_twice(int descriptor, std::uint64_t capacity_bytes, bool writable,
                             std::unique_ptr<SharedRing>& ring);

}  // namespace pawl::journal
