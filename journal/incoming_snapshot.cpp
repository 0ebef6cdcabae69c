// Writing down what comes in, and comparing it at the end.
#include "journal/incoming_snapshot.hpp"

#include <utility>
#include <vector>

#include "journal/interrupted.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

std::string incoming_path(const std::string& directory) {
    return directory + "/incoming";
}

// Some place; adopting gives it the real one.
SnapshotFacts without_place(SnapshotFacts facts) {
    facts.tail.block_hash = 0;
    facts.tail.segment_index = 1;
    facts.tail.generation = 1;
    facts.tail.offset_bytes = block_alignment_bytes;
    facts.last_offset_bytes = 0;
    facts.last_bytes = block_alignment_bytes;
    facts.epoch = 0;
    return facts;
}

Status make_folders(Storage& storage, const IncomingSnapshotOptions& options) {
    const std::string incoming = incoming_path(options.directory);
    const std::string folder = shard_path(incoming, options.shard);
    auto status = storage.make_directory(incoming);
    if (status.ok()) status = storage.sync_directory(options.directory);
    if (status.ok()) status = storage.make_directory(folder);
    if (status.ok()) status = storage.sync_directory(incoming);
    std::vector<std::string> names;
    if (status.ok()) status = storage.list(folder, names);
    for (const auto& name : names)  // of attempts that led nowhere
        if (status.ok()) status = storage.remove(folder + "/" + name);
    if (!status.ok()) return storage_error(status, "make room for a snapshot", folder);
    return Done{};
}

}  // namespace

std::string incoming_snapshot_path(const std::string& directory, std::uint32_t shard,
                                   Position position) {
    return snapshot_path(incoming_path(directory), shard, position);
}

Result<std::unique_ptr<IncomingSnapshot>> IncomingSnapshot::create(
    Storage& storage, const IncomingSnapshotOptions& options, const SnapshotFacts& facts) {
    const std::string& directory = options.directory;
    if (facts.tail.position.value == 0 ||
        facts.tail.position.value % detail::record_alignment != 0 ||
        facts.body_bytes >= (std::uint64_t{1} << 62))
        return Error{ErrorCode::damaged, "journal " + directory + ": a snapshot of " +
                                             std::to_string(facts.body_bytes) +
                                             " bytes at position " +
                                             std::to_string(facts.tail.position.value) +
                                             " was offered: there is no such thing"};
    if (const auto made = storage.make_directory(directory); !made.ok())
        return storage_error(made, "make the directory", directory);
    auto unfinished = interrupted_change(storage, directory);
    if (!unfinished.ok()) return unfinished.error();
    if (!unfinished->empty())
        return Error{ErrorCode::mismatch, "journal " + directory + ": a change ('" + *unfinished +
                                              "') was interrupted: open it once before it takes "
                                              "another snapshot"};
    if (auto status = make_folders(storage, options); !status.ok()) return status.error();
    SnapshotWriterOptions writer_options;
    writer_options.directory = incoming_path(directory);
    writer_options.shard = options.shard;
    writer_options.identity = options.identity;
    writer_options.estimate_bytes = facts.body_bytes;
    auto writer = SnapshotWriter::create(storage, writer_options);
    if (!writer.ok()) return writer.error();
    return std::unique_ptr<IncomingSnapshot>(
        new IncomingSnapshot(std::move(writer).value(), without_place(facts)));
}

IncomingSnapshot::IncomingSnapshot(std::unique_ptr<SnapshotWriter> writer, SnapshotFacts facts)
    : writer_(std::move(writer)), facts_(std::move(facts)) {}

Status IncomingSnapshot::write(std::span<const std::byte> bytes) {
    if (bytes.size() > facts_.body_bytes - writer_->body_bytes())
        return Error{ErrorCode::usage,
                     "the snapshot at position " + std::to_string(facts_.tail.position.value) +
                         ": more came than the " + std::to_string(facts_.body_bytes) +
                         " bytes that were said: it is not taken"};
    hash_.add(bytes.data(), bytes.size());
    return writer_->write(bytes);
}

Status IncomingSnapshot::finish(const Hash128& body_hash) {
    if (writer_->body_bytes() != facts_.body_bytes || hash_.value() != body_hash)
        return Error{ErrorCode::damaged,
                     "the snapshot at position " + std::to_string(facts_.tail.position.value) +
                         ": what came is not what was sent (" +
                         std::to_string(writer_->body_bytes()) + " of " +
                         std::to_string(facts_.body_bytes) + " bytes): it is asked for again"};
    return writer_->finish(facts_);
}

}  // namespace pawl::journal
