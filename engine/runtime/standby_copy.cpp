// The parts change hands only while nobody writes.
#include "engine/runtime/standby_copy.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "engine/replication/role_machine.hpp"
#include "engine/runtime/directory_owner.hpp"
#include "journal/interrupted.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

namespace {

constexpr std::byte only_memory_lost{'m'};
constexpr std::byte more_lost{'d'};

}  // namespace

Result<bool> StandbyCopy::is_there() const {
    std::vector<std::string> names;
    const auto listed = environment_.storage.list(options_.directory, names);
    // Taken for empty, it would begin anew over what is there.
    if (!listed.ok() && listed.fault != journal::StorageFault::missing)
        return journal::storage_error(listed, "list", options_.directory);
    return std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name == "manifest" || name == journal::adopting_name;
    });
}

Status StandbyCopy::open() {
    PAWL_ASSERT(!is_open());
    const Result<bool> existed = is_there();
    if (!existed) return existed.error();
    // Heads of two nodes on one machine lie in folders of their own; recovery says why if not.
    static_cast<void>(environment_.storage.make_directory(options_.heads));
    auto& storage = environment_.storage;
    const std::string& node = options_.replication.node;
    if (Status own = check_owner(storage, options_.directory, node); !own) return own;
    if (Status read = read_mark(); !read) return read;
    is_new_ = is_new_ || !*existed;
    // Written down before a new head hides that the old one is gone, and when nothing else stands
    // against the opening.
    auto opened = OpenedJournal::open(
        options_, *domain_, environment_, [&](const journal::RecoveryReport& report) -> Status {
            if (Status read = read_lives(); !read) return read;
            if (*existed && earlier_lives_.empty()) earlier_lives_ = {replication::any_life};
            if (Status noted = note_owner(storage, options_.directory, node); !noted) return noted;
            const bool memory_gone =
                *existed && std::any_of(report.shards.begin(), report.shards.end(),
                                        [](const auto& shard) { return shard.memory_lost; });
            if (!memory_gone) return Done{};
            lost_only_memory_ = lost_only_memory_ || !may_have_lost_;
            may_have_lost_ = true;
            return remember_loss(lost_only_memory_);
        });
    if (!opened) return opened.error();

    const std::lock_guard lock(writing_);
    journal_ = std::move(*opened);
    remark_differences();
    begin_streams();
    return Done{};
}

Status StandbyCopy::read_mark() {
    std::unique_ptr<journal::File> mark;
    const auto marked = environment_.storage.open(mark_path(), journal::OpenMode::read, mark);
    may_have_lost_ = marked.ok();
    lost_only_memory_ = false;
    if (marked.fault == journal::StorageFault::missing) return Done{};
    if (!marked.ok()) return journal::storage_error(marked, "open", mark_path());
    std::byte kind{};
    std::size_t got = 0;
    const auto read = mark->read_at(0, std::span(&kind, 1), got);
    if (!read.ok()) return journal::storage_error(read, "read", mark_path());
    lost_only_memory_ = got == 1 && kind == only_memory_lost;
    return Done{};
}

Status StandbyCopy::go_on(OpenedJournal journal) {
    PAWL_ASSERT(!is_open());
    Status read = read_lives();
    const std::lock_guard lock(writing_);
    journal_ = std::move(journal);
    begin_streams();
    return read;
}

Status StandbyCopy::read_lives() {
    auto lives = lives_in(environment_.storage, options_.directory);
    if (!lives.ok()) return lives.error();
    earlier_lives_ = std::move(lives).value();
    // The life that stepped down has noted who would go on.
    if (std::find(earlier_lives_.begin(), earlier_lives_.end(), boot_) != earlier_lives_.end())
        life_is_noted_.store(true, std::memory_order_release);
    return Done{};
}

void StandbyCopy::note_life_soon(std::optional<std::uint64_t> reigns) {
    if (notes_life_.load(std::memory_order_relaxed)) return;
    if (reigns) to_note_.push_back(*reigns);
    to_note_.push_back(boot_);
    to_note_.push_back(environment_.random() | 1U);
    notes_life_.store(true, std::memory_order_release);
}

Status StandbyCopy::note_life() {
    Status noted = note_lives(environment_.storage, options_.directory, options_.replication.node,
                              to_note_, is_new_);
    if (!noted) return noted;
    life_is_noted_.store(true, std::memory_order_release);
    next_boot_.store(to_note_.back(), std::memory_order_release);
    return noted;
}

void StandbyCopy::begin_streams() {
    replication::StandbyStreamsOptions streams;
    streams.ends = journal_.ends;
    streams.sinks = [this](std::uint32_t shard) -> journal::RecordSink& {
        return *journal_.folds[shard];
    };
    streams.trouble = [this](std::uint32_t shard) -> std::string {
        const Fold& fold = *journal_.folds[shard];
        if (!fold.failed()) return {};
        return "shard " + std::to_string(shard) + ", position " +
               std::to_string(fold.failed_at().value) + ": " + fold.why();
    };
    if (compares_states(options_)) streams.states = state_witness();
    streams_ =
        std::make_unique<replication::StandbyStreams>(*journal_.directory, std::move(streams));
}

// Its first byte says what is lost. A mark without one was not finished, or is an older program's.
Status StandbyCopy::remember_loss(bool only_memory) {
    std::unique_ptr<journal::File> mark;
    auto status = environment_.storage.open(mark_path(), journal::OpenMode::create, mark);
    if (status.fault == journal::StorageFault::exists)
        status = environment_.storage.open(mark_path(), journal::OpenMode::write, mark);
    const std::byte kind = only_memory ? only_memory_lost : more_lost;
    if (status.ok()) status = mark->write_at(0, std::span(&kind, 1));
    if (status.ok()) status = mark->sync();
    if (status.ok()) status = environment_.storage.sync_directory(options_.directory);
    if (!status.ok()) return journal::storage_error(status, "write down", mark_path());
    return Done{};
}

Status StandbyCopy::forgive_loss() {
    if (!may_have_lost_) return Done{};
    auto status = environment_.storage.remove(mark_path());
    if (status.ok()) status = environment_.storage.sync_directory(options_.directory);
    if (!status.ok()) return journal::storage_error(status, "remove", mark_path());
    may_have_lost_ = false;
    return Done{};
}

// Without the lock: what they do meanwhile is not ours, and they may be the last to know their
// engine.
void StandbyCopy::wait_for_writers() {
    std::shared_ptr<Writers> writers;
    {
        const std::lock_guard lock(writing_);
        writers = journal_.writers;
    }
    if (writers == nullptr) return;
    writers->wait();
    const std::lock_guard lock(writing_);
    journal_.writers.reset();  // not the last one
}

Status StandbyCopy::close() {
    wait_for_writers();
    const std::lock_guard lock(writing_);
    streams_.reset();
    Status closed{Done{}};
    if (journal_.directory != nullptr) closed = journal_.directory->close();
    journal_ = OpenedJournal{};
    return closed;
}

void StandbyCopy::close_as_it_is() {
    wait_for_writers();
    const std::lock_guard lock(writing_);
    streams_.reset();
    journal_ = OpenedJournal{};
}

Status StandbyCopy::adopt(const journal::Origin& origin, const std::vector<Position>& begins) {
    PAWL_ASSERT(!is_open());
    const Result<bool> existed = is_there();
    if (!existed) return existed.error();
    // Durable before there is a directory that could be believed.
    static_cast<void>(environment_.storage.make_directory(options_.directory));
    is_new_ = is_new_ || !*existed;
    if (Status noted =
            note_owner(environment_.storage, options_.directory, options_.replication.node);
        !noted)
        return noted;
    if (Status kept = remember_loss(false); !kept) return kept;
    journal::AdoptOptions adopt;
    adopt.path = options_.directory;
    adopt.origin = origin;
    adopt.heads = options_.heads;
    adopt.begins = begins;
    return journal::adopt_directory(environment_.storage, adopt);
}

Result<journal::CutReport> StandbyCopy::cut(const std::vector<journal::PartPoint>& parts,
                                            bool begins_anew) {
    PAWL_ASSERT(!is_open());
    if (begins_anew)
        if (Status kept = remember_loss(false); !kept) return kept.error();
    return journal::cut_directory(environment_.storage,
                                  directory_options(options_, *domain_, environment_), parts);
}

bool StandbyCopy::apply_all_soon() {
    PAWL_ASSERT(is_open());
    streams_->forget_waiting();
    static_cast<void>(streams_->apply_some());
    for (std::uint32_t shard = 0; shard < streams_->count(); ++shard)
        if (streams_->applied(shard) != streams_->received(shard)) return false;
    return true;
}

OpenedJournal StandbyCopy::take() {
    wait_for_writers();
    const std::lock_guard lock(writing_);
    PAWL_ASSERT(is_open());
    for (std::uint32_t shard = 0; shard < streams_->count(); ++shard)
        journal_.ends[shard] = streams_->end(shard);
    streams_.reset();
    return std::exchange(journal_, OpenedJournal{});
}

std::size_t StandbyCopy::write_some() {
    wait_for_writers();
    const std::lock_guard lock(writing_);
    if (journal_.directory == nullptr) return 0;
    std::size_t work = 0;
    if (notes_life_.load(std::memory_order_acquire) && next_boot() == 0 && !failed()) {
        if (Status noted = note_life(); !noted) fail(noted.error().sentence);
        ++work;
    }
    const std::int64_t now = environment_.clock.monotonic_ns();
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        journal::Journaler& journaler = journal_.directory->journaler(shard);
        work += journaler.do_work(now);
        work += journal_.directory->preparer(shard).do_work(now);
        if (journal_.directory->head(shard).make_present()) ++work;
        if (journaler.state() == journal::JournalerState::failed) fail(journaler.failure());
    }
    return work;
}

void StandbyCopy::fail(const std::string& sentence) {
    if (failed()) return;
    failure_ = sentence;
    failed_.store(true, std::memory_order_release);
}

}  // namespace pawl::detail
