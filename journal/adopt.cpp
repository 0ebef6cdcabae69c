// Sets the older copy aside, makes the first segment behind each snapshot, and only then says so.
#include "journal/adopt.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/head.hpp"
#include "journal/interrupted.hpp"
#include "journal/quarantine.hpp"
#include "journal/seal.hpp"
#include "journal/segment_files.hpp"
#include "journal/snapshot.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

Error wrong(const std::string& directory, const std::string& what) {
    return Error{ErrorCode::mismatch, "journal " + directory + ": " + what};
}

Status sync_folder(Storage& storage, const std::string& folder) {
    const auto status = storage.sync_directory(folder);
    if (!status.ok()) return storage_error(status, "sync the directory", folder);
    return Done{};
}

// The header page of the segment that a snapshot stands behind.
SegmentHeader header_behind(const SnapshotFacts& facts, const Manifest& wanted,
                            std::uint32_t shard) {
    SegmentHeader header{};
    header.magic = segment_magic;
    header.first_position = facts.tail.position.value;
    header.durable_position = facts.tail.position.value;
    header.identity = wanted.identity;
    header.generation = wanted.kept_of(shard).segment_index;
    header.epoch = wanted.epoch();
    header.segment_bytes = wanted.segment_bytes;
    header.index = wanted.kept_of(shard).segment_index;
    header.last_sequence = facts.tail.sequence.value;
    header.last_time_ns = facts.tail.time_ns;
    header.format = format_version;
    header.shard = shard;
    header.previous_checksum = facts.tail.checksum;
    header.header_hash = hash_of(header);
    return header;
}

WalkFrom place_behind(const SegmentHeader& header) {
    WalkFrom place;
    place.tail.position = Position{header.first_position};
    place.tail.checksum = header.previous_checksum;
    place.tail.sequence = Sequence{header.last_sequence};
    place.tail.time_ns = header.last_time_ns;
    place.tail.block_hash = header.header_hash;
    place.tail.segment_index = header.index;
    place.tail.generation = header.generation;
    place.tail.offset_bytes = block_alignment_bytes;
    place.epoch = header.epoch;
    return place;
}

// ---- the change itself: each step may have been done before

class ShardAdoption {
public:
    ShardAdoption(Storage& storage, const std::string& directory, const Manifest& wanted,
                  std::uint32_t shard)
        : storage_(storage),
          directory_(directory),
          wanted_(wanted),
          shard_(shard),
          folder_(shard_path(directory, shard)),
          begin_(wanted.clean.at(shard).position),
          incoming_(incoming_snapshot_path(directory, shard, begin_)) {}

    Status run() {
        if (const auto status = storage_.make_directory(folder_); !status.ok())
            return storage_error(status, "make the directory", folder_);
        if (begin_ != Position{0})
            if (auto status = look_at_snapshot(); !status.ok()) return status;
        if (auto status = clear_folder(); !status.ok()) return status;
        if (auto status = clear_archive(); !status.ok()) return status;
        if (begin_ != Position{0}) {
            if (auto status = make_segment(); !status.ok()) return status;
            if (auto status = name_snapshot(); !status.ok()) return status;
        }
        return sync_folder(storage_, folder_);
    }

private:
    Status look_at_snapshot() {
        auto waiting = SnapshotReader::look(storage_, incoming_, wanted_.identity, shard_);
        snapshot_waits_ = waiting.ok();
        if (!waiting.ok()) {  // it has its name already, or something is wrong with both
            auto named = SnapshotReader::look(storage_, snapshot_path(directory_, shard_, begin_),
                                              wanted_.identity, shard_);
            if (!named.ok()) return waiting.error();
            facts_ = std::move(named).value();
        } else {
            facts_ = std::move(waiting).value();
        }
        header_ = header_behind(facts_, wanted_, shard_);
        if (header_.header_hash != facts_.tail.block_hash)
            return wrong(directory_, "the snapshot " + facts_.path + " is not the one that shard " +
                                         std::to_string(shard_) +
                                         " was to begin at: remove the directory and begin again");
        return Done{};
    }

    Status clear_folder() {
        std::vector<std::string> names;
        if (const auto status = storage_.list(folder_, names); !status.ok())
            return storage_error(status, "list", folder_);
        for (const auto& name : names)
            if (auto status = clear(name); !status.ok()) return status;
        return Done{};
    }

    Status clear(const std::string& name) {
        const std::string path = folder_ + "/" + name;
        Position position;
        const std::uint64_t index = segment_index(name);
        const bool segment = index != 0;
        const bool snapshot = snapshot_position(name, position);
        if (segment && begin_ != Position{0} && index == header_.index) return Done{};
        if (snapshot && position == begin_ && begin_ != Position{0} && !snapshot_waits_)
            return Done{};
        if (segment) {
            auto unused = is_unused(path);
            if (!unused.ok()) return unused.error();
            if (!*unused) return aside(path, name);
        } else if (snapshot) {
            return aside(path, name);
        } else if (name != "snapshot.new" && !name.ends_with(".seg.new")) {
            return Done{};  // not ours
        }
        const auto status = storage_.remove(path);
        if (!status.ok()) return storage_error(status, "remove", path);
        return Done{};
    }

    // Prepared, and never used.
    Result<bool> is_unused(const std::string& path) {
        std::unique_ptr<File> file;
        AlignedBuffer page(block_alignment_bytes);
        std::size_t got = 0;
        auto status = storage_.open(path, OpenMode::read, file);
        if (status.ok()) status = file->read_at(0, {page.data(), page.size()}, got);
        if (!status.ok()) return storage_error(status, "read the segment", path);
        return all_zero(page.data(), got);
    }

    Status aside(const std::string& path, const std::string& name) {
        auto moved =
            set_file_aside(storage_, directory_, path, "s" + std::to_string(shard_) + "-" + name);
        if (!moved.ok()) return moved.error();
        return Done{};
    }

    Status clear_archive() {
        auto archived = list_archived_segments(storage_, directory_, shard_);
        if (!archived.ok()) return archived.error();
        for (const std::uint64_t index : *archived)
            if (auto status =
                    aside(archived_segment_path(directory_, shard_, index), segment_name(index));
                !status.ok())
                return status;
        return Done{};
    }

    Status make_segment() {
        SegmentPreparerOptions options;
        options.directory = directory_;
        options.shard = shard_;
        options.segment_bytes = wanted_.segment_bytes;
        options.next_index = header_.index;
        SegmentPreparer preparer(storage_, options);
        SegmentPreparer::Prepared prepared = preparer.take();
        while (prepared.file == nullptr) {
            if (preparer.do_work(0) == 0 && !preparer.trouble().empty())
                return Error{ErrorCode::disk_full, preparer.trouble()};
            prepared = preparer.take();
        }
        AlignedBuffer page(block_alignment_bytes);
        std::memset(page.data(), 0, page.size());
        std::memcpy(page.data(), &header_, sizeof header_);
        const auto status = prepared.file->write_durable(0, {page.data(), page.size()});
        if (!status.ok())
            return storage_error(status, "write the segment's header", prepared.file->path());
        return Done{};
    }

    Status name_snapshot() {
        if (!snapshot_waits_) return Done{};
        const std::string to = snapshot_path(directory_, shard_, begin_);
        const auto status = storage_.rename(incoming_, to);
        if (!status.ok()) return storage_error(status, "put the snapshot into its place", to);
        return Done{};
    }

    Storage& storage_;
    const std::string& directory_;
    const Manifest& wanted_;
    const std::uint32_t shard_;
    const std::string folder_;
    const Position begin_;
    const std::string incoming_;
    bool snapshot_waits_ = false;
    SnapshotFacts facts_;
    SegmentHeader header_{};
};

// ---- before it

class Adoption {
public:
    Adoption(Storage& storage, const AdoptOptions& options)
        : storage_(storage), options_(options) {}

    Status run() {
        std::unique_ptr<FileLock> lock;
        if (auto status = lock_it(lock); !status.ok()) return status;
        auto finished = finish_interrupted(storage_, options_.path);
        if (!finished.ok()) return finished.error();
        if (auto status = look_at_what_is_here(); !status.ok()) return status;
        if (auto status = set_heads_aside(); !status.ok()) return status;
        for (std::uint32_t shard = 0; shard < options_.origin.shards; ++shard)
            if (auto status = plan(shard); !status.ok()) return status;
        if (auto status = begin_change(storage_, options_.path, adopting_name, wanted_);
            !status.ok())
            return status;
        if (auto status = carry_out_adoption(storage_, options_.path, wanted_); !status.ok())
            return status;
        return end_change(storage_, options_.path, adopting_name);
    }

private:
    Status lock_it(std::unique_ptr<FileLock>& lock) {
        const std::string& path = options_.path;
        if (const auto status = storage_.make_directory(path); !status.ok())
            return storage_error(status, "make the directory", path);
        std::string holder;
        const auto status = storage_.lock(path + "/lock", lock, holder);
        if (status.fault == StorageFault::locked)
            return Error{ErrorCode::locked, "journal " + path + ": held by " + holder +
                                                ": close it before it becomes a copy"};
        if (!status.ok()) return storage_error(status, "lock", path + "/lock");
        // The name of the directory itself, before anything is promised in it. Whose parent may not
        // be read was made by somebody else, and long ago.
        const auto slash = path.rfind('/');
        const std::string parent = slash == std::string::npos ? "."
                                   : slash == 0               ? "/"
                                                              : path.substr(0, slash);
        const auto synced = storage_.sync_directory(parent);
        if (!synced.ok() && synced.fault != StorageFault::denied)
            return storage_error(synced, "sync the directory", parent);
        return Done{};
    }

    Status look_at_what_is_here() {
        const Origin& origin = options_.origin;
        wanted_.identity = origin.identity;
        wanted_.shards = origin.shards;
        wanted_.router_hash = origin.router_hash;
        wanted_.random_seed = origin.random_seed;
        wanted_.segment_bytes = origin.segment_bytes;
        wanted_.head_bytes = origin.head_bytes;
        wanted_.inflight_bytes_max = options_.inflight_bytes_max;
        wanted_.session_window = origin.session_window;
        wanted_.heads = options_.heads;
        wanted_.schema_text = origin.schema_text;
        std::vector<std::string> names;
        if (const auto status = storage_.list(options_.path, names); !status.ok())
            return storage_error(status, "list", options_.path);
        const bool has_manifest = std::find(names.begin(), names.end(), "manifest") != names.end();
        if (!has_manifest) return check_empty(names);
        auto here = read_manifest(storage_, options_.path);
        if (!here.ok()) return here.error();
        if (here->identity != origin.identity)
            return wrong(options_.path, "identity " + to_hex(here->identity) + " here, " +
                                            to_hex(origin.identity) +
                                            " to be adopted: another history is never overwritten; "
                                            "choose a new directory");
        if (here->shards != origin.shards || here->segment_bytes != origin.segment_bytes)
            return wrong(options_.path, std::to_string(here->shards) + " shards, segments of " +
                                            std::to_string(here->segment_bytes) + " here, " +
                                            std::to_string(origin.shards) + ", " +
                                            std::to_string(origin.segment_bytes) +
                                            " to be adopted: choose a new directory");
        if (here->clean.empty())
            return wrong(options_.path,
                         "it was not closed in order: open and close it before it becomes a copy");
        if (here->epoch() != 0) wanted_.epochs.push_back({here->epoch(), options_.begins});
        return Done{};
    }

    Status check_empty(const std::vector<std::string>& names) {
        for (std::uint32_t shard = 0; shard < options_.origin.shards; ++shard) {
            if (std::find(names.begin(), names.end(), "s" + std::to_string(shard)) == names.end())
                continue;
            auto listed = list_segments(storage_, options_.path, shard);
            if (!listed.ok()) return listed.error();
            if (!listed->empty())
                return Error{ErrorCode::damaged,
                             "journal " + options_.path +
                                 ": there are segments but no manifest: restore the file "
                                 "'manifest' from a copy, or choose a new directory"};
        }
        return Done{};
    }

    // Of a directory that was closed there is none. One of this identity belonged to a copy that is
    // gone, or belongs to one that lives.
    Status set_heads_aside() {
        static_cast<void>(
            storage_.make_directory(options_.heads));  // or making a head will say why
        for (std::uint32_t shard = 0; shard < wanted_.shards; ++shard) {
            const std::string path = wanted_.heads + "/" + head_name(wanted_.identity, shard);
            auto remains =
                HeadRemains::find(storage_, path, wanted_.identity, shard, RingMode::recover);
            const auto state = remains.state();
            const std::string why = remains.why();
            remains = HeadRemains{};
            if (state == HeadRemains::State::absent) continue;
            if (state == HeadRemains::State::held || state == HeadRemains::State::unreadable)
                return Error{ErrorCode::head_foreign,
                             why +
                                 ": another copy of this directory uses it: choose another "
                                 "folder for the heads of " +
                                 options_.path};
            if (const auto status = storage_.rename(path, path + ".aside-adopted"); !status.ok())
                return storage_error(status, "set the head aside", path);
        }
        return Done{};
    }

    Status plan(std::uint32_t shard) {
        const Position begin = options_.begins[shard];
        const std::string folder = shard_path(options_.path, shard);
        if (const auto status = storage_.make_directory(folder); !status.ok())
            return storage_error(status, "make the directory", folder);
        CleanMark mark{begin, chain_seed(wanted_.identity, shard)};
        if (begin != Position{0}) {
            auto listed = list_readable_segments(storage_, options_.path, shard);
            if (!listed.ok()) return listed.error();
            wanted_.kept.resize(wanted_.shards);
            wanted_.kept[shard].segment_index =
                std::max<std::uint64_t>(listed->empty() ? 0 : listed->back(), 1) + 1;
            wanted_.kept[shard].position = begin;
            if (auto status = place(shard, mark); !status.ok()) return status;
        }
        wanted_.clean.push_back(mark);
        return Done{};
    }

    // The snapshot is checked whole, and told where it will stand.
    Status place(std::uint32_t shard, CleanMark& mark) {
        const std::string path = incoming_snapshot_path(options_.path, shard, mark.position);
        auto reader = SnapshotReader::open(storage_, path, wanted_.identity, shard);
        if (!reader.ok()) return reader.error();
        const SnapshotFacts facts = reader.value()->facts();
        mark.checksum = facts.tail.checksum;
        return place_snapshot(storage_, path, wanted_.identity, shard,
                              place_behind(header_behind(facts, wanted_, shard)));
    }

    Storage& storage_;
    const AdoptOptions& options_;
    Manifest wanted_;
};

}  // namespace

Origin origin_of(const Manifest& manifest) {
    return Origin{manifest.identity,       manifest.shards,        manifest.router_hash,
                  manifest.random_seed,    manifest.segment_bytes, manifest.head_bytes,
                  manifest.session_window, manifest.schema_text};
}

Status carry_out_adoption(Storage& storage, const std::string& directory, const Manifest& wanted) {
    if (wanted.clean.size() != wanted.shards)
        return wrong(directory, "the note of its adoption says no ends: remove it");
    for (std::uint32_t shard = 0; shard < wanted.shards; ++shard)
        if (auto status = ShardAdoption(storage, directory, wanted, shard).run(); !status.ok())
            return status;
    return sync_folder(storage, directory);
}

Status adopt_directory(Storage& storage, const AdoptOptions& options) {
    PAWL_ASSERT(options.origin.shards >= 1);
    PAWL_ASSERT(options.begins.size() == options.origin.shards);
    return Adoption(storage, options).run();
}

}  // namespace pawl::journal
