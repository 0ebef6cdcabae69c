// A snapshot's body: a fold as bytes, written and read in slices. Knows archives; not files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/history/fold.hpp"
#include "journal/snapshot.hpp"
#include "pawl/archive.hpp"

namespace pawl::detail {

// Sessions with their answers and names first, so that a reader who does not know the states can
// read them; then the states, by type and age. The prose twin is docs/journal-format.md.
class SaveBody {
public:
    // Neither the fold nor the writer may change in between.
    SaveBody(const Fold& fold, journal::SnapshotWriter& writer);

    // Writes about so many bytes; true: all of it is written. An error: the storage's.
    Result<bool> some(std::size_t bytes_about);
    // When all is written.
    std::uint64_t bytes() const noexcept { return archive_.bytes_done(); }
    std::uint64_t state_hash() const noexcept { return pass_.state_hash; }

private:
    struct Sink final : ByteSink {
        explicit Sink(journal::SnapshotWriter& to) noexcept : writer(to) {}
        bool write(const std::byte* bytes, std::size_t size) noexcept override;
        journal::SnapshotWriter& writer;
        Status status{Done{}};
    };
    const Fold& fold_;
    Sink sink_;
    SaveArchive archive_;
    bool begun_ = false;
    std::uint32_t sessions_done_ = 0;
    StatePass pass_;
};

class LoadBody {
public:
    // A blank fold, and a reader that stands at the body's beginning.
    LoadBody(Fold& fold, journal::SnapshotReader& reader);

    // Reads about so many bytes; true: all of it is there and is what was saved. An error says why
    // this snapshot cannot be used here; the fold is blank again then.
    Result<bool> some(std::size_t bytes_about);

private:
    struct Source final : ByteSource {
        explicit Source(journal::SnapshotReader& from) noexcept : reader(from) {}
        bool read(std::byte* to, std::size_t size) noexcept override;
        std::uint64_t left() const noexcept override { return reader.left(); }
        journal::SnapshotReader& reader;
        Status status{Done{}};
    };
    Result<bool> load(std::size_t bytes_about);
    void load_session();
    Error refused(std::string why) const;

    Fold& fold_;
    Source source_;
    LoadArchive archive_;
    bool begun_ = false;
    std::uint32_t tables_ = 0;
    std::uint64_t sessions_left_ = 0;
    StatePass pass_;
};

}  // namespace pawl::detail
