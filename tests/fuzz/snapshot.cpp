// Arbitrary bytes as a snapshot beside a good segment: reader and choice look at them and must not
// crash, and whatever is taken must stand where a block of the segment really ends. The first byte
// says how much is repaired beforehand, so that the search gets past the hashes.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "journal/choose_snapshot.hpp"
#include "journal/seal.hpp"
#include "journal/snapshot.hpp"
#include "tests/unit/journal/memory_storage.hpp"

namespace {

using namespace pawl;
using namespace pawl::journal;

constexpr Identity identity{1, 2};
constexpr std::size_t input_bytes_max = 64 * 1024;

// One segment of three blocks, and the places behind its header and behind each block.
struct Ground {
    Ground() {
        PAWL_ASSERT(storage.make_directory("d").ok() && storage.make_directory("d/s0").ok());
        SegmentPreparerOptions preparing;
        preparing.directory = "d";
        preparing.segment_bytes = segment_bytes_min;
        SegmentPreparer preparer(storage, preparing);
        while (preparer.do_work(0) != 0) {
        }
        BlockWriterOptions writing;
        writing.identity = identity;
        writing.epoch = 1;
        writing.segment_bytes = segment_bytes_min;
        StreamTail tail;
        tail.checksum = chain_seed(identity, 0);
        BlockWriter writer(writing, tail, nullptr);
        for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
            std::vector<std::byte> bytes(80);
            auto& record = *reinterpret_cast<detail::RecordHeader*>(bytes.data());
            record.length = static_cast<std::uint32_t>(bytes.size());
            record.sequence = sequence;
            record.decided_ns = static_cast<std::int64_t>(sequence);
            record.event_count = 1;
            record.kind_and_flags = static_cast<std::uint8_t>(detail::RecordKind::accepted);
            seal(record, writer.tail().checksum);
            PAWL_ASSERT(writer.write(bytes.data(), bytes.size(), preparer) ==
                        WriteOutcome::written);
            if (sequence == 1) add_header_place();
            const std::uint64_t block = writer.last_block_bytes();
            places.push_back({writer.tail(), writer.tail().offset_bytes - block, block, 1});
        }
    }
    void add_header_place() {
        auto place = place_in_segment(storage, walk(), 1);
        PAWL_ASSERT(place.ok());
        places.push_back(*place);
    }
    static WalkOptions walk() {
        WalkOptions options;
        options.directory = "d";
        options.identity = identity;
        options.segment_bytes = segment_bytes_min;
        options.epoch_max = 1;
        return options;
    }
    pawl::journal::testing::MemoryStorage storage;
    std::vector<WalkFrom> places;
};

class Loading final : public RecordSink {
public:
    void on_record(const detail::RecordView&, Position) override { ++records; }
    Status on_snapshot(SnapshotReader& snapshot) override {
        std::vector<std::byte> piece(1000);
        std::uint64_t read = 0;
        while (snapshot.left() != 0) {
            const auto bytes = std::min<std::uint64_t>(snapshot.left(), piece.size());
            if (auto status = snapshot.read(std::span(piece).first(bytes)); !status.ok())
                return status;
            read += bytes;
        }
        PAWL_ASSERT(read == snapshot.facts().body_bytes);
        if (snapshot.facts().layout_hash % 2 == 1)
            return Error{ErrorCode::mismatch, "another shape"};
        return Done{};
    }
    std::uint64_t records = 0;
};

void stand_at(SnapshotHeader& header, const WalkFrom& place) {
    header.position = place.tail.position.value;
    header.last_sequence = place.tail.sequence.value;
    header.last_time_ns = place.tail.time_ns;
    header.block_hash = place.tail.block_hash;
    header.segment_index = place.tail.segment_index;
    header.generation = place.tail.generation;
    header.offset_bytes = place.tail.offset_bytes;
    header.last_offset_bytes = place.last_offset_bytes;
    header.last_bytes = place.last_bytes;
    header.epoch = place.epoch;
    header.last_checksum = place.tail.checksum;
}

void repair(std::vector<std::byte>& file, const WalkFrom* place) {
    std::uint64_t body_bytes = 0;
    std::memcpy(&body_bytes, file.data() + offsetof(SnapshotHeader, body_bytes), 8);
    body_bytes = std::min<std::uint64_t>(body_bytes, file.size() - snapshot_page_bytes);
    file.resize(snapshot_page_bytes + rounded_up_to_block(body_bytes));
    auto& header = *reinterpret_cast<SnapshotHeader*>(file.data());
    header.magic = snapshot_magic;
    header.identity = identity;
    header.shard = 0;
    header.format = format_version;
    header.body_bytes = body_bytes;
    header.body_hash =
        hash128(file.data() + snapshot_page_bytes, file.size() - snapshot_page_bytes);
    if (place != nullptr) stand_at(header, *place);
    header.header_hash = 0;
    header.header_hash = hash64(file.data(), snapshot_page_bytes);
}

bool same(const WalkFrom& a, const WalkFrom& b) {
    return a.tail.position == b.tail.position && a.tail.checksum == b.tail.checksum &&
           a.tail.sequence == b.tail.sequence && a.tail.block_hash == b.tail.block_hash &&
           a.tail.offset_bytes == b.tail.offset_bytes && a.last_bytes == b.last_bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > input_bytes_max) return 0;
    static Ground ground;
    std::vector<std::byte> file(std::max(size - 1, snapshot_page_bytes));
    std::memcpy(file.data(), data + 1, size - 1);
    if (data[0] % 3 == 0) file.resize(size - 1);
    if (data[0] % 3 == 1) repair(file, nullptr);
    if (data[0] % 3 == 2) repair(file, &ground.places[data[0] / 3U % ground.places.size()]);
    Position named;
    if (file.size() >= sizeof(SnapshotHeader))
        std::memcpy(&named.value, file.data() + offsetof(SnapshotHeader, position), 8);
    const std::string path = snapshot_path("d", 0, named);
    ground.storage.put_file(path, file);

    const auto looked = SnapshotReader::look(ground.storage, path, identity, 0);
    auto opened = SnapshotReader::open(ground.storage, path, identity, 0);
    PAWL_ASSERT(looked.ok() || !opened.ok());

    Manifest manifest;
    manifest.identity = identity;
    WalkOptions walk = Ground::walk();
    Loading sink;
    const auto choice = choose_snapshot(ground.storage, walk, manifest, sink);
    PAWL_ASSERT(choice.ok());
    PAWL_ASSERT(choice->from.has_value() == choice->passed_over.empty());
    if (choice->from) {
        PAWL_ASSERT(std::any_of(ground.places.begin(), ground.places.end(),
                                [&](const WalkFrom& place) { return same(place, *choice->from); }));
        walk.from = choice->from;
        const auto walked = walk_segments(ground.storage, walk, sink);
        PAWL_ASSERT(walked.ok() && walked->seen == Seen::nothing && walked->remarks.empty());
        PAWL_ASSERT(walked->tail.position == ground.places.back().tail.position);
        PAWL_ASSERT(sink.records == walked->records);
    }
    PAWL_ASSERT(ground.storage.remove(path).ok());
    return 0;
}
