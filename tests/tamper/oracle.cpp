// Compares record by record while recovery delivers them.
#include "oracle.hpp"

#include <cstring>

#include "journal/snapshot.hpp"

namespace pawl::journal::testing {
namespace {

class Comparison final : public RecordSink {
public:
    explicit Comparison(const History& history) : history_(history) {}
    Status on_snapshot(SnapshotReader& snapshot) override {
        Bytes body(snapshot.left());
        if (const auto status = snapshot.read(body); !status.ok()) return status;
        foreign = foreign || body != snapshot_body(snapshot.facts().records);
        count = snapshot.facts().records;
        return Done{};
    }
    void on_record(const detail::RecordView& record, Position position) override {
        const Entry* const expected = count < history_.size() ? &history_[count] : nullptr;
        foreign = foreign || expected == nullptr || expected->position != position ||
                  expected->bytes.size() != record.length() ||
                  std::memcmp(expected->bytes.data(), record.bytes(), record.length()) != 0;
        ++count;
    }
    std::size_t count = 0;
    bool foreign = false;

private:
    const History& history_;
};

// The image on a disk of its own.
void put(const Image& image, MemoryStorage& storage) {
    for (const auto& folder : image.folders) PAWL_ASSERT(storage.make_directory(folder).ok());
    for (const auto& [path, content] : image.files) {
        std::unique_ptr<File> file;
        PAWL_ASSERT(storage.open(path, OpenMode::create, file).ok());
        PAWL_ASSERT(content.empty() || file->write_at(0, content).ok());
        PAWL_ASSERT(file->sync().ok());
    }
    for (const auto& folder : image.folders) PAWL_ASSERT(storage.sync_directory(folder).ok());
    for (const auto& [path, head] : image.heads) {
        std::unique_ptr<SharedRing> ring;
        const std::size_t capacity = head.twice.size() / 2;
        PAWL_ASSERT(storage.map_ring(path, capacity, RingMode::create, ring).ok());
        std::memcpy(ring->page(), head.page.data(), head.page.size());
        std::memcpy(ring->ring(), head.twice.data(), capacity);
    }
}

// About as much as a head holds: a new segment is needed now or in the next life.
void append_some(Directory& directory, std::uint32_t shard, History& history) {
    constexpr std::size_t payload_bytes = 6000;
    constexpr std::size_t length =
        sizeof(detail::RecordHeader) + sizeof(detail::EventHeader) + detail::padded(payload_bytes);
    ShardEnd end = directory.end(shard);
    Head& head = directory.head(shard);
    for (int i = 0; i < 10; ++i) {
        const Position next{end.end.value + length};
        head.announce(next);
        std::byte* const at = head.at(end.end);
        build_record(at, ++end.last_sequence.value, payload_bytes, end.last_checksum);
        end.last_checksum = reinterpret_cast<detail::RecordHeader*>(at)->checksum;
        head.publish(next, end.last_checksum);
        history.push_back({end.end, end.last_sequence.value, Bytes(at, at + length)});
        end.end = next;
    }
}

}  // namespace

Aftermath Recovery::recover(std::uint32_t shard) {
    storage_.reset();
    RecoverShardOptions options;
    options.directory = "dir";
    options.shard = shard;
    options.manifest = &image_.manifest;
    options.inflight_bytes_max = image_.manifest.inflight_bytes_max;
    options.monotonic_ns = &standing_clock;
    Comparison comparison(image_.written[shard]);
    auto recovered = recover_shard(storage_, options, comparison);
    Aftermath aftermath;
    aftermath.records = comparison.count;
    aftermath.foreign = comparison.foreign;
    aftermath.changed = storage_.changed();
    aftermath.refused = !recovered.ok();
    if (aftermath.refused)
        aftermath.sentence = recovered.error().sentence;
    else
        aftermath.report = std::move(recovered->report);
    return aftermath;
}

::testing::AssertionResult is_safe(const Image& image, std::uint32_t shard,
                                   const Aftermath& aftermath) {
    if (aftermath.foreign)
        return ::testing::AssertionFailure() << "a record came that was never written there";
    if (aftermath.refused) {
        const std::string name = "shard " + std::to_string(shard);
        const std::string folder = "/s" + std::to_string(shard) + "/";
        const bool shard_named = aftermath.sentence.find(name) != std::string::npos ||
                                 aftermath.sentence.find(folder) != std::string::npos;
        if (!shard_named || aftermath.sentence.find("position") == std::string::npos)
            return ::testing::AssertionFailure()
                   << "the refusal does not name the place: " << aftermath.sentence;
        if (aftermath.changed)
            return ::testing::AssertionFailure() << "refused, but something was written";
        return ::testing::AssertionSuccess();
    }
    if (aftermath.records < image.durable[shard])
        return ::testing::AssertionFailure()
               << aftermath.records << " records, " << image.durable[shard] << " are durable";
    if (aftermath.records < image.written[shard].size() && !aftermath.noticed())
        return ::testing::AssertionFailure()
               << aftermath.records << " records of " << image.written[shard].size()
               << ", and nobody was told";
    return ::testing::AssertionSuccess();
}

std::string live_on(const Image& image, const ImageOptions& options) {
    MemoryStorage storage;
    put(image, storage);
    std::vector<History> expected = image.written;
    for (int life = 0; life < 2; ++life) {
        std::vector<Comparison> found;
        for (std::uint32_t shard = 0; shard < image.shards(); ++shard)
            found.emplace_back(expected[shard]);
        auto opened =
            Directory::open(storage, options_of(options),
                            [&](std::uint32_t shard) -> RecordSink& { return found[shard]; });
        if (!opened.ok()) {
            EXPECT_EQ(life, 0) << "opened once, but not again: " << opened.error().sentence;
            return opened.error().sentence;
        }
        for (std::uint32_t shard = 0; shard < image.shards(); ++shard) {
            EXPECT_FALSE(found[shard].foreign) << "shard " << shard << ", life " << life;
            EXPECT_GE(found[shard].count,
                      life == 0 ? image.durable[shard] : expected[shard].size());
            expected[shard].resize(std::min(expected[shard].size(), found[shard].count));
            append_some(**opened, shard, expected[shard]);
        }
        EXPECT_TRUE((*opened)->close().ok());
    }
    return {};
}

}  // namespace pawl::journal::testing
