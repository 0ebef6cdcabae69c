// Opening, waiting, promoting.
#include "engine/runtime/standby_core.hpp"

#include <utility>

#include "engine/ring/idle.hpp"
#include "engine/runtime/engine_core.hpp"
#include "engine/runtime/heal_from_peers.hpp"
#include "engine/runtime/node_ways.hpp"
#include "engine/runtime/patience.hpp"
#include "journal/posix_storage.hpp"

namespace pawl::detail {

namespace {

struct SystemWorld {
    journal::PosixStorage storage;
    SystemClock clock;
};

// Clients that come to a standby wait for no decision.
constexpr std::int64_t gateway_sleep_ns = 2'000'000;
constexpr std::int64_t look_again_ns = 10'000'000;

Result<std::unique_ptr<FollowerCore>> open_follower_once(const EngineOptions& options,
                                                         const Domain& domain) {
    auto world = std::make_shared<SystemWorld>();
    const Environment environment{world->storage, world->clock, system_random};
    const std::uint64_t boot = system_random() | 1U;
    auto ways = open_ways(options.replication, boot, system_random, world->storage);
    if (!ways.ok()) return ways.error();
    return StandbyCore::open(options, domain, environment, boot, std::move(*ways),
                             std::move(world));
}

}  // namespace

// What is damaged here is whole on another node: then it is put back, and nothing was lost.
Result<std::unique_ptr<FollowerCore>> open_follower(const EngineOptions& options, Domain domain) {
    if (Status checked = check(options.replication); !checked) return checked.error();
    auto opened = open_follower_once(options, domain);
    if (opened.ok() || opened.error().code != ErrorCode::damaged) return opened;
    const Result<HealReport> healed = heal_from_peers(options);
    if (healed.ok() && !healed->healed.empty()) opened = open_follower_once(options, domain);
    if (opened.ok() || opened.error().code != ErrorCode::damaged) return opened;
    return Error{ErrorCode::damaged, opened.error().sentence + why_not_healed(options, healed)};
}

Result<std::unique_ptr<FollowerCore>> StandbyCore::open(const EngineOptions& options, Domain domain,
                                                        const Environment& environment,
                                                        std::uint64_t boot, NodeWays ways,
                                                        std::shared_ptr<void> owner) {
    if (Status checked = check_options(options); !checked) return checked.error();
    return begin(options,
                 std::make_unique<StandbyCopy>(
                     options, std::make_shared<const Domain>(std::move(domain)), environment, boot),
                 boot, std::move(ways), std::move(owner), std::nullopt);
}

Result<std::unique_ptr<FollowerCore>> StandbyCore::go_on(const EngineOptions& options,
                                                         std::shared_ptr<const Domain> domain,
                                                         const Environment& environment,
                                                         std::uint64_t boot, NodeWays ways,
                                                         std::shared_ptr<void> owner, Kept kept) {
    auto copy = std::make_unique<StandbyCopy>(options, std::move(domain), environment, boot);
    if (Status goes_on = copy->go_on(std::move(kept.journal)); !goes_on) return goes_on.error();
    return begin(options, std::move(copy), boot, std::move(ways), std::move(owner), kept.reign);
}

Result<std::unique_ptr<FollowerCore>> StandbyCore::begin(
    const EngineOptions& options, std::unique_ptr<StandbyCopy> copy, std::uint64_t boot,
    NodeWays ways, std::shared_ptr<void> owner,
    const std::optional<replication::KnownReign>& known) {
    const Domain& domain = *copy->domain();
    Result<std::unique_ptr<OpenGateway>> gateway =
        ways.clients == nullptr
            ? open_gateway(options, domain)
            : open_gateway(options, domain, std::move(ways.clients), boot, ways.random);
    if (!gateway) return gateway.error();
    NodeOptions node_options;
    node_options.replication = options.replication;
    node_options.boot = boot;
    node_options.known = known;
    if (options.on_notice)
        node_options.say = [on_notice = options.on_notice](const std::string& sentence) {
            on_notice(Notice{Notice::Kind::role, 0, sentence});
        };
    auto node = std::make_shared<Node>(node_options, std::move(copy), std::move(ways));
    if (Status begun = node->begin(); !begun) return begun.error();
    std::unique_ptr<StandbyCore> standby(new StandbyCore(std::move(node), std::move(owner)));
    standby->gateway_ = std::move(*gateway);
    standby->start();
    return std::unique_ptr<FollowerCore>(std::move(standby));
}

StandbyCore::StandbyCore(std::shared_ptr<Node> node, std::shared_ptr<void> owner)
    : owner_(std::move(owner)),
      shards_(node->copy().options().shards),
      node_(std::move(node)),
      stage_(std::make_shared<StandbyStage>()) {
    stage_->owner = owner_;
    stage_->clock = &node_->copy().environment().clock;
    stage_->progress = node_->progress();
    stage_->node = node_.get();
}

StandbyCore::~StandbyCore() {
    static_cast<void>(close());
}

std::size_t StandbyCore::node_work() {
    const std::size_t work = node_->do_work(node_->copy().environment().clock.monotonic_ns());
    if (node_->hurries_disk()) journal_bell_.ring();
    return work;
}

// Whoever comes is sent to the primary, as far as it is known here.
std::size_t StandbyCore::gateway_work() {
    if (gateway_ == nullptr) return 0;
    const std::int64_t now_ns = node_->copy().environment().clock.monotonic_ns();
    if (now_ns >= look_ns_) {
        look_ns_ = now_ns + look_again_ns;
        gateway_->gateway().set_status(node_->status());
    }
    return gateway_->gateway().do_work(now_ns);
}

void StandbyCore::start() {
    const EngineOptions& options = node_->copy().options();
    if (options.threading == Threading::none) return;
    const auto write = [this] { return node_->copy().write_some(); };
    if (options.threading == Threading::shared) {
        crew_.add({.name = "pawl",
                   .do_work = [this, write] { return node_work() + write() + gateway_work(); },
                   .idle = options.idle,
                   .sleep = node_->sleeper(),
                   .costly = true});
        return;
    }
    crew_.add({.name = "pawl-replica",
               .do_work = [this] { return node_work(); },
               .idle = options.idle,
               .bell = &replica_bell_,
               .sleep = node_->sleeper(),
               .costly = true,
               .gives_way = true});
    const auto write_and_ring = [this, write] {
        const std::size_t written = write();
        if (written != 0) replica_bell_.ring();  // what is on the disk is acknowledged
        return written;
    };
    crew_.add({.name = "pawl-journal",
               .do_work = write_and_ring,
               .bell = &journal_bell_,
               .prompt = true});
    if (gateway_ != nullptr)
        crew_.add({.name = "pawl-gateway",
                   .do_work = [this] { return gateway_work(); },
                   .sleep = gateway_->sleeper(gateway_sleep_ns),
                   .costly = true});
}

std::size_t StandbyCore::poll() {
    if (node_ == nullptr) return 0;
    return node_work() + node_->copy().write_some() + gateway_work();
}

Result<bool> StandbyCore::wait_for_turn(std::chrono::nanoseconds patience) {
    const auto give_up = end_of(patience);
    IdleStrategy idle(Idle::park);
    if (node_ == nullptr) return Error{ErrorCode::stopped, no_engine_};
    for (;;) {
        if (node_->ready_to_reign()) return true;
        if (const std::string broken = node_->failure(); !broken.empty())
            return Error{ErrorCode::stopped, broken};
        if (std::chrono::steady_clock::now() >= give_up) return false;
        const bool polled = node_->copy().options().threading == Threading::none;
        idle.idle(polled ? poll() : 0);
    }
}

// promote() has failed: there is neither a standby nor an engine.
NodeStatus StandbyCore::status() {
    if (node_ != nullptr) return node_->status();
    NodeStatus status;
    status.why = no_engine_;
    return status;
}

Result<std::shared_ptr<Core>> StandbyCore::promote() {
    if (node_ == nullptr) return Error{ErrorCode::stopped, no_engine_};
    crew_.stop();
    if (!node_->ready_to_reign()) {
        start();
        return Error{ErrorCode::usage,
                     "standby " + node_->copy().options().directory +
                         ": it is not its turn: wait_for_turn() says when it is, and may say no "
                         "again when another node was faster"};
    }
    leave_stage(false);
    const std::shared_ptr<StandbyStage> stage = stage_;
    auto core =
        EngineCore::reign(std::exchange(node_, nullptr), std::move(owner_), std::move(gateway_));
    const std::lock_guard lock(stage->mutex);
    stage->promoted = core.ok();
    stage->closed = !core.ok();
    if (core.ok())
        stage->engine = *core;
    else
        no_engine_ = core.error().sentence;
    return core;
}

// Readers find no copy here any more.
void StandbyCore::leave_stage(bool closed) {
    const std::lock_guard lock(stage_->mutex);
    stage_->node = nullptr;
    stage_->closed = closed;
    node_->progress()->over.store(true, std::memory_order_release);
}

std::unique_ptr<StreamFollower> StandbyCore::follow(const FollowOptions& options) {
    return std::make_unique<StandbyFollower>(stage_, shard_count(), options);
}

bool StandbyCore::ask(std::uint32_t shard, std::uint8_t aggregate_type, Id id, Question& question) {
    bool asked = false;
    if (node_ == nullptr) return asked;
    node_->visit([&](StandbyCopy& copy) {
        // Where a record did not fit, states may be of no moment of the history.
        if (!copy.is_open() || !copy.streams()->trouble().empty()) return;
        copy.journal().folds[shard]->machine().ask(aggregate_type, id, question);
        asked = true;
    });
    return asked;
}

std::uint64_t StandbyCore::state_hash() {
    std::uint64_t hash = 0;
    if (node_ == nullptr) return hash;
    node_->visit([&](StandbyCopy& copy) {
        for (const auto& fold : copy.journal().folds) hash += fold->machine().state_hash();
    });
    return hash;
}

Status StandbyCore::close() {
    if (node_ == nullptr) return Done{};
    crew_.stop();
    leave_stage(true);
    gateway_.reset();
    node_->leave("standby " + node_->copy().options().directory + " is closed");
    return node_->copy().close();
}

}  // namespace pawl::detail
