// Newest first; what is not whole is no snapshot.
#include "engine/replication/snapshot_source.hpp"

#include <algorithm>
#include <utility>

namespace pawl::replication {

Result<std::unique_ptr<SnapshotSource>> SnapshotSource::newest(journal::Storage& storage,
                                                               const std::string& directory,
                                                               const journal::Identity& identity,
                                                               std::uint32_t shard) {
    auto listed = journal::list_snapshots(storage, directory, shard);
    if (!listed.ok()) return listed.error();
    for (const auto& path : *listed) {
        auto reader = journal::SnapshotReader::open(storage, path, identity, shard);
        if (reader.ok())
            return std::unique_ptr<SnapshotSource>(new SnapshotSource(std::move(reader).value()));
        // One that cannot be read for a moment is not one that is not there.
        if (reader.error().code != ErrorCode::damaged && reader.error().code != ErrorCode::mismatch)
            return reader.error();
    }
    return std::unique_ptr<SnapshotSource>{};
}

SnapshotSource::SnapshotSource(std::unique_ptr<journal::SnapshotReader> reader)
    : reader_(std::move(reader)) {}

Result<std::span<const std::byte>> SnapshotSource::look(std::size_t bytes_max) {
    if (piece_.empty() && reader_->left() != 0) {
        piece_.resize(std::min<std::uint64_t>(bytes_max, reader_->left()));
        if (auto status = reader_->read(piece_); !status.ok()) return status.error();
    }
    return std::span<const std::byte>(piece_);
}

void SnapshotSource::advance() {
    hash_.add(piece_.data(), piece_.size());
    offset_ += piece_.size();
    piece_.clear();
}

}  // namespace pawl::replication
