// A storage that shows an image and keeps what is written to itself, so that one image serves
// millions of recoveries. Knows paths and bytes; no layout.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "image.hpp"
#include "journal/storage.hpp"

namespace pawl::journal::testing {

// One thread. The image must outlive it and may be changed while no recovery runs.
class ImageStorage final : public Storage {
public:
    explicit ImageStorage(Image& image) : image_(image) {}

    // Forgets everything that was written.
    void reset();
    // Whether anything was written, made, renamed or removed since.
    bool changed() const { return changes_ != 0; }

    StorageStatus open(const std::string& path, OpenMode mode,
                       std::unique_ptr<File>& file) override;
    StorageStatus list(const std::string& directory, std::vector<std::string>& names) override;
    StorageStatus rename(const std::string& from, const std::string& to) override;
    StorageStatus remove(const std::string& path) override;
    StorageStatus make_directory(const std::string&) override { return {}; }
    StorageStatus sync_directory(const std::string&) override { return {}; }
    StorageStatus free_bytes(const std::string&, std::uint64_t& bytes) override;
    StorageStatus lock(const std::string&, std::unique_ptr<FileLock>&, std::string&) override;
    StorageStatus probe_lock(const std::string&, std::string&) override { return {}; }
    // Only what is there already: recover and look.
    StorageStatus map_ring(const std::string& path, std::uint64_t capacity_bytes, RingMode mode,
                           std::unique_ptr<SharedRing>& ring) override;

private:
    friend class ImageFile;
    const Bytes* find(const std::string& path) const;
    Bytes& own(const std::string& path);

    Image& image_;
    std::map<std::string, std::unique_ptr<Bytes>> written_;  // null: removed
    std::set<std::string> gone_heads_;
    std::uint64_t changes_ = 0;
};

}  // namespace pawl::journal::testing
