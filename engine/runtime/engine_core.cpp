// Opening and closing an engine.
#include "engine/runtime/engine_core.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <random>
#include <utility>

#include "engine/ring/idle.hpp"
#include "engine/runtime/directory_owner.hpp"
#include "journal/posix_storage.hpp"
#include "pawl/detail/schema_hash.hpp"

namespace pawl::detail {

namespace {

constexpr std::int64_t gateway_sleep_ns = 200'000;

struct SystemWorld {
    std::unique_ptr<journal::Storage> storage = std::make_unique<journal::PosixStorage>();
    SystemClock clock;
};

}  // namespace

Status check_options(const EngineOptions& options) {
    const auto wrong = [](std::string sentence) {
        return Error{ErrorCode::usage, std::move(sentence)};
    };
    if (!options.transient && options.directory.empty())
        return wrong(
            "options: directory is empty: name one, or set transient to run without a journal");
    if (options.shards == 0 || options.shards > 1024)
        return wrong("options: shards is " + std::to_string(options.shards) + ": choose 1 to 1024");
    if (!std::has_single_bit(options.head_bytes) || options.head_bytes < (64U << 10))
        return wrong("options: head_bytes is " + std::to_string(options.head_bytes) +
                     ": choose a power of two of at least 65536");
    if (options.lane_lines < message_lines_max || options.lane_replies == 0 ||
        options.shared_queue_messages == 0)
        return wrong("options: a lane holds at least " + std::to_string(message_lines_max) +
                     " lines and 1 reply");
    if (options.snapshots_kept == 0 || options.snapshot_every.count() < 0)
        return wrong("options: snapshots_kept is at least 1 and snapshot_every not below 0");
    if (options.session_window == 0 || options.session_window > 60000 || options.sessions_max == 0)
        return wrong("options: session_window is 1 to 60000 and sessions_max at least 1");
    return Done{};
}

std::uint64_t system_random() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
}

Result<std::shared_ptr<Core>> open_core(const EngineOptions& options, Domain domain) {
    auto world = std::make_shared<SystemWorld>();
    const Environment environment{*world->storage, world->clock};
    return EngineCore::open(options, std::move(domain), environment, std::move(world));
}

Result<std::shared_ptr<Core>> EngineCore::open(const EngineOptions& options, Domain domain,
                                               Environment environment,
                                               std::shared_ptr<void> owner) {
    if (Status checked = check_options(options); !checked) return checked.error();
    const std::shared_ptr<EngineCore> core(
        new EngineCore(options, std::make_shared<const Domain>(std::move(domain)),
                       std::move(environment), std::move(owner)));
    if (Status listening = core->listen(); !listening) return listening.error();
    if (Status opened = core->open_parts(); !opened) return opened.error();
    core->start();
    core->closed_ = false;  // until here, whatever is thrown, there is nothing to drain
    return std::shared_ptr<Core>(core);
}

Result<std::shared_ptr<Core>> EngineCore::reign(std::shared_ptr<Node> node,
                                                std::shared_ptr<void> owner,
                                                std::unique_ptr<OpenGateway> gateway) {
    const StandbyCopy& copy = node->copy();
    const std::shared_ptr<EngineCore> core(
        new EngineCore(copy.options(), copy.domain(), copy.environment(), std::move(owner)));
    if (gateway != nullptr)
        core->take_gateway(std::move(gateway));
    else if (Status listening = core->listen(); !listening)
        return listening.error();
    core->node_ = std::move(node);
    if (Status opened = core->open_parts(); !opened) return opened.error();
    core->start();
    core->closed_ = false;
    return std::shared_ptr<Core>(core);
}

EngineCore::EngineCore(const EngineOptions& options, std::shared_ptr<const Domain> domain,
                       Environment environment, std::shared_ptr<void> owner)
    : options_(options),
      domain_(std::move(domain)),
      environment_owner_(std::move(owner)),
      environment_(std::move(environment)) {
    if (!environment_.random) environment_.random = system_random;
}

EngineCore::~EngineCore() {
    static_cast<void>(close(options_.close_deadline));
    remove_counters();
}

Status EngineCore::open_parts() {
    if (options_.threading != Threading::own) {
        bell_ = std::make_unique<Bell>();
        if (!bell_->ok())
            return Error{ErrorCode::io,
                         "engine: no event descriptor: raise the limit of open files"};
    }
    if (options_.transient) return open_transient();
    if (node_ != nullptr) return open_journaled(node_->take());
    if (!options_.replication.node.empty())
        return Error{ErrorCode::usage, "engine " + options_.directory +
                                           ": replication is set: open it as a Standby, "
                                           "and promote() that when its turn has come"};
    if (Status free = check_is_nobodys(environment_.storage, options_.directory); !free)
        return free;
    auto journal = OpenedJournal::open(options_, *domain_, environment_);
    if (!journal) return journal.error();
    return open_journaled(std::move(*journal));
}

Status EngineCore::open_transient() {
    const std::uint64_t run = environment_.random();
    for (auto& fold : make_folds(options_, *domain_))
        parts_.push_back(std::make_unique<ShardPart>(options_, std::move(fold)));
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        journal::HeadOptions head;
        head.path = options_.heads + "/pawl-transient-" + journal::to_hex(run) + "-" +
                    std::to_string(shard);
        head.shard = shard;
        head.capacity_bytes = options_.head_bytes;
        auto made = journal::Head::create(environment_.storage, head);
        if (!made) return made.error();
        // Nobody shall find it again: the memory lives as long as the mapping.
        static_cast<void>(environment_.storage.remove(head.path));
        parts_[shard]->own_head = std::move(*made);
    }
    if (Status made =
            make_counters(options_.heads + "/pawl-transient-" + journal::to_hex(run) + "-counters");
        !made)
        return made;
    const std::size_t record_max =
        std::min<std::size_t>(options_.head_bytes / 4, (1U << 20) - 4096);
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
        make_shard(shard, *parts_[shard]->own_head, nullptr, StreamEnd{}, run, record_max);
    make_traffic_counters();
    created_ = true;
    return Done{};
}

Status EngineCore::open_journaled(OpenedJournal journal) {
    directory_ = std::move(journal.directory);
    for (auto& fold : journal.folds)
        parts_.push_back(std::make_unique<ShardPart>(options_, std::move(fold)));
    tell_recovery(journal.told);
    const auto& manifest = directory_->manifest();
    if (Status made = make_counters(manifest.heads + "/pawl-" + journal::to_hex(manifest.identity) +
                                    "-counters");
        !made)
        return made;
    const std::size_t allowed =
        std::min<std::size_t>(directory_->record_bytes_max(), manifest.head_bytes / 4);
    const std::size_t record_max =
        options_.record_bytes_max == 0
            ? allowed
            : std::clamp<std::size_t>(options_.record_bytes_max, 4096, allowed);
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        const journal::ShardEnd& end = journal.ends[shard];
        make_shard(shard, directory_->head(shard), &directory_->journaler(shard),
                   StreamEnd{end.end, end.last_checksum, end.last_sequence, Time{end.last_time_ns}},
                   manifest.random_seed, record_max);
    }
    make_traffic_counters();
    make_history();
    if (Status written = write_opening_notes(journal.ends); !written) return written;
    if (node_ != nullptr) begin_reign(journal.ends);
    return Done{};
}

void EngineCore::tell_recovery(bool told) {
    for (const journal::ShardReport& report : directory_->report().shards) {
        const ShardPart& part = *parts_[report.shard];
        recovered_records_ += part.fold->records();
        recovered_events_ += part.fold->events();
        if (told) continue;
        replayed_records_ += report.records;
        if (!report.snapshot_path.empty())
            sentences_.push_back("snapshot " + report.snapshot_path + " stands for " +
                                 std::to_string(part.fold->records() - report.records) +
                                 " records; " + std::to_string(report.records) +
                                 " behind it were replayed");
        sentences_.insert(sentences_.end(), report.sentences.begin(), report.sentences.end());
    }
    created_ = !told && directory_->report().created;
}

Status EngineCore::make_counters(const std::string& path) {
    const std::uint64_t wanted =
        sizeof(CounterHeader) + options_.shards * std::uint64_t{96} * sizeof(CounterCell);
    const std::uint64_t bytes = std::bit_ceil(std::max<std::uint64_t>(wanted, 64U << 10));
    const auto mapped =
        environment_.storage.map_ring(path, bytes, journal::RingMode::create, counter_memory_);
    if (!mapped.ok()) return journal::storage_error(mapped, "map the counters", path);
    counter_path_ = path;
    counter_page_ = std::make_unique<CounterPage>(counter_memory_->ring(), bytes);
    return Done{};
}

void EngineCore::make_traffic_counters() {
    if (gateway_ != nullptr) client_counters_ = std::make_unique<TrafficCounters>(*counter_page_);
    if (node_ != nullptr) node_counters_ = std::make_unique<EndCounters>(*counter_page_, "nodes");
}

void EngineCore::remove_counters() {
    if (!counter_path_.empty()) static_cast<void>(environment_.storage.remove(counter_path_));
    counter_path_.clear();
}

void EngineCore::make_shard(std::uint32_t shard, journal::Head& head, journal::Journaler* journaler,
                            const StreamEnd& end, std::uint64_t random_seed,
                            std::size_t record_bytes_max) {
    ShardPart& part = *parts_[shard];
    part.head = &head;
    part.journaler = journaler;
    part.counters = std::make_unique<ShardCounters>(*counter_page_, shard);
    ShardOptions options;
    options.index = shard;
    options.record_bytes_max = record_bytes_max & ~(record_alignment - 1);
    options.random_seed = random_seed;
    options.halt_when_decide_throws = options_.halt_when_decide_throws;
    if (node_ != nullptr && compares_states(options_))
        options.hash_every_ns =
            std::chrono::nanoseconds(options_.replication.compare_every).count();
    part.shard = std::make_unique<Shard>(
        options, part.fold->machine(), part.fold->sessions(), head,
        Gate(head, journaler, node_ == nullptr ? nullptr : &node_->gate(shard), journal_bell_),
        environment_.clock, *part.counters);
    part.shard->go_on_at(end);
    part.shard->add_shared_port(part.queue, part.answers, options_.shared_queue_messages,
                                &reply_bell_);
}

// Every opening leaves its epoch in the stream, and its schema when that is not the last one there.
Status EngineCore::write_opening_notes(const std::vector<journal::ShardEnd>& ends) {
    // A directory that was a node's has seen epochs that were not counted here.
    std::uint64_t number = directory_->epoch();
    for (const journal::ShardEnd& end : ends)
        number = std::max(number, end.epochs.last_epoch() + 1);
    if (node_ != nullptr) number = node_->epoch();
    epoch_ = number;

    const SchemaRecord schema{schema_hash(domain_->schema_text),
                              static_cast<std::uint32_t>(domain_->schema_text.size()), 1};
    const EpochRecord epoch{number, environment_.random()};
    for (const auto& part : parts_) {
        bool written = part->shard->write_note(RecordKind::epoch, &epoch, sizeof epoch, {});
        if (written && part->fold->schema_hash() != schema.hash)
            written = part->shard->write_note(RecordKind::schema, &schema, sizeof schema,
                                              domain_->schema_text);
        if (!written)
            return Error{ErrorCode::usage,
                         "options: the schema has " + std::to_string(domain_->schema_text.size()) +
                             " bytes and does not fit one record: raise head_bytes"};
    }
    return Done{};
}

void EngineCore::begin_reign(const std::vector<journal::ShardEnd>& ends) {
    Reigning reigning;
    reigning.directory = directory_.get();
    for (const journal::ShardEnd& end : ends) {
        std::vector<journal::EpochStart> starts = end.epochs.starts();
        starts.push_back({node_->epoch(), end.end});
        epochs_.emplace_back(starts);
    }
    reigning.epochs = epochs_;
    reigning.hold = [this] {
        for (const auto& part : parts_) {
            part->shard->hold();
            part->bell.ring();
        }
    };
    reigning.held = [this] {
        return std::all_of(parts_.begin(), parts_.end(),
                           [](const auto& part) { return part->shard->held(); });
    };
    reigning.gate_moved = [this](std::uint32_t shard) { parts_[shard]->bell.ring(); };
    reigning.go_on = [this] {
        for (const auto& part : parts_) {
            part->shard->go_on();
            part->bell.ring();
        }
    };
    reigning.trace = [this](std::uint32_t shard, std::uint64_t first, std::span<std::uint32_t> to) {
        const StateHash* carried = parts_[shard]->fold->machine().carried_hash();
        return carried != nullptr && carried->copy(Sequence{first}, to);
    };
    node_->reign(std::move(reigning));
}

void EngineCore::start() {
    if (!sentences_.empty())
        for (const std::string& sentence : sentences_) notify(Notice::Kind::recovered, 0, sentence);
    serve_clients();
    if (options_.threading == Threading::none) return;
    crew_ = std::make_unique<Crew>();
    if (options_.threading == Threading::shared) {
        const auto all = [this] {
            std::size_t work = 0;
            for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
                work += shard_work(shard);
            return work + other_work();
        };
        crew_->add({.name = "pawl",
                    .do_work = all,
                    .idle = options_.idle,
                    .core = options_.cores.empty() ? -1 : options_.cores.front(),
                    .bell = bell_.get(),
                    .sleep = node_ != nullptr      ? node_->sleeper()
                             : gateway_ != nullptr ? gateway_->sleeper(gateway_sleep_ns)
                                                   : nullptr,
                    .costly = node_ != nullptr || gateway_ != nullptr});
        return;
    }
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        const int core = shard < options_.cores.size() ? options_.cores[shard] : -1;
        crew_->add({.name = "pawl-shard" + std::to_string(shard),
                    .do_work = [this, shard] { return shard_work(shard); },
                    .idle = options_.idle,
                    .core = core,
                    .bell = &parts_[shard]->bell});
    }
    disk_crew_ = std::make_unique<Crew>();
    disk_crew_->add({.name = "pawl-journal",
                     .do_work = [this] { return careful(&EngineCore::journal_work); },
                     .bell = &journal_bell_,
                     .prompt = true});
    disk_crew_->add({"pawl-house", [this] { return careful(&EngineCore::housekeeping_work); },
                     Idle::park, 10'000'000, -1});
    crew_->add(
        {.name = "pawl-reply", .do_work = [this] { return reply_work(); }, .bell = &reply_bell_});
    if (gateway_ != nullptr)
        crew_->add({.name = "pawl-gateway",
                    .do_work = [this] { return careful(&EngineCore::gateway_work); },
                    .bell = &gateway_bell_,
                    .sleep = gateway_->sleeper(gateway_sleep_ns)});
    if (node_ != nullptr)
        crew_->add({.name = "pawl-replica",
                    .do_work = [this] { return careful(&EngineCore::replica_work); },
                    .idle = options_.idle,
                    .bell = &replica_bell_,
                    .sleep = node_->sleeper(),
                    .costly = true,
                    .gives_way = true});
    if (directory_ != nullptr)
        crew_->add({.name = "pawl-history",
                    .do_work = [this] { return careful(&EngineCore::history_work); },
                    .park_max_ns = 20'000'000,
                    .background = true});
}

}  // namespace pawl::detail
