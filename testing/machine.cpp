// Processes begin and end; what they do in between is the production code's.
#include "testing/machine.hpp"

#include <algorithm>
#include <utility>

#include "engine/runtime/engine_core.hpp"
#include "engine/runtime/standby_core.hpp"

namespace pawl::sim {

Machine::Machine(const Surroundings& surroundings, std::string name, std::string peer,
                 bool may_begin)
    : with_(surroundings),
      name_(std::move(name)),
      peer_(std::move(peer)),
      may_begin_(may_begin),
      disk_(std::make_unique<Disk>(with_.pool, &clock_, nullptr)) {}

Machine::~Machine() {
    end_process();
}

EngineOptions Machine::options() {
    EngineOptions options;
    options.directory = "/disk/journal";
    options.shards = machine_shards;
    options.threading = Threading::none;
    options.segment_bytes = 64U << 10;
    options.head_bytes = 64U << 10;
    options.heads = "/memory";
    options.session_window = 256;
    options.sessions_max = 16;
    options.lane_lines = 64;
    options.lane_replies = 64;
    options.shared_queue_messages = 64;
    options.replication.node = name_;
    options.replication.address = name_;
    options.replication.peers = {{peer_, peer_}};
    options.replication.arbiter = "the simulation's";
    options.replication.may_begin = may_begin_;
    options.replication.policy = with_.policy;
    options.on_notice = [this](const Notice& notice) {
        with_.trace.note("says", name_ + ": " + notice.sentence,
                         static_cast<unsigned>(notice.kind));
    };
    return options;
}

void Machine::start() {
    PAWL_ASSERT(!runs());
    disk_->start();
    refusal_.clear();
    const std::uint64_t boot = mixed(with_.chance.next()) | 1U;
    with_.trace.note("a process begins", name_, boot);
    replication::LinkOptions link;
    link.boot = boot;
    detail::NodeWays ways;
    ways.connector = with_.network.connector(name_, link);
    ways.listener = with_.network.listen(name_, link);
    ways.arbiter = with_.arbiter.connect(name_, 50'000'000);
    ways.random = [this] { return with_.chance.next(); };
    detail::Environment environment{*disk_, clock_, [this] { return with_.chance.next(); }, false};
    auto core = detail::StandbyCore::open(options(), ListEngine::domain(), environment, boot,
                                          std::move(ways));
    if (!core) {
        refusal_ = core.error().sentence;
        with_.trace.note("is not opened", refusal_);
        disk_->kill();
        return;
    }
    standby_.emplace(ListStandby::on(std::move(core).value()));
}

// What a dead process still does reaches nobody.
void Machine::end_process() {
    disk_->kill();
    with_.network.process_dies(name_);
    with_.arbiter.cut_off(name_, true);
    {
        const Clock::RunAway in_haste(clock_);
        engine_.reset();
        standby_.reset();
    }
    with_.arbiter.cut_off(name_, false);
    paused_until_ns_ = 0;
}

void Machine::kill() {
    with_.trace.note("is killed", name_);
    end_process();
}

void Machine::cut_power() {
    with_.trace.note("loses power", name_);
    with_.network.machine_dies(name_);
    end_process();
    disk_->cut_power(with_.chance);
}

void Machine::replace() {
    with_.trace.note("is replaced", name_);
    with_.network.machine_dies(name_);
    end_process();
    disk_ = std::make_unique<Disk>(with_.pool, &clock_, nullptr);
}

void Machine::work() {
    if (!runs() || clock_.now() < paused_until_ns_) return;
    for (int pass = 0; pass < 2; ++pass) {
        if (engine_.has_value()) {
            static_cast<void>(engine_->poll());
            if (!engine_->failed()) continue;
            with_.trace.note("its engine ends", name_);
            {
                const Clock::RunAway in_haste(clock_);
                const Status closed = engine_->close(std::chrono::nanoseconds(0));
                if (!closed) with_.trace.note("does not close in order", closed.error().sentence);
            }
            engine_.reset();
            disk_->kill();  // whatever it left: the next process of this machine
            with_.network.process_dies(name_);
            start();
            return;
        }
        static_cast<void>(standby_->poll());
        const auto turn = standby_->wait_for_turn(std::chrono::nanoseconds(0));
        if (!turn) {
            refusal_ = turn.error().sentence;
            with_.trace.note("follows no more", refusal_);
            end_process();
            return;
        }
        if (!*turn) continue;
        auto engine = std::move(*standby_).promote();
        standby_.reset();
        if (!engine) {
            refusal_ = engine.error().sentence;
            with_.trace.note("is not promoted", refusal_);
            end_process();
            return;
        }
        engine_.emplace(std::move(*engine));
        ++reign_;
        with_.trace.note("reigns", name_, engine_->node_status().epoch);
    }
}

NodeStatus Machine::status() {
    return engine_ ? engine_->node_status() : standby_ ? standby_->status() : NodeStatus{};
}

bool Machine::is_whole() const {
    const auto files = disk_->files();
    const auto has = [&](const char* name) {
        return std::any_of(files.begin(), files.end(),
                           [&](const std::string& file) { return file.ends_with(name); });
    };
    return runs() && has("/manifest") && !has("/may_have_lost");
}

std::optional<std::vector<Numbers>> Machine::content() {
    std::vector<Numbers> all;
    for (Id id = 0; id < lists; ++id) {
        const auto numbers = [](const List& list) {
            return Numbers(list.numbers.begin(), list.numbers.end());
        };
        if (engine_) {
            all.push_back(engine_->query(id, numbers, use_future).get());
        } else if (standby_) {
            auto answer = standby_->query(id, numbers);
            if (!answer) return std::nullopt;
            all.push_back(std::move(answer->value));
        } else {
            return std::nullopt;
        }
    }
    return all;
}

}  // namespace pawl::sim
