// A node that is not primary: calls the primary, lets its copy grow, and mends the copy when the
// primary says so.
#include <algorithm>
#include <utility>

#include "engine/runtime/node.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::detail {

using replication::HandshakeState;
using replication::ReceiverState;
using replication::Refusal;
using replication::Role;
using replication::TalkEnd;
using replication::Todo;

namespace {

// A primary that is there answers within the first attempts; one that comes back is found soon.
// A primary that cannot serve is heard of often enough not to be taken for silent.
replication::RedialOptions redial_options(const ReplicationOptions& options) {
    const std::int64_t fail_after_ns = std::chrono::nanoseconds(options.fail_after).count();
    constexpr std::int64_t first_ns = 1'000'000;
    return {first_ns, std::clamp<std::int64_t>(fail_after_ns / 3, first_ns, 100'000'000)};
}

// Not only for the moment, as where another node is primary.
bool stays(Refusal refusal, bool by_peer) {
    switch (refusal) {
        case Refusal::other:
            return by_peer;
        case Refusal::epoch:
        case Refusal::role:
        case Refusal::busy:
            return false;
        default:
            return true;
    }
}

}  // namespace

std::size_t Node::follow() {
    if (copy_->failed()) {
        fail(copy_->failure());
        end_following(copy_->failure());
        return 0;
    }
    if (!roles_->acknowledges()) return 0;
    if (receiver_ == nullptr) {
        call_primary();
        return receiver_ != nullptr ? 1 : 0;
    }
    receiver_->acknowledges(!roles_->incomplete());
    const std::size_t work = receiver_->do_work(now_ns_);
    heard_primary();
    measure_age();
    if (receiver_->state() == ReceiverState::following) {
        redial_->worked();
        complaint_.forget();
    }
    if (receiver_->state() == ReceiverState::over) after_conversation();
    return work;
}

void Node::heard_primary() {
    const replication::Talk& talk = receiver_->talk();
    if (const auto known = receiver_->take_reign_told()) roles_->told(*known);
    roles_->heard_epoch(receiver_->epoch_seen());
    if (talk.counters().frames == frames_) return;
    frames_ = talk.counters().frames;
    roles_->heard(called_, talk.peer_boot(), now_ns_);
}

void Node::call_primary() {
    const std::string& name = roles_->reign()->primary().node;
    if (redial_ == nullptr || called_ != name) {
        const Peer* peer = find(name);
        calling_ = {};
        called_ = name;
        complaint_.forget();
        if (peer == nullptr) {
            redial_.reset();
            return complain(
                "it is primary and no peer of this node: name it and its address "
                "(--peer, --primary)");
        }
        redial_ = std::make_unique<replication::Redial>(
            *ways_.connector, peer->address, redial_options(options_.replication), ways_.random);
    }
    if (find(name)->remains != nullptr) return;  // what is said there is enough for the moment
    if (calling_.link == nullptr) {
        calling_.link = redial_->next(now_ns_);
        if (calling_.link == nullptr) return;
        calling_.handshake = std::make_unique<replication::Handshake>(
            *calling_.link, replication::Side::caller, greeting_options(), ways_.random);
    }
    const HandshakeState state = calling_.handshake->do_work(now_ns_);
    if (state == HandshakeState::running) return;
    Greeting answer = std::exchange(calling_, {});
    if (state == HandshakeState::over) {
        const replication::Handshake& greeting = *answer.handshake;
        if (stays(greeting.refusal(), greeting.refused_by_peer())) complain(greeting.why());
        return;
    }
    const replication::Peer who = answer.handshake->peer();
    roles_->heard_epoch(who.epoch);
    if (who.name != called_) return;  // another node has that address
    roles_->heard(who.name, who.boot, now_ns_);
    if (roles_->compares()) return tell_remains(*find(who.name), std::move(answer));
    if (who.boot != roles_->reign()->primary().boot) return;
    replication::ReceiverOptions receiver;
    receiver.talk = talk_options();
    receiver.directory = copy_->options().directory;
    receiver_ = std::make_unique<replication::Receiver>(copy_->environment().storage,
                                                        begin_anew_ ? nullptr : copy_->streams(),
                                                        std::move(answer.link), receiver);
    frames_ = 0;
    ends_ns_ = -1;
}

void Node::end_following(const std::string& why) {
    calling_ = {};
    if (receiver_ == nullptr) return;
    receiver_->raise_epoch(roles_->epoch_seen());  // whoever hears no arbiter hears this
    receiver_->stop(why);
    receiver_.reset();
}

void Node::after_conversation() {
    switch (receiver_->end()) {
        case TalkEnd::done:
            return change_directory();
        case TalkEnd::failed:
        case TalkEnd::foreign:
            fail(receiver_->why());
            break;
        case TalkEnd::refused:
            if (stays(receiver_->talk().refusal(), true)) complain(receiver_->why());
            break;
        default:  // it may be better the next time
            break;
    }
    receiver_.reset();
}

void Node::complain(const std::string& why) {
    if (complaint_.is_news(why, now_ns_))
        say(options_.replication.node + " cannot follow " + called_ + ": " + why);
}

void Node::change_directory() {
    const Todo todo = receiver_->todo();
    const auto parts = receiver_->parts();
    const auto begins = receiver_->begins();
    const journal::Origin origin = receiver_->origin();
    receiver_.reset();  // before the streams that it feeds
    if (todo == Todo::nothing) return;
    // From its first record on, like an adopted one: what was acknowledged from here has to come
    // again.
    bool begins_anew = false;
    for (std::uint32_t i = 0; i < parts.size(); ++i)
        begins_anew = begins_anew || (parts[i].position == Position{0} &&
                                      copy_->streams()->received(i) != Position{0});
    const std::string name = copy_->options().directory;
    copy_changes(todo == Todo::cut);
    if (copy_->is_open())
        if (Status closed = copy_->close(); !closed) return fail(closed.error().sentence);
    if (todo == Todo::cut) {
        const auto cut = copy_->cut(parts, begins_anew);
        if (!cut.ok()) {
            if (cut.error().code != ErrorCode::mismatch) return fail(cut.error().sentence);
            begin_anew_ = true;
            say("journal " + name + ": " + cut.error().sentence + "; it begins anew as a copy");
        } else {
            if (begins_anew) roles_->lost();
            for (const journal::ShardCut& shard : cut->shards)
                for (const std::string& sentence : shard.sentences) say(sentence);
        }
    } else {
        if (Status adopted = copy_->adopt(origin, begins); !adopted)
            return fail(adopted.error().sentence);
        begin_anew_ = false;
        roles_->lost();
        say("journal " + name + ": begins as a copy of " + called_ + "'s");
    }
    if (Status opened = open_copy(); !opened) fail(opened.error().sentence);
}

// The states are as fresh as the last sign of life whose ends they have reached.
void Node::measure_age() {
    if (!copy_->is_open() || receiver_->state() != ReceiverState::following) return;
    const std::uint32_t shards = copy_->options().shards;
    if (ends_ns_ < 0) {
        ends_.resize(shards);
        for (std::uint32_t shard = 0; shard < shards; ++shard)
            ends_[shard] = receiver_->primary_end(shard);
        ends_ns_ = receiver_->primary_heard_ns();
    }
    if (ends_ns_ < 0) return;
    const auto& streams = *copy_->streams();
    bool received = true;
    bool applied = true;
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
        received = received && streams.received(shard) >= ends_[shard];
        applied = applied && streams.applied(shard) >= ends_[shard];
    }
    // Whoever counts on this node does so for what the primary had before it said these.
    if (received && receiver_->talk().peer_boot() == roles_->reign()->primary().boot)
        roles_->is_level();
    if (!applied) return;
    fresh_ns_ = ends_ns_;
    ends_ns_ = -1;
}

// Readers look for their place again.
void Node::copy_changes(bool cut) {
    progress_->was_cut.store(cut, std::memory_order_release);
    progress_->copy.fetch_add(1, std::memory_order_acq_rel);
}

void Node::tell_progress() {
    if (!copy_->is_open()) return;
    for (std::uint32_t shard = 0; shard < copy_->options().shards; ++shard) {
        const std::uint64_t applied = copy_->streams()->applied(shard).value;
        const std::uint64_t synced = copy_->streams()->synced(shard).value;
        progress_->of(shard).applied.store(applied, std::memory_order_release);
        progress_->of(shard).on_disk.store(std::min(applied, synced), std::memory_order_release);
    }
    progress_->fresh_ns.store(fresh_ns_, std::memory_order_release);
}

void Node::prepare_to_reign() {
    PAWL_ASSERT(receiver_ == nullptr);
    if (ready_.load(std::memory_order_relaxed)) return;
    if (!copy_->is_open()) {
        if (Status made = open_copy(); !made) return fail(made.error().sentence);
        copy_changes(false);
    }
    const bool all = copy_->apply_all_soon();
    // What does not fit is never applied: that is no reason to wait for it.
    if (!copy_->streams()->trouble().empty()) return fail(copy_->streams()->trouble());
    if (!all || !copy_->life_is_noted()) return;
    ready_.store(true, std::memory_order_release);
}

}  // namespace pawl::detail
