// Writes a directory with the production code and takes it out of its storage as bytes.
#include "image.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include "journal/segment_walk.hpp"
#include "journal/snapshot.hpp"

namespace pawl::journal::testing {
namespace {

// Appends records of random sizes to every shard of one directory.
class Author {
public:
    Author(MemoryStorage& storage, const ImageOptions& options)
        : storage_(storage),
          options_(options),
          chance_(options.seed),
          shards_(options.shards),
          written_(options.shards) {
        PAWL_ASSERT(storage_.make_directory("heads").ok());
    }

    void begin_life() {
        Collector dropped;
        auto opened = Directory::open(storage_, options_of(options_),
                                      [&](std::uint32_t) -> RecordSink& { return dropped; });
        PAWL_ASSERT(opened.ok());
        directory_ = std::move(opened).value();
        for (std::uint32_t i = 0; i < options_.shards; ++i) shards_[i] = directory_->end(i);
        manifests_.push_back(storage_.bytes_of("dir/manifest"));
    }
    // Writes until each shard has begun its segment of this number, and half of that.
    void write_segments(std::uint64_t number) {
        for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
            while (!in_use(segment_path("dir", shard, number))) write_block(shard);
            for (int block = 0; block < 4; ++block) write_block(shard);
        }
    }
    void write_block(std::uint32_t shard) {
        append_run(shard);
        sync(shard);
    }
    void append_run(std::uint32_t shard) {
        // Where it does not fit any more, the end of a segment stays unused.
        if (chance_() % 4 == 0) append(shard, 4200 + 8 * (chance_() % 400));
        const std::uint64_t count = 1 + chance_() % 40;
        for (std::uint64_t i = 0; i < count; ++i) append(shard, 8 * (chance_() % 60));
    }
    void sync(std::uint32_t shard) {
        PAWL_ASSERT(directory_->journaler(shard).drain(0).ok());
        while (directory_->preparer(shard).do_work(0) != 0) continue;
    }
    // Of everything in segments.
    void snapshot(std::uint32_t shard) {
        Collector folded;
        WalkOptions walk;
        walk.directory = "dir";
        walk.shard = shard;
        walk.identity = directory_->manifest().identity;
        walk.segment_bytes = segment_bytes_min;
        walk.epoch_max = directory_->epoch();
        walk.bound = directory_->journaler(shard).synced();
        const auto end = walk_segments(storage_, walk, folded);
        PAWL_ASSERT(end.ok() && end->bound_reached);
        SnapshotFacts facts;
        facts.tail = end->tail;
        facts.last_offset_bytes = end->last_offset_bytes;
        facts.last_bytes = end->last_bytes;
        facts.epoch = end->epoch;
        facts.records = end->records;
        facts.events = end->events;
        auto writer = SnapshotWriter::create(storage_, {"dir", shard, walk.identity, 4096, 0});
        PAWL_ASSERT(writer.ok());
        PAWL_ASSERT((*writer)->write(snapshot_body(end->records)).ok());
        PAWL_ASSERT((*writer)->finish(facts).ok());
    }
    void close() {
        PAWL_ASSERT(directory_->close().ok());
        directory_.reset();
        manifests_.push_back(storage_.bytes_of("dir/manifest"));
    }
    void kill() { directory_.reset(); }
    void go_another_way() {
        other_way_ = true;
        if (options_.fork == Fork::other_shape) chance_.seed(~options_.seed);
    }
    std::vector<Bytes>& manifests() { return manifests_; }
    std::vector<History>& written() { return written_; }

private:
    bool in_use(const std::string& path) {
        return storage_.exists(path) && storage_.bytes_of(path).at(0) != std::byte{0};
    }
    void append(std::uint32_t shard, std::size_t payload_bytes) {
        ShardEnd& end = shards_[shard];
        Head& head = directory_->head(shard);
        const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::EventHeader) +
                                   detail::padded(payload_bytes);
        const Position next{end.end.value + length};
        if (next > head.writable_end()) sync(shard);
        head.announce(next);
        std::byte* const at = head.at(end.end);
        build_record(at, end.last_sequence.value + 1, payload_bytes, end.last_checksum);
        if (other_way_) {
            auto& record = *reinterpret_cast<detail::RecordHeader*>(at);
            record.aggregate = ~record.aggregate;
            seal(record, end.last_checksum);
        }
        end.last_checksum = reinterpret_cast<detail::RecordHeader*>(at)->checksum;
        head.publish(next, end.last_checksum);
        ++end.last_sequence.value;
        written_[shard].push_back(
            {end.end, end.last_sequence.value, std::vector<std::byte>(at, at + length)});
        end.end = next;
    }

    MemoryStorage& storage_;
    const ImageOptions options_;
    std::mt19937_64 chance_;
    std::unique_ptr<Directory> directory_;
    std::vector<ShardEnd> shards_;
    std::vector<History> written_;
    std::vector<Bytes> manifests_;
    bool other_way_ = false;
};

HeadImage copy_head(MemoryStorage& storage, const std::string& path) {
    std::unique_ptr<SharedRing> ring;
    PAWL_ASSERT(storage.map_ring(path, 0, RingMode::look, ring).ok());
    HeadImage image;
    image.page.assign(ring->page(), ring->page() + head_page_bytes);
    image.twice.assign(ring->ring(), ring->ring() + 2 * ring->capacity_bytes());
    return image;
}

// How many records lie wholly below `position`.
std::size_t records_below(const History& history, std::uint64_t position) {
    std::size_t count = 0;
    while (count < history.size() &&
           history[count].position.value + history[count].bytes.size() <= position)
        ++count;
    return count;
}

std::uint64_t first_position_of_last_block(const Image& image, std::uint32_t shard) {
    std::uint64_t last = 0;
    for (const auto& place : blocks_of(image)) {
        if (place.shard != shard) continue;
        BlockHeader header{};
        std::memcpy(&header, image.files.at(place.segment).data() + place.offset, sizeof header);
        last = std::max(last, header.first_position);
    }
    return last;
}

}  // namespace

std::uint64_t Image::segment_file_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& path : segments()) bytes += files.at(path).size();
    return bytes;
}

std::vector<std::string> Image::segments() const {
    std::vector<std::string> found;
    for (const auto& [path, content] : files)
        if (path.ends_with(".seg")) found.push_back(path);
    return found;
}

Bytes& Image::segment(std::uint32_t shard, std::uint64_t index) {
    return files.at(segment_path("dir", shard, index));
}

std::string Image::head(std::uint32_t shard) const {
    return "heads/" + head_name(manifest.identity, shard);
}

DirectoryOptions options_of(const ImageOptions& options) {
    DirectoryOptions small = small_options();
    small.shards = options.shards;
    small.random = [state = options.identity_seed]() mutable {
        return state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    };
    return small;
}

Image make_image(const ImageOptions& options) {
    MemoryStorage storage;
    Author author(storage, options);
    for (int life = 1; life <= options.lives; ++life) {
        const bool last = life == options.lives;
        author.begin_life();
        if (last && options.fork != Fork::none) author.go_another_way();
        const auto so_far = static_cast<std::uint64_t>(life);
        author.write_segments(last ? options.segments : std::min(so_far, options.segments));
        if (last && options.snapshots)
            for (std::uint32_t shard = 0; shard < options.shards; ++shard)
                for (int i = 0; i < 2; ++i) {
                    author.snapshot(shard);
                    for (int block = 0; block < 3; ++block) author.write_block(shard);
                }
        const End end = last ? options.end : life % 2 == 1 ? End::in_order : End::killed;
        if (end == End::killed)
            for (std::uint32_t shard = 0; shard < options.shards; ++shard) author.append_run(shard);
        if (end == End::in_order)
            author.close();
        else
            author.kill();
    }
    if (options.end == End::power_lost) storage.cut_power(Unsynced::lost);

    Image image;
    for (const auto& path : storage.paths())
        if (!path.ends_with("/lock")) image.files[path] = storage.bytes_of(path);
    image.folders = {"dir", "heads", "dir/quarantine"};
    for (std::uint32_t shard = 0; shard < options.shards; ++shard)
        image.folders.insert(shard_path("dir", shard));
    auto manifest = read_manifest(storage, "dir");
    PAWL_ASSERT(manifest.ok());
    image.manifest = std::move(manifest).value();
    image.manifests = std::move(author.manifests());
    image.written = std::move(author.written());
    if (options.end == End::killed)
        for (std::uint32_t shard = 0; shard < options.shards; ++shard)
            image.heads[image.head(shard)] = copy_head(storage, image.head(shard));
    for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
        const History& history = image.written[shard];
        image.durable.push_back(
            options.end == End::in_order
                ? history.size()
                : records_below(history, first_position_of_last_block(image, shard)));
    }
    return image;
}

Bytes snapshot_body(std::uint64_t records) {
    Bytes body(2000);
    std::memcpy(body.data(), &records, sizeof records);
    for (std::size_t i = sizeof records; i < body.size(); ++i)
        body[i] = static_cast<std::byte>((records + i) * 167);
    return body;
}

std::vector<BlockPlace> blocks_of(const Image& image) {
    std::vector<BlockPlace> places;
    for (std::uint32_t shard = 0; shard < image.shards(); ++shard)
        for (std::uint64_t index = 1;; ++index) {
            const auto found = image.files.find(segment_path("dir", shard, index));
            if (found == image.files.end()) break;
            for (const auto offset : blocks_of(found->second)) {
                BlockHeader header{};
                std::memcpy(&header, found->second.data() + offset, sizeof header);
                places.push_back({shard, found->first, offset, header.block_bytes});
            }
        }
    return places;
}

}  // namespace pawl::journal::testing
