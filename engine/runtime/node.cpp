// What a node does in every role: it hears, the roles decide, it obeys, then it speaks.
#include "engine/runtime/node.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/runtime/directory_owner.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

using replication::HandshakeState;
using replication::Role;

namespace {

replication::RoleOptions role_options(const NodeOptions& options) {
    const ReplicationOptions& given = options.replication;
    replication::RoleOptions roles;
    roles.self = {given.node, options.boot};
    for (const ReplicationPeer& peer : given.peers) roles.peers.push_back(peer.name);
    roles.policy = given.policy == ReplicationPolicy::strict ? replication::Policy::strict
                                                             : replication::Policy::available;
    roles.may_begin = given.may_begin;
    roles.fail_after_ns = std::chrono::nanoseconds(given.fail_after).count();
    roles.degrade_after_ns = std::chrono::nanoseconds(given.degrade_after).count();
    roles.hand_over_ns = std::chrono::nanoseconds(given.hand_over_within).count();
    return roles;
}

}  // namespace

// The agent comes back at once; whoever visits must not wait for its next pause.
class Node::Visit {
public:
    explicit Visit(const Node& node) : node_(node) {
        node_.visitors_.fetch_add(1, std::memory_order_relaxed);
        node_.working_.lock();
        node_.visitors_.fetch_sub(1, std::memory_order_relaxed);
    }
    ~Visit() { node_.working_.unlock(); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

private:
    const Node& node_;
};

Node::Node(const NodeOptions& options, std::unique_ptr<StandbyCopy> copy, NodeWays ways)
    : options_(options),
      copy_(std::move(copy)),
      ways_(std::move(ways)),
      progress_(std::make_shared<CopyProgress>(copy_->options().shards)) {
    PAWL_ASSERT(options_.boot != 0);
    for (const ReplicationPeer& peer : options_.replication.peers)
        peers_.push_back({.name = peer.name, .address = peer.address});
    for (std::uint32_t shard = 0; shard < copy_->options().shards; ++shard) {
        gates_.push_back(std::make_unique<journal::ReplicatedPositions>());
        needed_.push_back(std::make_unique<std::atomic<std::uint64_t>>(~std::uint64_t{0}));
        safe_.push_back(std::make_unique<std::atomic<std::uint64_t>>(0));
        slowest_.push_back(std::make_unique<std::atomic<std::uint64_t>>(~std::uint64_t{0}));
    }
}

Node::~Node() {
    receiver_.reset();  // before the streams that it feeds
}

Status Node::begin() {
    replication::Holdings holdings;
    const Result<bool> there = copy_->is_open() ? Result<bool>(true) : copy_->is_there();
    if (!there) return there.error();
    holdings.blank = !*there;
    if (holdings.blank) {
        auto lives = lives_in(copy_->environment().storage, copy_->options().directory);
        if (!lives.ok()) return lives.error();
        holdings.lives = std::move(lives).value();
    } else {
        if (!copy_->is_open())
            if (Status opened = open_copy(); !opened) return opened;
        copy_changes(false);
        holdings.epoch = copy_->journal().last_epoch();
        holdings.begun_epoch = copy_->journal().begun_epoch();
        holdings.may_have_lost = copy_->may_have_lost();
        holdings.lives = copy_->earlier_lives();
    }
    roles_ = std::make_unique<replication::RoleMachine>(role_options(options_), holdings,
                                                        std::move(ways_.arbiter));
    if (options_.known) roles_->told(*options_.known);
    return Done{};
}

std::optional<replication::KnownReign> Node::known_reign() const {
    const Visit visit(*this);
    return roles_->known();
}

std::string Node::namesake() const {
    const Visit visit(*this);
    return roles_->namesake();
}

Status Node::open_copy() {
    Status opened = copy_->open();
    for (const std::string& remark : copy_->take_remarks()) say(remark);
    return opened;
}

Node::Peer* Node::find(const std::string& name) {
    const auto found = std::find_if(peers_.begin(), peers_.end(),
                                    [&](const Peer& peer) { return peer.name == name; });
    return found == peers_.end() ? nullptr : &*found;
}

void Node::say(const std::string& sentence) const {
    if (options_.say) options_.say(sentence);
}

void Node::fail(const std::string& sentence) {
    if (failure_.empty()) failure_ = sentence;
}

std::string Node::failure() const {
    const Visit visit(*this);
    return failure_;
}

void Node::visit(const std::function<void(StandbyCopy&)>& visit) {
    const Visit visiting(*this);
    visit(*copy_);
}

Status Node::hand_over(const std::string& peer, AfterHandOver then) {
    const Visit visit(*this);
    const bool leaves = then == AfterHandOver::ends;
    return roles_->hand_over(
        peer, leaves ? replication::OldPrimary::leaves : replication::OldPrimary::stays, now_ns_);
}

void Node::accept_loss() {
    const Visit visit(*this);
    roles_->accept_loss();
}

NodeStatus Node::status() const {
    const Visit visit(*this);
    NodeStatus status;
    status.node = options_.replication.node;
    status.role = roles_->role();
    status.epoch = roles_->epoch();
    status.why = roles_->why();
    if (const auto& reign = roles_->reign()) {
        status.primary = reign->primary().node;
        for (const ReplicationPeer& peer : options_.replication.peers)
            if (peer.name == status.primary) status.primary_clients = peer.clients;
        status.in_sync = reign->in_sync();
    }
    for (const Peer& peer : peers_)
        if (peer.sender != nullptr)
            status.lag_bytes = std::max(status.lag_bytes, peer.sender->lag_bytes());
    if (reigns() || !copy_->is_open()) return status;
    for (std::uint32_t shard = 0; receiver_ != nullptr && shard < copy_->options().shards;
         ++shard) {
        const Position end = receiver_->primary_end(shard);
        const Position here = copy_->streams()->applied(shard);
        if (end > here) status.lag_bytes += end.value - here.value;
    }
    // By the clock as it is now: whoever asks a node that stood still must hear of it.
    const std::int64_t now_ns = copy_->environment().clock.monotonic_ns();
    if (fresh_ns_ >= 0)
        status.age = std::chrono::nanoseconds(std::max<std::int64_t>(now_ns - fresh_ns_, 0));
    return status;
}

std::size_t Node::do_work(std::int64_t now_ns) {
    while (visitors_.load(std::memory_order_relaxed) != 0) std::this_thread::yield();
    const std::lock_guard working(working_);
    now_ns_ = now_ns;
    hurries_disk_ = false;
    if (steps_down_) return 0;
    if (!failure_.empty()) {
        if (reigns()) end_reign();
        return 0;
    }
    std::size_t work = greet();
    work += reigns() ? serve() : compare() + follow();
    roles_->life_is_noted(!copy_->is_open() || copy_->life_is_noted());
    work += roles_->do_work(now_ns);
    if (copy_->is_open() && roles_->knows_what_it_said())
        copy_->note_life_soon(roles_->earlier_life_that_reigns());
    obey();
    if (!reigns()) tell_progress();
    hurries_disk_ = !reigns() && copy_->is_open() && copy_->streams()->take_hurry();
    for (const replication::RoleEvent& event : roles_->take_events()) say(event.sentence);
    return work;
}

bool Node::sleep(int bell_fd) {
    constexpr std::int64_t timers_ns = 500'000;   // finer than any that an option sets
    constexpr std::int64_t arbiter_ns = 100'000;  // its answer wakes nobody
    const std::int64_t max_ns = [this] {
        const std::lock_guard working(working_);
        return roles_->waits_for_arbiter() ? arbiter_ns : timers_ns;
    }();
    return ways_.sleep(max_ns, bell_fd);
}

std::function<bool(int)> Node::sleeper() {
    if (!ways_.sleep) return nullptr;
    return [this](int bell_fd) { return sleep(bell_fd); };
}

// Before anything else is said to anybody.
void Node::obey() {
    if (reigns()) {
        if (leads(roles_->role())) {
            move_gates();
            note_marks();
        } else {
            end_reign();
        }
        return;
    }
    if (!roles_->acknowledges()) end_following(roles_->why());
    if (copy_->may_have_lost() && !roles_->may_have_lost())
        if (Status forgiven = copy_->forgive_loss(); !forgiven) fail(forgiven.error().sentence);
    if (roles_->role() == Role::opening)
        prepare_to_reign();
    else
        ready_.store(false, std::memory_order_release);  // whoever was slow has missed its turn
}

// ---- meeting

replication::TalkOptions Node::talk_options() const {
    replication::TalkOptions talk;
    talk.epoch = reigns() ? roles_->epoch() : roles_->epoch_seen();
    talk.heartbeat_ns = std::chrono::nanoseconds(options_.replication.heartbeat).count();
    talk.silent_ns = std::chrono::nanoseconds(options_.replication.fail_after).count();
    return talk;
}

replication::HandshakeOptions Node::greeting_options() const {
    replication::HandshakeOptions greeting;
    greeting.name = options_.replication.node;
    greeting.boot = options_.boot;
    greeting.epoch = roles_->epoch_seen();
    greeting.secret = options_.replication.secret;
    const journal::Directory* directory =
        reigns() ? reigning_.directory : copy_->journal().directory.get();
    if (directory == nullptr || begin_anew_) return greeting;
    const journal::Manifest& manifest = directory->manifest();
    greeting.facts.identity = manifest.identity;
    greeting.facts.router_hash = manifest.router_hash;
    greeting.facts.shards = manifest.shards;
    return greeting;
}

std::size_t Node::greet() {
    std::size_t work = 0;
    while (auto link = ways_.listener != nullptr ? ways_.listener->accept() : nullptr) {
        ++work;
        Greeting greeting{std::move(link), nullptr};
        greeting.handshake = std::make_unique<replication::Handshake>(
            *greeting.link, replication::Side::called, greeting_options(), ways_.random);
        greetings_.push_back(std::move(greeting));
    }
    for (Greeting& greeting : greetings_) {
        const HandshakeState state = greeting.handshake->do_work(now_ns_);
        if (state == HandshakeState::admitted) admitted(std::move(greeting));
        if (state == HandshakeState::over) turn_away(*greeting.handshake);
        if (state != HandshakeState::running) ++work;
    }
    std::erase_if(greetings_, [](const Greeting& greeting) {
        return greeting.link == nullptr || greeting.handshake->state() != HandshakeState::running;
    });
    return work;
}

// A wrong secret, another version, no node of ours: it calls again and again.
void Node::turn_away(const replication::Handshake& caller) {
    if (caller.refused_by_us() && turned_away_.is_news(to_string(caller.refusal()), now_ns_))
        say(options_.replication.node + " turns a caller away: " + caller.why());
}

// A caller has shown who it is.
void Node::admitted(Greeting greeting) {
    const replication::Peer who = greeting.handshake->peer();
    const auto no = [&](replication::Refusal reason, const std::string& text) {
        replication::refuse(*greeting.link, roles_->epoch_seen(), reason, text);
        greeting.link.reset();
    };
    roles_->heard_epoch(who.epoch);
    Peer* peer = find(who.name);
    if (peer == nullptr)
        return no(replication::Refusal::other, options_.replication.node + " has no peer '" +
                                                   who.name +
                                                   "': start it with one of that name (--peer)");
    roles_->heard(who.name, who.boot, now_ns_);
    if (!reigns() && roles_->compares()) return tell_remains(*peer, std::move(greeting));
    if (!reigns() || !leads(roles_->role()))
        return no(replication::Refusal::role, options_.replication.node + " is not the primary");
    replication::SenderOptions sender;
    sender.talk = talk_options();
    sender.trace = reigning_.trace;
    peer->sender = std::make_unique<replication::Sender>(
        copy_->environment().storage, *reigning_.directory, std::move(greeting.link), sender,
        [this](std::uint32_t shard) { return reigning_.epochs[shard]; });
    peer->frames = 0;
    roles_->follows(who.name, false, 0);
}

void Node::leave(const std::string& why) {
    const Visit visit(*this);
    end_following(why);
    for (Peer& peer : peers_)
        if (peer.sender != nullptr) peer.sender->stop(why);
    for (Peer& peer : peers_) peer.remains.reset();
    greetings_.clear();
    ways_.listener.reset();  // the address is free for the next life
}

}  // namespace pawl::detail
