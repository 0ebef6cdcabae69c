// Arbitrary bytes as a shard's only segment: the walk, the evidence and the reader look at them and
// must not crash. The first byte says how much is repaired beforehand, so that the search gets past
// the hashes.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "journal/block.hpp"
#include "journal/evidence.hpp"
#include "journal/reader.hpp"
#include "journal/segment_walk.hpp"
#include "tests/unit/journal/memory_storage.hpp"

namespace {

using namespace pawl;
using namespace pawl::journal;

constexpr Identity identity{1, 2};

class Visitor final : public RecordSink {
public:
    void on_record(const detail::RecordView& record, Position) override {
        record.for_each_event([&](const detail::EventView& event) {
            for (std::uint32_t i = 0; i < event.header->size; ++i)
                sum += static_cast<std::uint64_t>(event.payload[i]);
        });
    }
    std::uint64_t sum = 0;
};

void repair_records(std::byte* payload, std::uint64_t bytes, std::uint32_t checksum) {
    for (std::uint64_t at = 0; at + sizeof(detail::RecordHeader) <= bytes;) {
        auto& record = *reinterpret_cast<detail::RecordHeader*>(payload + at);
        if (record.length < sizeof record || record.length % 8 != 0 || record.length > bytes - at)
            return;
        seal(record, checksum);
        checksum = record.checksum;
        at += record.length;
    }
}

void repair(std::vector<std::byte>& segment, bool records) {
    auto& header = *reinterpret_cast<SegmentHeader*>(segment.data());
    header.magic = segment_magic;
    header.identity = identity;
    header.shard = 0;
    header.segment_bytes = segment.size();
    header.format = format_version;
    header.index = 1;
    header.previous_hash = 0;
    header.first_position = 0;
    header.previous_checksum = chain_seed(identity, 0);
    header.generation = std::max<std::uint64_t>(header.generation, 1);
    header.epoch = 1;
    header.header_hash = hash_of(header);
    std::uint64_t previous = header.header_hash;
    for (std::uint64_t at = block_alignment_bytes; at + block_alignment_bytes <= segment.size();) {
        auto& block = *reinterpret_cast<BlockHeader*>(segment.data() + at);
        const std::uint64_t room = segment.size() - at;
        if (block.block_bytes % block_alignment_bytes != 0 || block.block_bytes == 0 ||
            block.block_bytes > room ||
            block.payload_bytes > block.block_bytes - sizeof(BlockHeader))
            return;
        block.magic = block_magic;
        block.identity = identity;
        block.shard = 0;
        block.generation = header.generation;
        block.previous_hash = previous;
        if (records)
            repair_records(segment.data() + at + sizeof(BlockHeader), block.payload_bytes,
                           block.previous_checksum);
        seal_block(segment.data() + at);
        previous = block.header_hash;
        at += block.block_bytes;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > segment_bytes_min) return 0;
    std::vector<std::byte> segment(segment_bytes_min);
    std::memcpy(segment.data(), data + 1, size - 1);
    if (data[0] % 3 != 0) repair(segment, data[0] % 3 == 2);

    pawl::journal::testing::MemoryStorage storage;
    std::unique_ptr<File> file;
    if (!storage.make_directory("d").ok() || !storage.make_directory("d/s0").ok()) return 0;
    if (!storage.open(segment_path("d", 0, 1), OpenMode::create, file).ok()) return 0;
    if (!file->write_at(0, segment).ok()) return 0;

    WalkOptions options;
    options.directory = "d";
    options.identity = identity;
    options.segment_bytes = segment.size();
    options.epoch_max = 1;
    Visitor visitor;
    auto end = walk_segments(storage, options, visitor);
    if (end.ok()) static_cast<void>(look_behind(storage, options, end.value(), 16384).ok());

    ReaderOptions reading;
    reading.directory = "d";
    reading.identity = identity;
    reading.segment_bytes = segment.size();
    StreamReader reader(storage, reading);
    const Position bound{segment.size()};
    for (;;) {
        auto found = reader.next(bound);
        if (!found.ok() || !*found) break;
        visitor.on_record(found->view(), found->position);
    }
    reader.seek(Position{0});
    for (;;) {
        auto run = reader.next_run(bound, 1000, true);
        if (!run.ok() || run->records.empty()) break;
        visitor.on_records(run->records, run->position);
    }
    std::vector<std::byte> bytes;
    for (std::uint64_t at = 0; at < 2048; at += 64)
        static_cast<void>(reader.read_record(Position{at}, bytes).ok());
    return 0;
}
