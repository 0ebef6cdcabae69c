// Processes begin and end; what they do in between is the production code's.
#include "testing/machine.hpp"

#include <algorithm>
#include <utility>

#include "engine/runtime/engine_core.hpp"
#include "engine/runtime/standby_core.hpp"

namespace pawl::sim {
namespace {

pawl::detail::EngineCore& core_of(pawl::detail::Core& engine) {
    return static_cast<pawl::detail::EngineCore&>(engine);
}

}  // namespace

std::string clients_address(const std::string& name) {
    return name + ":clients";
}

Machine::Machine(const Surroundings& surroundings, std::string name, std::string peer,
                 bool may_begin)
    : with_(surroundings),
      name_(std::move(name)),
      peer_(std::move(peer)),
      may_begin_(may_begin),
      disk_(new_disk()) {}

Machine::~Machine() {
    end_process();
}

EngineOptions Machine::options() {
    EngineOptions options;
    options.directory = "/disk/journal";
    options.shards = with_.shards;
    options.threading = Threading::none;
    options.segment_bytes = with_.segment_bytes;
    options.head_bytes = with_.head_bytes;
    options.snapshot_every_bytes = with_.snapshot_every_bytes;
    if (with_.snapshot_every_bytes != 0) options.retention = Retention::remove;
    options.heads = "/memory";
    options.session_window = 256;
    options.sessions_max = 16;
    options.lane_lines = 64;
    options.lane_replies = 64;
    options.shared_queue_messages = 64;
    options.replication.node = name_;
    options.replication.address = name_;
    options.replication.peers = {{peer_, peer_, clients_address(peer_)}};
    options.replication.arbiter = "the simulation's";
    options.replication.may_begin = may_begin_;
    options.replication.policy = with_.policy;
    options.on_notice = [this](const Notice& notice) {
        with_.note("says", name_ + ": " + notice.sentence, 0);
    };
    return options;
}

pawl::detail::NodeWays Machine::ways(std::uint64_t boot) {
    boots_.push_back(boot);
    replication::LinkOptions link;
    link.boot = boot;
    pawl::detail::NodeWays ways;
    ways.connector = with_.network.connector(name_, link);
    ways.listener = with_.network.listen(name_, link);
    link.payload_bytes_max = replication::payload_bytes_min;
    link.unsent_bytes_max = 2 * replication::payload_bytes_min;
    ways.clients = with_.network.listen(clients_address(name_), link);
    ways.arbiter = with_.arbiter.connect(name_, 50'000'000);
    ways.random = [this] { return with_.chance.next(); };
    return ways;
}

void Machine::start() {
    PAWL_ASSERT(!runs());
    disk_->start();
    refusal_.clear();
    const std::uint64_t boot = mixed(with_.chance.next()) | 1U;
    with_.note("a process begins on", name_, boot);
    pawl::detail::Environment environment{*disk_, clock_, [this] { return with_.chance.next(); },
                                          false};
    auto core =
        pawl::detail::StandbyCore::open(options(), with_.domain, environment, boot, ways(boot));
    if (!core) {
        refusal_ = core.error().sentence;
        with_.note("a process does not begin:", name_ + ": " + refusal_, 0);
        disk_->kill();
        with_.arbiter.cut_off(name_, false);
        return;
    }
    standby_ = std::move(core).value();
}

void Machine::end_process() {
    disk_->kill();
    {
        const Clock::RunAway in_haste(clock_);
        if (engine_ != nullptr) static_cast<void>(engine_->close(engine_->close_deadline()));
        engine_.reset();
        standby_.reset();
    }
    with_.arbiter.cut_off(name_, false);
    paused_until_ns_ = 0;
    its_turn_ = false;
}

void Machine::kill() {
    with_.note("a process is killed on", name_, 0);
    end_process();
}

void Machine::cut_power() {
    with_.note("power is lost on", name_, 0);
    for (const std::string& address : {name_, clients_address(name_)})
        with_.network.machine_dies(address);
    end_process();
    disk_->cut_power(with_.chance);
}

void Machine::replace() {
    with_.note("a new machine with an empty disk is", name_, 0);
    for (const std::string& address : {name_, clients_address(name_)})
        with_.network.machine_dies(address);
    end_process();
    old_disks_.push_back(std::exchange(disk_, new_disk()));
    boots_.clear();
}

// A process may die in the middle of a call: what it still does reaches nobody.
std::unique_ptr<Disk> Machine::new_disk() {
    auto disk = std::make_unique<Disk>(with_.pool, &clock_, nullptr);
    disk->on_death = [this] {
        for (const std::string& address : {name_, clients_address(name_)})
            with_.network.process_dies(address);
        with_.arbiter.cut_off(name_, true);
    };
    return disk;
}

void Machine::work() {
    if (!runs() || clock_.now() < paused_until_ns_) return;
    for (int pass = 0; pass < 2 && !disk_->dead(); ++pass) {
        if (engine_ != nullptr) {
            static_cast<void>(engine_->poll());
            if (engine_->failed()) return end_engine();
            continue;
        }
        static_cast<void>(standby_->poll());
        const auto turn = standby_->wait_for_turn(std::chrono::nanoseconds(0));
        if (!turn) {
            refusal_ = turn.error().sentence;
            with_.note("follows no more:", name_ + ": " + refusal_, 0);
            end_process();
            return;
        }
        its_turn_ = its_turn_ || *turn;
        if (!its_turn_) continue;
        if (with_.chance.one_in(4)) return;  // who runs the process takes its time
        if (!become_engine()) return;
    }
}

// The same process goes on as a standby, in memory. False: it cannot; the engine has ended.
bool Machine::step_down() {
    auto core = core_of(*engine_).step_down(
        [this](std::uint64_t boot) -> Result<pawl::detail::NodeWays> { return ways(boot); });
    if (!core) with_.note("does not step down:", name_ + ": " + core.error().sentence, 0);
    if (!core) return false;
    engine_.reset();
    standby_ = std::move(core).value();
    with_.note("steps down in memory:", name_, 0);
    return true;
}

// Whatever it left: the next process of this machine.
void Machine::end_engine() {
    if (with_.chance.coin() && step_down()) return;
    with_.note("its engine ends:", name_, 0);
    {
        const Clock::RunAway in_haste(clock_);
        const Status closed = engine_->close(std::chrono::nanoseconds(0));
        if (!closed) with_.note("does not close in order:", closed.error().sentence, 0);
    }
    engine_.reset();
    disk_->kill();
    with_.arbiter.cut_off(name_, false);
    start();
}

bool Machine::become_engine() {
    its_turn_ = false;
    auto engine = standby_->promote();
    if (!engine.ok() && engine.error().code == ErrorCode::usage) {
        with_.note("has missed its turn:", name_, 0);
        return true;
    }
    standby_.reset();
    if (!engine) {
        refusal_ = engine.error().sentence;
        with_.note("is not promoted:", name_ + ": " + refusal_, 0);
        end_process();
        return false;
    }
    engine_ = std::move(*engine);
    ++reign_;
    epoch_ = engine_->node_status().epoch;
    begun_at_.clear();
    for (std::uint32_t shard = 0; shard < with_.shards; ++shard)
        begun_at_.push_back(core_of(*engine_).directory()->head(shard).committed());
    with_.note("reigns:", name_, epoch_);
    return true;
}

std::vector<std::uint64_t> Machine::kept() const {
    std::vector<std::uint64_t> first;
    for (std::uint32_t shard = 0; shard < with_.shards; ++shard)
        first.push_back(core_of(*engine_).directory()->kept(shard).position.value);
    return first;
}

bool Machine::has_begun_on_disk() const {
    if (engine_ == nullptr) return false;
    for (std::uint32_t shard = 0; shard < with_.shards; ++shard)
        if (core_of(*engine_).directory()->head(shard).synced() < begun_at_[shard]) return false;
    return true;
}

NodeStatus Machine::status() const {
    return engine_ != nullptr    ? engine_->node_status()
           : standby_ != nullptr ? standby_->status()
                                 : NodeStatus{};
}

bool Machine::is_whole() const {
    const auto files = disk_->files();
    const auto has = [&](const char* name) {
        return std::any_of(files.begin(), files.end(),
                           [&](const std::string& file) { return file.ends_with(name); });
    };
    return runs() && has("/manifest") && !has("/may_have_lost");
}

bool Machine::has_led(std::uint64_t boot) const noexcept {
    return std::find(boots_.begin(), boots_.end(), boot) != boots_.end();
}

}  // namespace pawl::sim
