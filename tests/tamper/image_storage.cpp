// Copy on first write, over an image that stays as it is.
#include "image_storage.hpp"

#include <algorithm>
#include <cstring>

namespace pawl::journal::testing {

class ImageFile final : public File {
public:
    ImageFile(ImageStorage& storage, std::string path)
        : storage_(storage), path_(std::move(path)), content_(storage.find(path_)) {}

    StorageStatus read_at(std::uint64_t offset, std::span<std::byte> to,
                          std::size_t& got) override {
        got = 0;
        if (offset >= content_->size()) return {};
        got = std::min<std::uint64_t>(to.size(), content_->size() - offset);
        std::memcpy(to.data(), content_->data() + offset, got);
        return {};
    }
    StorageStatus write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        ++storage_.changes_;
        Bytes& own = storage_.own(path_);
        if (own.size() < offset + bytes.size()) own.resize(offset + bytes.size());
        std::memcpy(own.data() + offset, bytes.data(), bytes.size());
        content_ = &own;
        return {};
    }
    StorageStatus sync() override { return {}; }
    StorageStatus write_durable(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return write_at(offset, bytes);
    }
    StorageStatus size(std::uint64_t& bytes) override {
        bytes = content_->size();
        return {};
    }
    const std::string& path() const noexcept override { return path_; }

private:
    ImageStorage& storage_;
    const std::string path_;
    const Bytes* content_;
};

namespace {

class ImageRing final : public SharedRing {
public:
    explicit ImageRing(HeadImage& image) : image_(image) {}
    std::byte* page() noexcept override { return image_.page.data(); }
    std::byte* ring() noexcept override { return image_.twice.data(); }
    std::uint64_t capacity_bytes() const noexcept override { return image_.twice.size() / 2; }

private:
    HeadImage& image_;
};

class NoLock final : public FileLock {};

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

}  // namespace

void ImageStorage::reset() {
    written_.clear();
    gone_heads_.clear();
    changes_ = 0;
}

const Bytes* ImageStorage::find(const std::string& path) const {
    if (const auto own = written_.find(path); own != written_.end()) return own->second.get();
    const auto there = image_.files.find(path);
    return there == image_.files.end() ? nullptr : &there->second;
}

Bytes& ImageStorage::own(const std::string& path) {
    auto& entry = written_[path];
    if (entry == nullptr) {
        const auto there = image_.files.find(path);
        entry = there == image_.files.end() ? std::make_unique<Bytes>()
                                            : std::make_unique<Bytes>(there->second);
    }
    return *entry;
}

StorageStatus ImageStorage::open(const std::string& path, OpenMode mode,
                                 std::unique_ptr<File>& file) {
    const bool there = find(path) != nullptr;
    if (mode == OpenMode::create) {
        if (there) return {StorageFault::exists, 0};
        ++changes_;
        written_[path] = std::make_unique<Bytes>();
    } else if (!there) {
        return {StorageFault::missing, 0};
    }
    file = std::make_unique<ImageFile>(*this, path);
    return {};
}

StorageStatus ImageStorage::list(const std::string& directory, std::vector<std::string>& names) {
    names.clear();
    if (!image_.folders.contains(directory)) return {StorageFault::missing, 0};
    std::set<std::string> found;
    const auto add = [&](const std::string& path) {
        if (folder_of(path) == directory && find(path) != nullptr)
            found.insert(path.substr(directory.size() + 1));
    };
    for (const auto& [path, content] : image_.files) add(path);
    for (const auto& [path, content] : written_) add(path);
    names.assign(found.begin(), found.end());
    return {};
}

StorageStatus ImageStorage::rename(const std::string& from, const std::string& to) {
    ++changes_;
    if (image_.heads.contains(from)) {
        gone_heads_.insert(from);
        return {};
    }
    const Bytes* const there = find(from);
    if (there == nullptr) return {StorageFault::missing, 0};
    auto copy = std::make_unique<Bytes>(*there);
    written_[from] = nullptr;
    written_[to] = std::move(copy);
    return {};
}

StorageStatus ImageStorage::remove(const std::string& path) {
    if (find(path) == nullptr) return {StorageFault::missing, 0};
    ++changes_;
    written_[path] = nullptr;
    return {};
}

StorageStatus ImageStorage::free_bytes(const std::string&, std::uint64_t& bytes) {
    bytes = std::uint64_t{1} << 40;
    return {};
}

StorageStatus ImageStorage::lock(const std::string&, std::unique_ptr<FileLock>& lock,
                                 std::string&) {
    lock = std::make_unique<NoLock>();
    return {};
}

StorageStatus ImageStorage::map_ring(const std::string& path, std::uint64_t capacity_bytes,
                                     RingMode mode, std::unique_ptr<SharedRing>& ring) {
    PAWL_ASSERT(mode != RingMode::create && "an image serves recoveries of shards only");
    const auto there = image_.heads.find(path);
    if (there == image_.heads.end() || gone_heads_.contains(path))
        return {StorageFault::missing, 0};
    if (capacity_bytes != 0 && capacity_bytes != there->second.twice.size() / 2)
        return {StorageFault::wrong_size, 0};
    ring = std::make_unique<ImageRing>(there->second);
    return {};
}

}  // namespace pawl::journal::testing
