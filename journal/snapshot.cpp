// Writing a snapshot under a temporary name, and reading one that may be anything.
#include "journal/snapshot.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

namespace pawl::journal {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr const char* unfinished_name = "snapshot.new";

std::string unfinished_path(const std::string& directory, std::uint32_t shard) {
    return shard_path(directory, shard) + "/" + unfinished_name;
}

std::uint64_t file_bytes_of(std::uint64_t body_bytes) noexcept {
    return snapshot_page_bytes + rounded_up_to_block(body_bytes);
}

// Of the page at `page`, whose header_hash is left out.
std::uint64_t hash_of_page(const std::byte* page) noexcept {
    alignas(8) std::byte copy[snapshot_page_bytes];
    std::memcpy(copy, page, sizeof copy);
    std::memset(copy + offsetof(SnapshotHeader, header_hash), 0, sizeof(std::uint64_t));
    return hash64(copy, sizeof copy);
}

Error damaged(const std::string& path, const std::string& what) {
    return Error{ErrorCode::damaged, path + ": " + what};
}

EpochLog epochs_of(const std::byte* page) {
    SnapshotHeader header;
    std::memcpy(&header, page, sizeof header);
    std::vector<EpochStart> starts;
    for (std::size_t i = 0; i < header.epoch_count; ++i) {
        SnapshotEpoch epoch;
        std::memcpy(&epoch, page + snapshot_epochs_offset + i * sizeof epoch, sizeof epoch);
        starts.push_back({epoch.epoch, Position{epoch.begin}});
    }
    return EpochLog(starts);
}

void put_epochs(const EpochLog& epochs, std::byte* page) {
    auto& header = *reinterpret_cast<SnapshotHeader*>(page);
    PAWL_ASSERT(epochs.starts().size() <= snapshot_epochs_max);
    header.epoch_count = static_cast<std::uint32_t>(epochs.starts().size());
    std::byte* at = page + snapshot_epochs_offset;
    for (const EpochStart& start : epochs.starts()) {
        const SnapshotEpoch epoch{start.epoch, start.begin.value};
        std::memcpy(at, &epoch, sizeof epoch);
        at += sizeof epoch;
    }
}

SnapshotFacts facts_of(const SnapshotHeader& header, const std::string& path) {
    SnapshotFacts facts;
    facts.tail.position = Position{header.position};
    facts.tail.checksum = header.last_checksum;
    facts.tail.sequence = Sequence{header.last_sequence};
    facts.tail.time_ns = header.last_time_ns;
    facts.tail.block_hash = header.block_hash;
    facts.tail.segment_index = header.segment_index;
    facts.tail.generation = header.generation;
    facts.tail.offset_bytes = header.offset_bytes;
    facts.last_offset_bytes = header.last_offset_bytes;
    facts.last_bytes = header.last_bytes;
    facts.epoch = header.epoch;
    facts.records = header.records;
    facts.events = header.events;
    facts.layout_hash = header.layout_hash;
    facts.state_hash = header.state_hash;
    facts.body_bytes = header.body_bytes;
    facts.path = path;
    return facts;
}

// The numbers of an intact header must make sense before anybody computes with them.
bool sensible(const SnapshotHeader& h) noexcept {
    const auto aligned = [](std::uint64_t bytes) { return bytes % block_alignment_bytes == 0; };
    const std::uint64_t place_max = std::uint64_t{1} << 40;
    return h.position % detail::record_alignment == 0 && h.segment_index != 0 &&
           h.body_bytes < (std::uint64_t{1} << 62) && aligned(h.offset_bytes) &&
           aligned(h.last_offset_bytes) && aligned(h.last_bytes) && h.offset_bytes <= place_max &&
           h.last_bytes != 0 && h.last_bytes <= h.offset_bytes &&
           h.last_offset_bytes == h.offset_bytes - h.last_bytes &&
           h.epoch_count <= snapshot_epochs_max;
}

std::string name_in(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

// A snapshot's first page, judged.
struct Page {
    SnapshotHeader header;
    EpochLog epochs;

    SnapshotFacts facts(const std::string& path) const {
        SnapshotFacts all = facts_of(header, path);
        all.epochs = epochs;
        return all;
    }
};

// Reads and judges the header page; `file` stays open for the body.
Result<Page> read_header(Storage& storage, const std::string& path, const Identity& identity,
                         std::uint32_t shard, std::unique_ptr<File>& file) {
    alignas(8) std::byte page[snapshot_page_bytes];
    std::uint64_t bytes = 0;
    std::size_t got = 0;
    auto status = storage.open(path, OpenMode::read, file);
    if (status.ok()) status = file->size(bytes);
    if (status.ok()) status = file->read_at(0, page, got);
    if (!status.ok()) return storage_error(status, "read the snapshot", path);
    if (got != sizeof page) return damaged(path, "the file is cut short in its header");
    SnapshotHeader header;
    std::memcpy(&header, page, sizeof header);
    if (header.magic != snapshot_magic || header.header_hash != hash_of_page(page))
        return damaged(path, "its header is not intact");
    if (header.format != format_version)
        return damaged(path, "it has format " + std::to_string(header.format) +
                                 ", this program reads format " + std::to_string(format_version));
    if (header.identity != identity || header.shard != shard)
        return damaged(path, "it belongs to another directory or shard");
    Position named;
    if (!snapshot_position(name_in(path), named) || named.value != header.position)
        return damaged(path,
                       "it was renamed: it holds position " + std::to_string(header.position));
    if (!sensible(header)) return damaged(path, "its numbers contradict each other");
    if (bytes != file_bytes_of(header.body_bytes))
        return damaged(path, "it has " + std::to_string(bytes) + " bytes, should have " +
                                 std::to_string(file_bytes_of(header.body_bytes)));
    return Page{header, epochs_of(page)};
}

}  // namespace

std::string snapshot_name(Position position) {
    char name[32];
    std::snprintf(name, sizeof name, "%020llu.snap",
                  static_cast<unsigned long long>(position.value));
    return name;
}

std::string snapshot_path(const std::string& directory, std::uint32_t shard, Position position) {
    return shard_path(directory, shard) + "/" + snapshot_name(position);
}

bool snapshot_position(const std::string& name, Position& position) noexcept {
    const char* const end = name.data() + name.size();
    const auto [stop, fault] = std::from_chars(name.data(), end, position.value);
    return fault == std::errc{} && name == snapshot_name(position);
}

Result<std::vector<std::string>> list_snapshots(Storage& storage, const std::string& directory,
                                                std::uint32_t shard) {
    const std::string folder = shard_path(directory, shard);
    std::vector<std::string> names;
    if (const auto status = storage.list(folder, names); !status.ok())
        return storage_error(status, "list the snapshots", folder);
    std::vector<std::string> paths;
    Position position;
    for (const auto& name : names)
        if (snapshot_position(name, position)) paths.push_back(folder + "/" + name);
    std::sort(paths.rbegin(), paths.rend());
    return paths;
}

void remove_unfinished_snapshot(Storage& storage, const std::string& directory,
                                std::uint32_t shard) {
    static_cast<void>(storage.remove(unfinished_path(directory, shard)));
}

Status place_snapshot(Storage& storage, const std::string& path, const Identity& identity,
                      std::uint32_t shard, const WalkFrom& place) {
    std::unique_ptr<File> file;
    auto read = read_header(storage, path, identity, shard, file);
    if (!read.ok()) return read.error();
    PAWL_ASSERT(read->header.position == place.tail.position.value);
    PAWL_ASSERT(read->header.last_checksum == place.tail.checksum);
    AlignedBuffer page(snapshot_page_bytes);
    std::memset(page.data(), 0, page.size());
    auto& header = *reinterpret_cast<SnapshotHeader*>(page.data());
    header = read->header;
    put_epochs(read->epochs, page.data());
    header.block_hash = place.tail.block_hash;
    header.segment_index = place.tail.segment_index;
    header.generation = place.tail.generation;
    header.offset_bytes = place.tail.offset_bytes;
    header.last_offset_bytes = place.last_offset_bytes;
    header.last_bytes = place.last_bytes;
    header.epoch = place.epoch;
    PAWL_ASSERT(sensible(header));
    header.header_hash = hash_of_page(page.data());
    auto status = storage.open(path, OpenMode::write, file);
    if (status.ok()) status = file->write_durable(0, {page.data(), page.size()});
    if (status.ok()) status = file->sync();
    if (!status.ok()) return storage_error(status, "give the snapshot its place", path);
    return Done{};
}

// ---- writing

Result<std::unique_ptr<SnapshotWriter>> SnapshotWriter::create(
    Storage& storage, const SnapshotWriterOptions& options) {
    const std::string path = unfinished_path(options.directory, options.shard);
    remove_unfinished_snapshot(storage, options.directory, options.shard);
    std::unique_ptr<File> file;
    if (const auto status = storage.open(path, OpenMode::create, file); !status.ok())
        return storage_error(status, "write a snapshot", path);
    std::unique_ptr<SnapshotWriter> writer(new SnapshotWriter(storage, options, std::move(file)));
    if (const auto room = writer->check_room(file_bytes_of(options.estimate_bytes)); !room.ok())
        return room.error();
    return writer;
}

SnapshotWriter::SnapshotWriter(Storage& storage, const SnapshotWriterOptions& options,
                               std::unique_ptr<File> file)
    : storage_(storage),
      options_(options),
      file_(std::move(file)),
      buffer_(chunk_bytes),
      offset_bytes_(snapshot_page_bytes) {}

SnapshotWriter::~SnapshotWriter() {
    if (file_ == nullptr) return;
    file_.reset();
    remove_unfinished_snapshot(storage_, options_.directory, options_.shard);
}

Status SnapshotWriter::fail(Error error) {
    failed_ = true;
    error.sentence += ": this snapshot is given up; the journal is complete without it";
    return error;
}

Status SnapshotWriter::check_room(std::uint64_t bytes) {
    std::uint64_t there = 0;
    const std::string folder = shard_path(options_.directory, options_.shard);
    if (const auto status = storage_.free_bytes(folder, there); !status.ok())
        return fail(storage_error(status, "ask for the free space", folder));
    if (there >= options_.reserve_bytes && there - options_.reserve_bytes >= bytes) return Done{};
    return fail(Error{ErrorCode::disk_full,
                      folder + ": " + std::to_string(there) + " bytes are free, a snapshot needs " +
                          std::to_string(bytes) + " and the next segments " +
                          std::to_string(options_.reserve_bytes) + ": free some"});
}

Status SnapshotWriter::flush() {
    PAWL_ASSERT(filled_bytes_ % block_alignment_bytes == 0);
    if (filled_bytes_ == 0) return Done{};
    if (const auto room = check_room(filled_bytes_); !room.ok()) return room;
    hash_.add(buffer_.data(), filled_bytes_);
    const auto status = file_->write_durable(offset_bytes_, {buffer_.data(), filled_bytes_});
    if (!status.ok()) return fail(storage_error(status, "write a snapshot", file_->path()));
    offset_bytes_ += filled_bytes_;
    filled_bytes_ = 0;
    return Done{};
}

Status SnapshotWriter::write(std::span<const std::byte> bytes) {
    PAWL_ASSERT(file_ != nullptr && !failed_);
    while (!bytes.empty()) {
        const std::size_t part = std::min(bytes.size(), buffer_.size() - filled_bytes_);
        std::memcpy(buffer_.data() + filled_bytes_, bytes.data(), part);
        filled_bytes_ += part;
        body_bytes_ += part;
        bytes = bytes.subspan(part);
        if (filled_bytes_ == buffer_.size())
            if (const auto status = flush(); !status.ok()) return status;
    }
    return Done{};
}

Status SnapshotWriter::finish(const SnapshotFacts& facts) {
    PAWL_ASSERT(file_ != nullptr && !failed_);
    const std::size_t padded = rounded_up_to_block(filled_bytes_);
    std::memset(buffer_.data() + filled_bytes_, 0, padded - filled_bytes_);
    filled_bytes_ = padded;
    if (const auto status = flush(); !status.ok()) return status;
    PAWL_ASSERT(offset_bytes_ == file_bytes_of(body_bytes_));

    std::memset(buffer_.data(), 0, snapshot_page_bytes);
    auto& header = *reinterpret_cast<SnapshotHeader*>(buffer_.data());
    header.magic = snapshot_magic;
    header.body_hash = hash_.value();
    header.body_bytes = body_bytes_;
    header.identity = options_.identity;
    header.position = facts.tail.position.value;
    header.last_sequence = facts.tail.sequence.value;
    header.last_time_ns = facts.tail.time_ns;
    header.block_hash = facts.tail.block_hash;
    header.segment_index = facts.tail.segment_index;
    header.generation = facts.tail.generation;
    header.offset_bytes = facts.tail.offset_bytes;
    header.last_offset_bytes = facts.last_offset_bytes;
    header.last_bytes = facts.last_bytes;
    header.epoch = facts.epoch;
    header.records = facts.records;
    header.events = facts.events;
    header.layout_hash = facts.layout_hash;
    header.state_hash = facts.state_hash;
    header.last_checksum = facts.tail.checksum;
    header.format = format_version;
    header.shard = options_.shard;
    put_epochs(facts.epochs, buffer_.data());
    PAWL_ASSERT(sensible(header) && "a snapshot stands where a block ends");
    header.header_hash = hash_of_page(buffer_.data());

    const std::string from = unfinished_path(options_.directory, options_.shard);
    const std::string to = snapshot_path(options_.directory, options_.shard, facts.tail.position);
    auto status = file_->write_durable(0, {buffer_.data(), snapshot_page_bytes});
    if (status.ok()) status = file_->sync();
    if (status.ok()) status = storage_.rename(from, to);
    if (!status.ok()) return fail(storage_error(status, "finish the snapshot", from));
    file_.reset();
    status = storage_.sync_directory(shard_path(options_.directory, options_.shard));
    if (!status.ok()) return fail(storage_error(status, "finish the snapshot", to));
    return Done{};
}

// ---- reading

SnapshotReader::SnapshotReader(std::unique_ptr<File> file, SnapshotFacts facts,
                               const Hash128& body_hash)
    : file_(std::move(file)),
      facts_(std::move(facts)),
      body_hash_(body_hash),
      checking_(std::make_unique<StreamHash128>()),
      buffer_(chunk_bytes) {}

Result<SnapshotFacts> SnapshotReader::look(Storage& storage, const std::string& path,
                                           const Identity& identity, std::uint32_t shard) {
    std::unique_ptr<File> file;
    auto header = read_header(storage, path, identity, shard, file);
    if (!header.ok()) return header.error();
    return header->facts(path);
}

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::begin(Storage& storage,
                                                              const std::string& path,
                                                              const Identity& identity,
                                                              std::uint32_t shard) {
    std::unique_ptr<File> file;
    auto header = read_header(storage, path, identity, shard, file);
    if (!header.ok()) return header.error();
    return std::unique_ptr<SnapshotReader>(
        new SnapshotReader(std::move(file), header->facts(path), header->header.body_hash));
}

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::open(Storage& storage,
                                                             const std::string& path,
                                                             const Identity& identity,
                                                             std::uint32_t shard) {
    auto reader = begin(storage, path, identity, shard);
    if (!reader.ok()) return reader;
    const auto checked = (*reader)->check_some(~std::uint64_t{0});
    if (!checked.ok()) return checked.error();
    PAWL_ASSERT(checked.value());
    return reader;
}

Result<bool> SnapshotReader::check_some(std::uint64_t bytes_about) {
    PAWL_ASSERT(checking_ != nullptr && "it is checked already");
    const std::uint64_t end = rounded_up_to_block(facts_.body_bytes);
    for (std::uint64_t done = 0; buffer_at_ < end; buffer_at_ += buffer_bytes_) {
        if (done >= bytes_about) return false;
        if (const auto status = fill(); !status.ok()) return status.error();
        checking_->add(buffer_.data(), buffer_bytes_);
        done += buffer_bytes_;
    }
    if (checking_->value() != body_hash_) return damaged(facts_.path, "its body is not intact");
    checking_.reset();
    rewind();
    return true;
}

// The buffer from buffer_at_ on, padding included.
Status SnapshotReader::fill() {
    const std::uint64_t end = rounded_up_to_block(facts_.body_bytes);
    PAWL_ASSERT(buffer_at_ < end);
    const auto wish = std::min<std::uint64_t>(buffer_.size(), end - buffer_at_);
    std::size_t got = 0;
    const auto status =
        file_->read_at(snapshot_page_bytes + buffer_at_, {buffer_.data(), wish}, got);
    if (!status.ok()) return storage_error(status, "read the snapshot", facts_.path);
    if (got != wish) return damaged(facts_.path, "the file is cut short in its body");
    buffer_bytes_ = got;
    return Done{};
}

Status SnapshotReader::read(std::span<std::byte> to) {
    PAWL_ASSERT(to.size() <= left());
    PAWL_ASSERT(checking_ == nullptr && "check_some() first, until it says true");
    while (!to.empty()) {
        if (read_bytes_ < buffer_at_ || read_bytes_ >= buffer_at_ + buffer_bytes_) {
            buffer_at_ = read_bytes_ / buffer_.size() * buffer_.size();
            if (const auto status = fill(); !status.ok()) {
                buffer_bytes_ = 0;
                return status;
            }
        }
        const std::uint64_t skip = read_bytes_ - buffer_at_;
        const std::size_t part = std::min<std::uint64_t>(to.size(), buffer_bytes_ - skip);
        std::memcpy(to.data(), buffer_.data() + skip, part);
        read_bytes_ += part;
        to = to.subspan(part);
    }
    return Done{};
}

void SnapshotReader::rewind() noexcept {
    read_bytes_ = buffer_at_ = buffer_bytes_ = 0;
}

}  // namespace pawl::journal
