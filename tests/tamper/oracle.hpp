// What a tampered directory may become: a prefix with everything durable in it, or a refusal that
// names the place. Knows images and recovery; not what was tampered with.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "image.hpp"
#include "image_storage.hpp"
#include "journal/recover_shard.hpp"

namespace pawl::journal::testing {

// How one shard's recovery ended.
struct Aftermath {
    bool refused = false;
    std::string sentence;     // of the refusal
    ShardReport report;       // when it was not refused
    std::size_t records = 0;  // good ones, in order from the first
    bool foreign = false;     // a record came that was never written there
    bool changed = false;     // something was written
    // Refused, or told: nobody can overlook it.
    bool noticed() const {
        return refused || report.found != Case::clean_end || !report.sentences.empty();
    }
};

// Recovers one shard of an image as it stands; the image stays as it is.
class Recovery {
public:
    explicit Recovery(Image& image) : image_(image), storage_(image) {}
    Aftermath recover(std::uint32_t shard);
    Storage& storage() { return storage_; }

private:
    Image& image_;
    ImageStorage storage_;
};

// A prefix, nothing durable missing, no foreign record; or refused with shard and place, and then
// nothing was written.
::testing::AssertionResult is_safe(const Image& image, std::uint32_t shard,
                                   const Aftermath& aftermath);

// Opens the whole directory on a storage of its own, writes on if it can, and opens it once more.
// Returns the refusal, or empty.
std::string live_on(const Image& image, const ImageOptions& options);

// Flips bits while it lives.
class Flip {
public:
    Flip(Bytes& bytes, std::uint64_t bit) : byte_(bytes.at(bit / 8)), mask_(1U << (bit % 8)) {
        byte_ ^= static_cast<std::byte>(mask_);
    }
    ~Flip() { byte_ ^= static_cast<std::byte>(mask_); }
    Flip(const Flip&) = delete;
    Flip& operator=(const Flip&) = delete;

private:
    std::byte& byte_;
    unsigned mask_;
};

// Puts the bytes back when it ends.
class Restored {
public:
    explicit Restored(Bytes& bytes) : bytes_(bytes), before_(bytes) {}
    ~Restored() { bytes_ = before_; }
    Restored(const Restored&) = delete;
    Restored& operator=(const Restored&) = delete;

private:
    Bytes& bytes_;
    const Bytes before_;
};

}  // namespace pawl::journal::testing
