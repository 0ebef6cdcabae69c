// One attempt, step by step: choose the snapshot before, load it, fold the segments since, save.
#include "engine/history/snapshotter.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::detail {

namespace {
void add_to(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}
}  // namespace

Snapshotter::Snapshotter(journal::Storage& storage, journal::Directory& directory, Cursors& cursors,
                         const SnapshotterOptions& options, Say say)
    : storage_(storage),
      directory_(directory),
      cursors_(cursors),
      options_(options),
      say_(std::move(say)),
      head_(directory.head(options.fold.shard)),
      last_(options.last),
      tried_(options.last) {
    PAWL_ASSERT(options.slice_bytes != 0);
    counters_.position.store(last_.value, std::memory_order_relaxed);
}

std::string Snapshotter::where() const {
    return directory_.walk_options(options_.fold.shard).directory + ": shard " +
           std::to_string(options_.fold.shard);
}

std::uint64_t Snapshotter::ask() noexcept {
    // release: pairs with the acquire in begin(): what was synced before it is in the snapshot.
    return asked_.fetch_add(1, std::memory_order_release) + 1;
}

bool Snapshotter::served(std::uint64_t asked, Status& outcome) const {
    const std::lock_guard lock(mutex_);
    if (served_ < asked) return false;
    outcome = outcome_;
    return true;
}

std::int64_t Snapshotter::due_ns() const noexcept {
    const bool news = head_.synced() != tried_;
    return options_.every_ns != 0 && timed_ && news ? last_ns_ + options_.every_ns : -1;
}

bool Snapshotter::is_due() const noexcept {
    if (asked_.load(std::memory_order_relaxed) != serving_) return true;
    const std::uint64_t news = head_.synced().value - tried_.value;
    if (news == 0) return false;
    if (options_.every_bytes != 0 && news >= options_.every_bytes) return true;
    return options_.every_ns != 0 && now_ns_ - last_ns_ >= options_.every_ns;
}

std::size_t Snapshotter::do_work(std::int64_t monotonic_ns) {
    now_ns_ = monotonic_ns;
    if (!timed_) last_ns_ = monotonic_ns;
    timed_ = true;
    if (step_ == Step::idle && !is_due()) return 0;
    const Status done = [&]() -> Status {
        switch (step_) {
            case Step::idle:
                return begin();
            case Step::choose:
                return choose();
            case Step::check:
                return check();
            case Step::load:
                return load();
            case Step::fold:
                return fold();
            case Step::save:
                return save();
            case Step::let_go:
                return let_go();
        }
        return Done{};
    }();
    if (!done) end(done);
    return 1;
}

Status Snapshotter::begin() {
    serving_ = asked_.load(std::memory_order_acquire);
    begun_ns_ = now_ns_;
    target_ = head_.synced();
    tried_ = target_;
    passed_over_.clear();
    if (target_ == last_) return begin_letting_go();  // it is there; a cursor may have moved
    Result<std::vector<std::string>> listed = journal::list_snapshots(
        storage_, directory_.walk_options(options_.fold.shard).directory, options_.fold.shard);
    if (!listed) return listed.error();
    candidates_ = std::move(listed).value();
    std::reverse(candidates_.begin(), candidates_.end());
    fold_ = std::make_unique<Fold>(options_.fold);
    step_ = Step::choose;
    return Done{};
}

Status Snapshotter::choose() {
    if (candidates_.empty()) {  // from the first record on
        step_ = Step::fold;
        return Done{};
    }
    const std::string path = std::move(candidates_.back());
    candidates_.pop_back();
    const journal::WalkOptions walk = directory_.walk_options(options_.fold.shard);
    auto opened = journal::SnapshotReader::begin(storage_, path, walk.identity, walk.shard);
    if (!opened) {
        pass_over(path, opened.error().sentence);
        return Done{};
    }
    const journal::SnapshotFacts& facts = (*opened)->facts();
    if (facts.tail.position > target_) {
        pass_over(path, "it is ahead of what is on disk");
        return Done{};
    }
    const Result<std::string> fault = journal::place_fault(storage_, walk, facts.from());
    if (!fault) return fault.error();
    if (!fault->empty()) {
        pass_over(path, *fault);
        return Done{};
    }
    reader_ = std::move(opened).value();
    step_ = Step::check;
    return Done{};
}

void Snapshotter::pass_over(const std::string& path, const std::string& why) {
    passed_over_ = path + " was not used: " + why;
    loading_.reset();
    reader_.reset();
    step_ = Step::choose;
}

// Its whole body, before a byte of it is believed.
Status Snapshotter::check() {
    const Result<bool> checked = reader_->check_some(options_.slice_bytes);
    if (!checked) {
        const std::string path = reader_->facts().path;
        pass_over(path, checked.error().sentence);
    } else if (*checked) {
        loading_ = std::make_unique<LoadBody>(*fold_, *reader_);
        step_ = Step::load;
    }
    return Done{};
}

Status Snapshotter::load() {
    const Result<bool> loaded = loading_->some(options_.slice_bytes);
    if (loaded && !*loaded) return Done{};
    if (!loaded) {
        const std::string path = reader_->facts().path;
        pass_over(path, loaded.error().sentence);
        return Done{};
    }
    loading_.reset();
    reader_.reset();
    step_ = Step::fold;
    return Done{};
}

Status Snapshotter::fold() {
    const Position slice{std::min(target_.value, fold_->end().value + options_.slice_bytes)};
    const Status folded =
        fold_->advance(storage_, directory_.walk_options(options_.fold.shard), slice);
    if (!folded || fold_->end() < target_) return folded;
    PAWL_ASSERT(fold_->end() == target_ && "what is synced ends where a block does");
    PAWL_ASSERT(fold_->place().has_value());
    auto writer = directory_.snapshot_writer(options_.fold.shard, 0);
    if (!writer) return writer.error();
    writer_ = std::move(writer).value();
    saving_ = std::make_unique<SaveBody>(*fold_, *writer_);
    step_ = Step::save;
    return Done{};
}

Status Snapshotter::save() {
    const Result<bool> saved = saving_->some(options_.slice_bytes);
    if (!saved) return saved.error();
    if (!*saved) return Done{};
    const journal::WalkFrom& place = *fold_->place();
    journal::SnapshotFacts facts;
    facts.tail = place.tail;
    facts.last_offset_bytes = place.last_offset_bytes;
    facts.last_bytes = place.last_bytes;
    facts.epoch = place.epoch;
    facts.records = fold_->records();
    facts.events = fold_->events();
    facts.epochs = fold_->epochs();
    facts.layout_hash = fold_->layout_hash();
    facts.state_hash = saving_->state_hash();
    const std::uint64_t bytes = saving_->bytes();
    if (const Status finished = writer_->finish(facts); !finished) return finished;
    last_ = target_;
    add_to(counters_.snapshots, 1);
    add_to(counters_.bytes, bytes);
    counters_.position.store(last_.value, std::memory_order_relaxed);
    say_(false, "snapshot of " + where() + " at position " + std::to_string(last_.value) + ": " +
                    std::to_string(facts.records) + " records, " + std::to_string(bytes) +
                    " bytes" + (passed_over_.empty() ? std::string() : "; " + passed_over_));
    saving_.reset();
    writer_.reset();
    fold_.reset();  // the states may be as large as the shard's own
    return begin_letting_go();
}

Status Snapshotter::begin_letting_go() {
    retention_ = directory_.begin_retention(options_.fold.shard, options_.retention);
    step_ = Step::let_go;
    return Done{};
}

// The snapshot stands, whatever becomes of this.
Status Snapshotter::let_go() {
    const Result<bool> checked = retention_->check_some(options_.slice_bytes);
    if (checked && !*checked) return Done{};
    const auto finish = [&](Position lowest) -> Status {
        if (options_.needed) lowest = std::min(lowest, options_.needed());
        const auto report = retention_->finish(lowest);
        if (!report) return report.error();
        add_to(counters_.segments_gone, report->segments_gone);
        for (const std::string& sentence : report->sentences)
            say_(true, "retention of " + where() + ": " + sentence);
        return Done{};
    };
    const Status spared =
        checked ? cursors_.spare(options_.fold.shard, finish) : Status(checked.error());
    if (!spared)
        say_(true, "retention of " + where() + ": " + spared.error().sentence +
                       "; nothing is lost, the next snapshot tries again");
    end(Done{});
    return Done{};
}

void Snapshotter::end(const Status& outcome) {
    if (!outcome) {
        add_to(counters_.failures, 1);
        say_(true, "snapshot of " + where() + " was given up: " + outcome.error().sentence +
                       "; nothing else suffers, the next one is made when it is due" +
                       (passed_over_.empty() ? std::string() : "; " + passed_over_));
    }
    saving_.reset();
    writer_.reset();
    loading_.reset();
    reader_.reset();
    fold_.reset();
    retention_.reset();
    candidates_.clear();
    step_ = Step::idle;
    last_ns_ = now_ns_;
    add_to(counters_.ns, static_cast<std::uint64_t>(now_ns_ - begun_ns_));
    const std::lock_guard lock(mutex_);
    served_ = serving_;
    outcome_ = outcome;
}

void Snapshotter::abandon() {
    const std::uint64_t asked = asked_.load(std::memory_order_acquire);
    // Who asked later asked for more than what stands.
    const bool stands = step_ == Step::let_go && asked == serving_;
    saving_.reset();
    writer_.reset();
    loading_.reset();
    reader_.reset();
    fold_.reset();
    retention_.reset();
    step_ = Step::idle;
    serving_ = asked;
    const std::lock_guard lock(mutex_);
    served_ = serving_;
    if (stands)
        outcome_ = Done{};
    else
        outcome_ =
            Error{ErrorCode::stopped, "snapshot of " + where() + ": the engine was closed first"};
}

}  // namespace pawl::detail
