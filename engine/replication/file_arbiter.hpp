// The arbiter of one machine: a folder with a lock and one small file. Knows files; not what the
// value means.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/replication/arbiter.hpp"
#include "engine/replication/arbiter_options.hpp"
#include "journal/storage.hpp"

namespace pawl::replication {

// Any number of these, in any number of processes, on one folder of a local file system. Each
// request is served whole under the lock, inside one do_work, which takes as long as the disk takes
// (two syncs for a swap, one for a read). Who finds the lock taken comes back at the next do_work.
//
// A killed process holds no lock and leaves the old value or the new one. What was answered stays
// after a loss of power. While a node runs nobody may remove the file: revisions would begin again.
class FileArbiter final : public Arbiter {
public:
    // Makes the folder, not those above it. `storage` outlives the arbiter.
    static Result<std::unique_ptr<FileArbiter>> open(journal::Storage& storage, std::string folder,
                                                     const ArbiterOptions& options);

    void read() override;
    void compare_and_swap(std::uint64_t expected_revision, const Reign& wanted) override;
    bool busy() const noexcept override { return request_.has_value(); }
    std::optional<ArbiterAnswer> do_work(std::int64_t now_ns) override;
    const std::string& address() const noexcept override { return address_; }

private:
    struct Request {
        std::optional<Reign> wanted;  // none: a read
        std::uint64_t expected_revision = 0;
        std::optional<std::int64_t> deadline_ns;
    };
    struct Kept {
        std::uint64_t revision = 0;  // 0: nothing there
        std::optional<Reign> reign;
    };

    FileArbiter(journal::Storage& storage, std::string folder, const ArbiterOptions& options);
    ArbiterAnswer serve();
    ArbiterAnswer swap(const Kept& kept);
    Result<Kept> look();

    journal::Storage& storage_;
    const std::string folder_;
    const std::string address_;
    const ArbiterOptions options_;
    std::optional<Request> request_;
};

// ---- the file's text, for tests and fuzzers
//   pawl-arbiter 1
//   revision 12
//   {"reign":1,…}
//   hash 0123456789abcdef

struct FileValue {
    std::uint64_t revision = 0;
    Reign reign;
};
std::string print_file_value(const FileValue& value);
// `path` names the file in errors. Takes only what print_file_value() writes.
Result<FileValue> parse_file_value(std::string_view text, std::string_view path);

}  // namespace pawl::replication
