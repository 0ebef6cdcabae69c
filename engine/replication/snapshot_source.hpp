// Reads one snapshot of this node in pieces, for a peer. Knows files and hashes; not the peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "journal/hash.hpp"
#include "journal/snapshot.hpp"
#include "pawl/result.hpp"

namespace pawl::replication {

class SnapshotSource {
public:
    // The newest snapshot of the shard whose body is whole; null: there is none. An error: the
    // storage said no. The body is read once before the first piece leaves.
    static Result<std::unique_ptr<SnapshotSource>> newest(journal::Storage& storage,
                                                          const std::string& directory,
                                                          const journal::Identity& identity,
                                                          std::uint32_t shard);

    const journal::SnapshotFacts& facts() const noexcept { return reader_->facts(); }
    // The next piece of at most bytes_max; empty: all of it has been taken. The same again until
    // advance(). Lives until then.
    Result<std::span<const std::byte>> look(std::size_t bytes_max);
    void advance();
    std::uint64_t offset() const noexcept { return offset_; }         // of the piece in the body
    journal::Hash128 hash() const noexcept { return hash_.value(); }  // of what was taken

    bool begun = false;  // for the caller: the announcement has left

private:
    explicit SnapshotSource(std::unique_ptr<journal::SnapshotReader> reader);
    std::unique_ptr<journal::SnapshotReader> reader_;
    journal::StreamHash128 hash_;
    std::vector<std::byte> piece_;
    std::uint64_t offset_ = 0;
};

}  // namespace pawl::replication
