// A directory that was opened and what its streams amount to: what an engine goes on with, and what
// a standby lets grow. Knows journal and folds; not who uses them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/history/fold.hpp"
#include "engine/runtime/environment.hpp"
#include "journal/directory.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/options.hpp"
#include "pawl/result.hpp"

namespace pawl::detail {

// This node carries its states' hashes.
bool compares_states(const EngineOptions& options) noexcept;

// A blank fold for each shard. `domain` outlives them.
std::vector<std::unique_ptr<Fold>> make_folds(const EngineOptions& options, const Domain& domain);

journal::DirectoryOptions directory_options(const EngineOptions& options, const Domain& domain,
                                            const Environment& environment);

// Threads of an engine that has stepped down: they may still be in a call to the disk. Any thread.
class Writers {
public:
    explicit Writers(std::function<void()> join) : join_(std::move(join)) {}
    ~Writers() { wait(); }
    Writers(const Writers&) = delete;
    Writers& operator=(const Writers&) = delete;
    void wait() { std::call_once(waited_, join_); }

private:
    std::once_flag waited_;
    const std::function<void()> join_;
};

struct OpenedJournal {
    // See journal::DirectoryOptions::recovered.
    using Recovered = std::function<Status(const journal::RecoveryReport&)>;

    std::vector<std::unique_ptr<Fold>> folds;       // one per shard, at its end
    std::shared_ptr<journal::Directory> directory;  // with readers of an engine that it was
    std::vector<journal::ShardEnd> ends;            // where each shard goes on
    bool told = false;  // what recovery found was said by an engine already
    // Nobody else writes before they are waited for. Null: there are none.
    std::shared_ptr<Writers> writers;

    // Makes or recovers options.directory. An error also when a record does not fit the domain.
    static Result<OpenedJournal> open(const EngineOptions& options, const Domain& domain,
                                      const Environment& environment,
                                      const Recovered& recovered = {});
    // The highest epoch in any stream; 0: none.
    std::uint64_t last_epoch() const noexcept;
    // The last that every stream has begun.
    std::uint64_t begun_epoch() const noexcept;
};

}  // namespace pawl::detail
