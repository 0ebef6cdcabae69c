// Opening and closing a directory: lock, manifest, shards in parallel, heads.

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "journal/directory_parts.hpp"
#include "journal/interrupted.hpp"
#include "journal/recover_shard.hpp"
#include "journal/schema.hpp"
#include "journal/seal.hpp"
#include "journal/segment_walk.hpp"

namespace pawl::journal {
namespace {

std::int64_t system_monotonic_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::uint64_t system_random() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

std::string head_path(const Manifest& manifest, std::uint32_t shard) {
    return manifest.heads + "/" + head_name(manifest.identity, shard);
}

Error mismatch(const std::string& path, const std::string& what) {
    return Error{ErrorCode::mismatch, "journal " + path + ": " + what};
}

// "a/b" of "a/b/c", "." of "c", "/" of "/c".
std::string parent_path(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status check_options(const DirectoryOptions& o) {
    const auto wrong = [&](const std::string& what) {
        return Error{ErrorCode::usage, "journal " + o.path + ": " + what};
    };
    if (o.path.empty()) return wrong("the path is empty: name a folder");
    if (o.shards == 0 || o.shards > 4096)
        return wrong(std::to_string(o.shards) + " shards: choose 1 to 4096");
    if (o.segment_bytes < segment_bytes_min || o.segment_bytes > segment_bytes_limit ||
        o.segment_bytes % block_alignment_bytes != 0)
        return wrong("segment_bytes " + std::to_string(o.segment_bytes) +
                     ": choose a multiple of 4096, at least " + std::to_string(segment_bytes_min) +
                     ", at most " + std::to_string(segment_bytes_limit));
    if (o.head_bytes < head_bytes_min || (o.head_bytes & (o.head_bytes - 1)) != 0)
        return wrong("head_bytes " + std::to_string(o.head_bytes) +
                     ": choose a power of two, at least " + std::to_string(head_bytes_min));
    if (o.inflight_bytes_max < block_alignment_bytes ||
        o.inflight_bytes_max > inflight_bytes_limit ||
        o.inflight_bytes_max % block_alignment_bytes != 0)
        return wrong("inflight_bytes_max " + std::to_string(o.inflight_bytes_max) +
                     ": choose a multiple of 4096, at most " +
                     std::to_string(inflight_bytes_limit));
    if (o.heads.empty() || o.heads.find('\n') != std::string::npos)
        return wrong("the folder for heads is empty or has a line break: name another");
    return Done{};
}

Status check_same(const DirectoryOptions& o, const Manifest& m) {
    if (m.shards != o.shards)
        return mismatch(o.path, std::to_string(m.shards) + " shards here, " +
                                    std::to_string(o.shards) +
                                    " in options; the count is fixed at creation: open it with " +
                                    std::to_string(m.shards) + ", or choose a new directory");
    if (m.router_hash != o.router_hash)
        return mismatch(o.path, "router " + to_hex(m.router_hash) + " here, " +
                                    to_hex(o.router_hash) +
                                    " in options; ids would live on other shards: open it with "
                                    "the router that made it, or choose a new directory");
    if (const auto status = schema_continues(m.schema_text, o.schema_text); !status.ok())
        return mismatch(o.path, status.error().sentence);
    return Done{};
}

}  // namespace

Status Directory::Parts::lock_it() {
    std::vector<std::string> names;
    new_folder = storage.list(options.path, names).fault == StorageFault::missing;
    if (const auto status = storage.make_directory(options.path); !status.ok())
        return storage_error(status, "make the directory", options.path);
    std::string holder;
    const auto status = storage.lock(options.path + "/lock", lock, holder);
    if (status.fault == StorageFault::locked)
        return Error{ErrorCode::locked,
                     "journal " + options.path + ": held by " +
                         (holder.empty() ? std::string("another process") : holder) +
                         "; one process may write: close that one, or choose another directory"};
    if (!status.ok()) return storage_error(status, "lock", options.path + "/lock");
    return Done{};
}

// Of an earlier life that died while the directory became another one.
Status Directory::Parts::finish_changes() {
    auto finished = finish_interrupted(storage, options.path);
    if (!finished.ok()) return finished.error();
    return Done{};
}

Status Directory::Parts::load_or_create() {
    auto read = read_manifest(storage, options.path);
    if (read.ok()) {
        manifest = std::move(read).value();
        return check_same(options, manifest);
    }
    std::vector<std::string> names;
    if (const auto status = storage.list(options.path, names); !status.ok())
        return storage_error(status, "list", options.path);
    if (std::find(names.begin(), names.end(), "manifest") != names.end()) return read.error();
    // No manifest. Segments without one are not ours to overwrite.
    for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
        if (std::find(names.begin(), names.end(), std::string("s") + std::to_string(shard)) ==
            names.end())
            continue;
        auto listed = list_segments(storage, options.path, shard);
        if (!listed.ok()) return listed.error();
        if (!listed.value().empty())
            return Error{ErrorCode::damaged,
                         "journal " + options.path +
                             ": there are segments but no manifest: restore the file 'manifest' "
                             "from a copy, or choose a new directory"};
    }
    return create();
}

Status Directory::Parts::create() {
    report.created = true;
    manifest = Manifest{};
    manifest.identity = Identity{options.random(), options.random()};
    manifest.shards = options.shards;
    manifest.router_hash = options.router_hash;
    manifest.random_seed = options.random_seed != 0 ? options.random_seed : options.random();
    manifest.segment_bytes = options.segment_bytes;
    manifest.head_bytes = options.head_bytes;
    manifest.inflight_bytes_max = options.inflight_bytes_max;
    manifest.session_window = options.session_window;
    manifest.heads = options.heads;
    manifest.schema_text = options.schema_text;
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        const std::string folder = shard_path(options.path, shard);
        if (const auto status = storage.make_directory(folder); !status.ok())
            return storage_error(status, "make the directory", folder);
        manifest.clean.push_back(CleanMark{Position{0}, chain_seed(manifest.identity, shard)});
    }
    // The shards' folders are on disk before the manifest that speaks of them, and the name of the
    // directory itself before anything is promised in it. Whose parent may not be read was made by
    // somebody else, and long ago.
    if (const auto status = storage.sync_directory(options.path); !status.ok())
        return storage_error(status, "sync the directory", options.path);
    const std::string parent = parent_path(options.path);
    if (const auto status = storage.sync_directory(parent);
        !status.ok() && (new_folder || status.fault != StorageFault::denied))
        return storage_error(status, "sync the directory", parent);
    return Done{};
}

Status Directory::Parts::recover(const SinkOf& sinks) {
    const std::uint32_t count = manifest.shards;
    std::vector<RecordSink*> sink_of(count);
    for (std::uint32_t shard = 0; shard < count; ++shard) sink_of[shard] = &sinks(shard);
    std::vector<std::optional<Result<RecoveredShard>>> results(count);
    std::mutex progress_mutex;
    const auto recover_one = [&](std::uint32_t shard) {
        RecoverShardOptions one;
        one.directory = options.path;
        one.shard = shard;
        one.manifest = &manifest;
        one.inflight_bytes_max = options.inflight_bytes_max;
        one.monotonic_ns = options.monotonic_ns;
        if (options.progress)
            one.progress = [&, shard](std::uint64_t done, std::uint64_t total) {
                const std::lock_guard guard(progress_mutex);
                options.progress(shard, done, total);
            };
        results[shard].emplace(recover_shard(storage, one, *sink_of[shard]));
    };
    if (options.parallel_recovery && !report.created) {
        std::vector<std::jthread> threads;
        threads.reserve(count);
        try {
            threads.emplace_back([this] { make_head_memories(); });
        } catch (const std::system_error&) {
            // No thread for it: they are made when their turn comes.
        }
        for (std::uint32_t shard = 1; shard < count; ++shard)
            threads.emplace_back(recover_one, shard);
        recover_one(0);
    } else {
        for (std::uint32_t shard = 0; shard < count; ++shard) recover_one(shard);
    }
    for (auto& result : results)
        if (!result->ok()) return result->error();
    for (auto& result : results) {
        RecoveredShard recovered = std::move(*result).value();
        report.shards.push_back(std::move(recovered.report));
        Shard shard;
        shard.end = recovered.end;
        shard.preparer = std::move(recovered.preparer);
        shard.writer = std::move(recovered.writer);
        shards.push_back(std::move(shard));
    }
    return Done{};
}

// It takes as long as a short recovery, and the system does all of it. What cannot be made now is
// made, or complained of, when its turn comes.
void Directory::Parts::make_head_memories() {
    head_memories.reserve(manifest.shards);
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        auto made = HeadMemory::make(storage, head_path(manifest, shard), manifest.head_bytes);
        if (!made.ok()) return;
        head_memories.push_back(std::move(made).value());
    }
}

Result<std::unique_ptr<Head>> Directory::Parts::make_head(std::uint32_t shard) {
    HeadOptions head;
    head.path = head_path(manifest, shard);
    head.identity = manifest.identity;
    head.shard = shard;
    head.epoch = manifest.epoch();
    head.capacity_bytes = manifest.head_bytes;
    head.base = shards[shard].end.end;
    head.base_checksum = shards[shard].end.last_checksum;
    if (shard < head_memories.size()) return Head::create(std::move(head_memories[shard]), head);
    return Head::create(storage, head);
}

// From here on it is open: the manifest says so before any head of the new reign exists.
Status Directory::Parts::begin_epoch() {
    EpochBegin begin;
    begin.epoch = manifest.epoch() + 1;
    for (const auto& shard : shards) begin.positions.push_back(shard.end.end);
    Manifest next = manifest;
    next.epochs.push_back(begin);
    next.clean.clear();
    next.inflight_bytes_max = options.inflight_bytes_max;
    next.schema_text = options.schema_text;
    const bool empty = std::all_of(shards.begin(), shards.end(),
                                   [](const Shard& shard) { return shard.end.end == Position{0}; });
    // Nothing was ever committed: the heads may go elsewhere, say because the first place was full.
    if (empty && next.heads != options.heads) {
        for (std::uint32_t i = 0; i < next.shards; ++i)
            static_cast<void>(storage.remove(head_path(next, i)));
        next.heads = options.heads;
        head_memories.clear();
    }
    if (const auto status = write_manifest(storage, options.path, next); !status.ok())
        return status;
    manifest = std::move(next);
    for (std::uint32_t i = 0; i < manifest.shards; ++i) {
        Shard& shard = shards[i];
        auto made = make_head(i);
        if (!made.ok()) return made.error();
        shard.head = std::move(made).value();
        shard.writer->begin_reign(manifest.epoch(), options.inflight_bytes_max);
        JournalerOptions journaler;
        journaler.flush_interval_ns = options.flush_interval_ns;
        journaler.inflight_bytes_max = options.inflight_bytes_max;
        journaler.monotonic_ns = options.monotonic_ns;
        shard.journaler =
            std::make_unique<Journaler>(*shard.head, *shard.preparer, *shard.writer, journaler);
    }
    head_memories.clear();
    return Done{};
}

Result<std::unique_ptr<Directory>> Directory::open(Storage& storage,
                                                   const DirectoryOptions& options,
                                                   const SinkOf& sinks) {
    if (const auto status = check_options(options); !status.ok()) return status.error();
    auto parts = std::make_unique<Parts>(storage, options);
    if (!parts->options.random) parts->options.random = system_random;
    if (parts->options.monotonic_ns == nullptr) parts->options.monotonic_ns = system_monotonic_ns;
    auto status = parts->lock_it();
    if (status.ok()) status = parts->finish_changes();
    if (status.ok()) status = parts->load_or_create();
    if (status.ok()) status = parts->recover(sinks);
    if (status.ok() && options.recovered) status = options.recovered(parts->report);
    if (status.ok()) status = parts->begin_epoch();
    if (!status.ok()) return status.error();
    return std::unique_ptr<Directory>(new Directory(std::move(parts)));
}

Directory::Directory(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Directory::~Directory() = default;

const Manifest& Directory::manifest() const noexcept {
    return parts_->manifest;
}
const RecoveryReport& Directory::report() const noexcept {
    return parts_->report;
}

std::uint64_t Directory::record_bytes_max() const noexcept {
    const auto& manifest = parts_->manifest;
    // Half a head, so that a record always fits behind another that waits for the disk.
    return std::min({journal::record_bytes_max(manifest.inflight_bytes_max, manifest.segment_bytes),
                     journal::record_bytes_max(record_block_bytes, manifest.segment_bytes),
                     manifest.head_bytes / 2});
}

Head& Directory::head(std::uint32_t shard) noexcept {
    PAWL_ASSERT(shard < parts_->shards.size());
    return *parts_->shards[shard].head;
}
Journaler& Directory::journaler(std::uint32_t shard) noexcept {
    PAWL_ASSERT(shard < parts_->shards.size());
    return *parts_->shards[shard].journaler;
}
SegmentPreparer& Directory::preparer(std::uint32_t shard) noexcept {
    PAWL_ASSERT(shard < parts_->shards.size());
    return *parts_->shards[shard].preparer;
}
const ShardEnd& Directory::end(std::uint32_t shard) const noexcept {
    PAWL_ASSERT(shard < parts_->shards.size());
    return parts_->shards[shard].end;
}

std::unique_ptr<StreamReader> Directory::reader(std::uint32_t shard) const {
    PAWL_ASSERT(shard < parts_->shards.size());
    ReaderOptions reader;
    reader.directory = parts_->options.path;
    reader.shard = shard;
    reader.identity = parts_->manifest.identity;
    reader.segment_bytes = parts_->manifest.segment_bytes;
    return std::make_unique<StreamReader>(parts_->storage, reader);
}

Status Directory::close() {
    Parts& parts = *parts_;
    PAWL_ASSERT(parts.lock != nullptr && "it is closed already");
    for (auto& shard : parts.shards) {
        const auto status = shard.journaler->drain(parts.options.monotonic_ns());
        if (!status.ok()) return status;
    }
    const std::lock_guard guard(parts.manifest_mutex);
    Manifest next = parts.manifest;
    next.clean.clear();
    for (const auto& shard : parts.shards) {
        PAWL_ASSERT(shard.head->committed() == shard.writer->tail().position);
        next.clean.push_back(
            CleanMark{shard.writer->tail().position, shard.writer->tail().checksum});
    }
    if (const auto status = write_manifest(parts.storage, parts.options.path, next); !status.ok())
        return status;
    parts.manifest = std::move(next);
    // Everything they held is in segments, and the manifest says so.
    for (auto& shard : parts.shards) static_cast<void>(parts.storage.remove(shard.head->path()));
    parts.lock.reset();
    return Done{};
}

}  // namespace pawl::journal
