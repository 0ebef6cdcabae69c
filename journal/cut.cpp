// Before a cut: is it the right point, and can what is left be replayed? What goes is listed first.
#include "journal/cut.hpp"

#include <algorithm>
#include <utility>

#include "journal/cut_place.hpp"
#include "journal/interrupted.hpp"
#include "journal/quarantine.hpp"
#include "journal/snapshot.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

constexpr std::size_t text_bytes_about = std::size_t{64} << 10;

// Takes everything, keeps nothing: only the bytes in files matter here.
class Nobody final : public RecordSink {
public:
    Status on_snapshot(SnapshotReader&) override { return Done{}; }
    void on_record(const detail::RecordView&, Position) override {}
};

// A text file under quarantine/ that grows line by line.
class List {
public:
    static Result<std::unique_ptr<List>> create(Storage& storage, const std::string& path) {
        std::unique_ptr<File> file;
        if (const auto status = storage.open(path, OpenMode::create, file); !status.ok())
            return storage_error(status, "list what is cut", path);
        return std::unique_ptr<List>(new List(std::move(file)));
    }
    Status add(const std::string& line) {
        text_ += line;
        text_ += '\n';
        return text_.size() < text_bytes_about ? Status{Done{}} : flush();
    }
    Status finish(Storage& storage, const std::string& folder) {
        if (auto status = flush(); !status.ok()) return status;
        auto status = file_->sync();
        if (status.ok()) status = storage.sync_directory(folder);
        if (!status.ok()) return storage_error(status, "list what is cut", file_->path());
        return Done{};
    }

private:
    explicit List(std::unique_ptr<File> file) : file_(std::move(file)) {}
    Status flush() {
        const auto status =
            file_->write_at(done_bytes_, std::as_bytes(std::span(text_.data(), text_.size())));
        if (!status.ok()) return storage_error(status, "list what is cut", file_->path());
        done_bytes_ += text_.size();
        text_.clear();
        return Done{};
    }
    std::unique_ptr<File> file_;
    std::string text_;
    std::uint64_t done_bytes_ = 0;
};

std::string line_of(const CutCommand& cut) {
    return "position " + std::to_string(cut.position.value) + " sequence " +
           std::to_string(cut.sequence.value) + " kind " + std::to_string(cut.kind) +
           " session_index " + std::to_string(cut.session_index) + " number " +
           std::to_string(cut.number) + " aggregate " + std::to_string(cut.aggregate) +
           " command_type " + std::to_string(cut.command_type);
}

class Cutting {
public:
    Cutting(Storage& storage, const DirectoryOptions& options, const std::vector<PartPoint>& parts)
        : storage_(storage), options_(options), parts_(parts) {}

    Result<CutReport> run() {
        if (auto status = look_and_list(); !status.ok()) return status.error();
        const bool any = std::any_of(report_.shards.begin(), report_.shards.end(),
                                     [](const ShardCut& shard) { return shard.bytes != 0; });
        if (any)
            if (auto status = cut(); !status.ok()) return status.error();
        return std::move(report_);
    }

private:
    Error mismatch(std::uint32_t shard, const std::string& what) const {
        return Error{ErrorCode::mismatch, "journal " + options_.path + ": shard " +
                                              std::to_string(shard) + ": " + what +
                                              ": nothing was changed"};
    }

    Status look_and_list() {
        Nobody nobody;
        auto opened = Directory::open(storage_, options_,
                                      [&](std::uint32_t) -> RecordSink& { return nobody; });
        if (!opened.ok()) return opened.error();
        Directory& directory = **opened;
        if (parts_.size() != directory.shards())
            return Error{ErrorCode::usage,
                         "journal " + options_.path + ": " + std::to_string(directory.shards()) +
                             " shards here, part points for " + std::to_string(parts_.size())};
        Status status{Done{}};
        for (std::uint32_t shard = 0; status.ok() && shard < directory.shards(); ++shard)
            status = check(directory, shard);
        for (std::uint32_t shard = 0; status.ok() && shard < directory.shards(); ++shard)
            status = list(directory, shard);
        const auto closed = directory.close();
        return status.ok() ? closed : status;
    }

    Status check(Directory& directory, std::uint32_t shard) {
        const PartPoint& part = parts_[shard];
        const ShardEnd& end = directory.end(shard);
        ShardCut cut;
        cut.shard = shard;
        cut.end = end.end;
        if (part.position > end.end)
            return mismatch(shard, "it ends at position " + std::to_string(end.end.value) +
                                       ", the part point is " +
                                       std::to_string(part.position.value));
        cut.bytes = end.end.value - part.position.value;
        auto here = directory.reader(shard)->checksum_before(part.position);
        if (!here.ok()) return here.error();
        if (!*here)
            return mismatch(shard, "no record ends at the part point, position " +
                                       std::to_string(part.position.value));
        if (**here != part.checksum)
            return mismatch(shard, "at the part point, position " +
                                       std::to_string(part.position.value) + ", checksum " +
                                       std::to_string(**here) + " here, " +
                                       std::to_string(part.checksum) +
                                       " there: the histories parted earlier, or one is damaged");
        report_.shards.push_back(std::move(cut));
        return cut_can_be_replayed(directory, shard);
    }

    Status cut_can_be_replayed(const Directory& directory, std::uint32_t shard) {
        if (report_.shards[shard].bytes == 0) return Done{};
        auto segments = list_readable_segments(storage_, options_.path, shard);
        if (!segments.ok()) return segments.error();
        if (!segments->empty() && segments->front() == 1) return Done{};
        auto snapshots = list_snapshots(storage_, options_.path, shard);
        if (!snapshots.ok()) return snapshots.error();
        for (const auto& path : *snapshots) {
            auto facts = SnapshotReader::look(storage_, path, directory.manifest().identity, shard);
            if (facts.ok() && facts->tail.position <= parts_[shard].position) return Done{};
        }
        return mismatch(shard,
                        "the first segments are gone and no snapshot is below the part "
                        "point, position " +
                            std::to_string(parts_[shard].position.value) +
                            ": what is left could not be replayed; begin this copy anew");
    }

    Status list(Directory& directory, std::uint32_t shard) {
        ShardCut& cut = report_.shards[shard];
        if (cut.bytes == 0) return Done{};
        const Position from = parts_[shard].position;
        auto path = new_quarantine_path(
            storage_, options_.path,
            "s" + std::to_string(shard) + "-cut-at-" + std::to_string(from.value) + ".txt");
        if (!path.ok()) return path.error();
        auto list = List::create(storage_, *path);
        if (!list.ok()) return list.error();
        const auto reader = directory.reader(shard);
        reader->seek(from);
        while (reader->position() < cut.end) {
            auto record = reader->next(cut.end);
            if (!record.ok()) return record.error();
            PAWL_ASSERT(*record);
            const auto& header = record->view().header();
            const CutCommand command{record->position,
                                     Sequence{header.sequence},
                                     header.session,
                                     header.number,
                                     header.aggregate,
                                     header.command_type,
                                     static_cast<std::uint8_t>(header.kind())};
            ++cut.records;
            if (cut.cut.size() < cut_commands_max) cut.cut.push_back(command);
            if (auto status = (*list)->add(line_of(command)); !status.ok()) return status;
        }
        cut.list_file = *path;
        return (*list)->finish(storage_, options_.path + "/quarantine");
    }

    Status cut() {
        std::unique_ptr<FileLock> lock;
        std::string holder;
        const auto locked = storage_.lock(options_.path + "/lock", lock, holder);
        if (!locked.ok()) return storage_error(locked, "lock", options_.path + "/lock");
        auto manifest = read_manifest(storage_, options_.path);
        if (!manifest.ok()) return manifest.error();
        Manifest wanted = std::move(manifest).value();
        PAWL_ASSERT(wanted.clean.size() == wanted.shards);
        for (std::uint32_t shard = 0; shard < wanted.shards; ++shard)
            if (auto status = plan(wanted, shard); !status.ok()) return status;
        if (auto status = begin_change(storage_, options_.path, cutting_name, wanted); !status.ok())
            return status;
        if (auto status = carry_out_cut(storage_, options_.path, wanted); !status.ok())
            return status;
        return end_change(storage_, options_.path, cutting_name);
    }

    // What the manifest will say, and a copy of the bytes that go.
    Status plan(Manifest& wanted, std::uint32_t shard) {
        ShardCut& cut = report_.shards[shard];
        if (cut.bytes == 0) return Done{};
        const PartPoint& part = parts_[shard];
        wanted.clean[shard] = CleanMark{part.position, part.checksum};
        for (EpochBegin& epoch : wanted.epochs)
            epoch.positions[shard] = std::min(epoch.positions[shard], part.position);
        auto place = find_cut(storage_, options_.path, wanted, shard, part.position);
        if (!place.ok()) return place.error();
        if (wanted.kept_of(shard).position > part.position)
            wanted.kept[shard] =
                place->segment == 1 ? Kept{} : Kept{place->segment, place->first_position};
        if (!place->archived && place->blocks_end > place->offset) {
            WalkOptions walk;
            walk.directory = options_.path;
            walk.shard = shard;
            WalkEnd end;
            end.tail.position = part.position;
            auto copied = copy_to_quarantine(storage_, walk, end,
                                             {{place->segment, place->offset, place->blocks_end}});
            if (!copied.ok()) return copied.error();
            cut.quarantine_file = *copied;
        }
        say(cut, part);
        return Done{};
    }

    void say(ShardCut& cut, const PartPoint& part) const {
        cut.sentences.push_back(
            "journal " + options_.path + ": shard " + std::to_string(cut.shard) +
            ": the history has gone another way at position " +
            std::to_string(part.position.value) + ": " + std::to_string(cut.records) +
            " records behind it, " + std::to_string(cut.bytes) + " bytes, are set aside in " +
            options_.path + "/quarantine; each is named in " + cut.list_file);
    }

    Storage& storage_;
    const DirectoryOptions& options_;
    const std::vector<PartPoint>& parts_;
    CutReport report_;
};

}  // namespace

Result<CutReport> cut_directory(Storage& storage, const DirectoryOptions& options,
                                const std::vector<PartPoint>& parts) {
    return Cutting(storage, options, parts).run();
}

}  // namespace pawl::journal
