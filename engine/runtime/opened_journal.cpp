// Opening a directory into folds.
#include "engine/runtime/opened_journal.hpp"

#include <algorithm>
#include <string>

namespace pawl::detail {

bool compares_states(const EngineOptions& options) noexcept {
    return !options.replication.node.empty() && options.replication.compare_every.count() != 0;
}

std::vector<std::unique_ptr<Fold>> make_folds(const EngineOptions& options, const Domain& domain) {
    std::vector<std::unique_ptr<Fold>> folds;
    for (std::uint32_t shard = 0; shard < options.shards; ++shard)
        folds.push_back(std::make_unique<Fold>(
            FoldOptions{&domain, shard, options.shards, options.session_window,
                        options.sessions_max, compares_states(options)}));
    return folds;
}

journal::DirectoryOptions directory_options(const EngineOptions& options, const Domain& domain,
                                            const Environment& environment) {
    journal::DirectoryOptions directory;
    directory.path = options.directory;
    directory.shards = options.shards;
    directory.router_hash = domain.router;
    directory.schema_text = domain.schema_text;
    directory.segment_bytes = options.segment_bytes;
    directory.head_bytes = options.head_bytes;
    directory.heads = options.heads;
    directory.session_window = options.session_window;
    directory.flush_interval_ns = options.flush_interval.count();
    directory.progress = options.on_recovery;
    directory.random = environment.random;
    directory.parallel_recovery = environment.parallel_recovery;
    return directory;
}

Result<OpenedJournal> OpenedJournal::open(const EngineOptions& options, const Domain& domain,
                                          const Environment& environment,
                                          const Recovered& recovered) {
    OpenedJournal journal;
    journal.folds = make_folds(options, domain);
    journal::DirectoryOptions directory = directory_options(options, domain, environment);
    directory.recovered = recovered;
    auto opened = journal::Directory::open(
        environment.storage, directory,
        [&](std::uint32_t shard) -> journal::RecordSink& { return *journal.folds[shard]; });
    if (!opened) return opened.error();
    journal.directory = std::move(*opened);
    for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
        const Fold& fold = *journal.folds[shard];
        if (fold.failed())
            return Error{
                ErrorCode::mismatch,
                "journal " + options.directory + ": shard " + std::to_string(shard) +
                    ", position " + std::to_string(fold.failed_at().value) + ": " + fold.why() +
                    ": open it with the program that wrote it, or replay with a fixed one"};
        journal.ends.push_back(journal.directory->end(shard));
    }
    return journal;
}

std::uint64_t OpenedJournal::last_epoch() const noexcept {
    std::uint64_t last = 0;
    for (const journal::ShardEnd& end : ends) last = std::max(last, end.epochs.last_epoch());
    return last;
}

std::uint64_t OpenedJournal::begun_epoch() const noexcept {
    std::uint64_t begun = last_epoch();
    for (const journal::ShardEnd& end : ends) begun = std::min(begun, end.epochs.last_epoch());
    return begun;
}

}  // namespace pawl::detail
