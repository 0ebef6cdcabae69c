// The order of the file calls, and what each failure of them means.
#include "engine/replication/file_arbiter.hpp"

#include <charconv>
#include <span>
#include <utility>

#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

using journal::OpenMode;
using journal::storage_error;
using journal::StorageFault;
using journal::StorageStatus;
using Kind = ArbiterAnswer::Kind;

constexpr std::string_view first_line = "pawl-arbiter 1\n";
constexpr std::string_view revision_word = "revision ";
constexpr std::size_t file_bytes_max = reign_text_bytes_max + 128;

ArbiterAnswer without_value(Kind kind, std::string why) {
    return {kind, std::nullopt, 0, std::move(why)};
}

std::string value_path(const std::string& folder) {
    return folder + "/reign";
}

}  // namespace

std::string print_file_value(const FileValue& value) {
    PAWL_ASSERT(value.revision != 0);
    std::string text(first_line);
    text += std::string(revision_word) + std::to_string(value.revision) + "\n";
    text += print_reign(value.reign) + "\n";
    return text + "hash " + journal::to_hex(journal::hash64(text.data(), text.size())) + "\n";
}

Result<FileValue> parse_file_value(std::string_view text, std::string_view path) {
    const auto damaged = [&](const std::string& what) {
        return Error{ErrorCode::damaged,
                     std::string(path) + ": " + what +
                         ": stop every node, move the file away, and start first the node that "
                         "was primary last"};
    };
    if (!text.starts_with(first_line)) return damaged("it is no arbiter's file of this format");
    const auto hash = text.rfind("hash ");
    if (hash == text.npos ||
        text.substr(hash) != "hash " + journal::to_hex(journal::hash64(text.data(), hash)) + "\n")
        return damaged("its hash is not right");
    std::string_view rest = text.substr(first_line.size(), hash - first_line.size());
    std::uint64_t revision = 0;
    const auto end = rest.find('\n');
    if (!rest.starts_with(revision_word) || end == rest.npos) return damaged("it has no revision");
    const std::string_view number = rest.substr(revision_word.size(), end - revision_word.size());
    std::from_chars(number.data(), number.data() + number.size(), revision);
    if (revision == 0 || std::to_string(revision) != number)
        return damaged("its revision is no number from 1");
    rest.remove_prefix(end + 1);
    if (!rest.ends_with('\n')) return damaged("its last line has no end");
    rest.remove_suffix(1);
    auto reign = parse_reign(rest, path);
    if (!reign.ok()) return reign.error();
    return FileValue{revision, std::move(reign).value()};
}

FileArbiter::FileArbiter(journal::Storage& storage, std::string folder,
                         const ArbiterOptions& options)
    : storage_(storage),
      folder_(std::move(folder)),
      address_("file://" + folder_),
      options_(options) {}

Result<std::unique_ptr<FileArbiter>> FileArbiter::open(journal::Storage& storage,
                                                       std::string folder,
                                                       const ArbiterOptions& options) {
    if (const auto status = options.check(); !status.ok()) return status.error();
    const auto slash = folder.rfind('/');
    if (slash == folder.npos)
        return Error{ErrorCode::usage, "arbiter folder '" + folder + "': give the whole path"};
    auto status = storage.make_directory(folder);
    if (status.ok()) status = storage.sync_directory(folder.substr(0, slash == 0 ? 1 : slash));
    if (!status.ok()) return storage_error(status, "make the arbiter's folder", folder);
    return std::unique_ptr<FileArbiter>(new FileArbiter(storage, std::move(folder), options));
}

void FileArbiter::read() {
    PAWL_ASSERT(!busy());
    request_.emplace(Request{std::nullopt, 0, std::nullopt});
}

void FileArbiter::compare_and_swap(std::uint64_t expected_revision, const Reign& wanted) {
    PAWL_ASSERT(!busy());
    request_.emplace(Request{wanted, expected_revision, std::nullopt});
}

std::optional<ArbiterAnswer> FileArbiter::do_work(std::int64_t now_ns) {
    if (!request_) return std::nullopt;
    if (!request_->deadline_ns) request_->deadline_ns = now_ns + options_.request_timeout_ns;
    const std::string path = folder_ + "/lock";
    std::unique_ptr<journal::FileLock> lock;
    std::string holder;
    const auto status = storage_.lock(path, lock, holder);
    std::optional<ArbiterAnswer> answer;
    if (status.ok()) {
        answer = serve();
    } else if (status.fault != StorageFault::locked) {
        answer =
            without_value(Kind::refused, storage_error(status, "take the lock", path).sentence);
    } else if (now_ns >= *request_->deadline_ns) {
        answer = without_value(Kind::unknown,
                               path + ": held by another process (" + holder + ") for " +
                                   std::to_string(options_.request_timeout_ns / 1'000'000) +
                                   " ms: see whether that one is stopped, or its disk");
    }
    if (answer) request_.reset();
    return answer;
}

ArbiterAnswer FileArbiter::serve() {
    auto kept = look();
    if (!kept.ok()) return without_value(Kind::refused, kept.error().sentence);
    if (request_->wanted && kept->revision == request_->expected_revision) return swap(*kept);
    if (request_->wanted) return {Kind::conflict, kept->reign, kept->revision, {}};
    return {kept->revision == 0 ? Kind::absent : Kind::found, kept->reign, kept->revision, {}};
}

// Under the lock.
Result<FileArbiter::Kept> FileArbiter::look() {
    const std::string path = value_path(folder_);
    std::unique_ptr<journal::File> file;
    auto status = storage_.open(path, OpenMode::read, file);
    if (status.fault == StorageFault::missing) return Kept{};
    std::uint64_t bytes = 0;
    if (status.ok()) status = file->size(bytes);
    if (status.ok() && bytes > file_bytes_max)
        return Error{ErrorCode::damaged, path + ": " + std::to_string(bytes) +
                                             " bytes, an arbiter's file has at most " +
                                             std::to_string(file_bytes_max) +
                                             ": see who else writes there"};
    std::string text(bytes, '\0');
    std::size_t got = 0;
    if (status.ok())
        status = file->read_at(0, std::as_writable_bytes(std::span(text.data(), text.size())), got);
    if (!status.ok()) return storage_error(status, "read", path);
    text.resize(got);
    auto value = parse_file_value(text, path);
    if (!value.ok()) return value.error();
    // Whoever wrote it may have died before its name was durable. Said to nobody before it is.
    status = storage_.sync_directory(folder_);
    if (!status.ok()) return storage_error(status, "sync the folder", folder_);
    return Kept{value->revision, std::move(value->reign)};
}

// Under the lock. Until the rename nothing has happened; from there on nobody knows until the
// folder is synced.
ArbiterAnswer FileArbiter::swap(const Kept& kept) {
    const std::uint64_t revision = kept.revision + 1;
    const std::string path = value_path(folder_);
    const std::string temporary = path + ".new";
    const std::string text = print_file_value({revision, *request_->wanted});
    static_cast<void>(storage_.remove(temporary));  // left by a process that died
    std::unique_ptr<journal::File> file;
    auto status = storage_.open(temporary, OpenMode::create, file);
    if (status.ok()) status = file->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
    if (status.ok()) status = file->sync();
    file.reset();
    if (!status.ok())
        return without_value(Kind::refused, storage_error(status, "write", temporary).sentence);
    status = storage_.rename(temporary, path);
    if (status.ok()) status = storage_.sync_directory(folder_);
    if (!status.ok())
        return without_value(Kind::unknown, storage_error(status, "replace", path).sentence);
    return {Kind::swapped, request_->wanted, revision, {}};
}

}  // namespace pawl::replication
