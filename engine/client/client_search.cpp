// Finding the primary, being welcomed, losing it again.
#include <algorithm>
#include <utility>

#include "engine/client/client_core.hpp"

namespace pawl::detail {

using namespace replication;

namespace {

constexpr std::int64_t greeting_ns_max = 1'000'000'000;
// A session's earlier commands are decided first, perhaps on a slow disk.
constexpr std::int64_t joining_ns_max = 5'000'000'000;
constexpr std::int64_t heartbeat_ns = 1'000'000'000;

bool waiting_changes_nothing(replication::Refusal refusal) noexcept {
    switch (refusal) {
        case replication::Refusal::version:
        case replication::Refusal::secret:
        case replication::Refusal::schema:
            return true;
        default:
            return false;
    }
}

}  // namespace

void ClientCore::work() {
    // A coroutine that waited for a future goes on in here, and may submit again.
    if (state_ == State::over || std::exchange(working_, true)) return;
    now_ns_ = world_.now_ns();
    if (state_ == State::away && now_ns_ >= search_.due_ns()) call();
    if (state_ == State::greeting) work_on_greeting();
    if (state_ == State::joining) join();
    if (state_ == State::open) {
        static_cast<void>(talk_->begin_work(now_ns_));
        hear();
    }
    if (state_ == State::open) {
        send_commands();
        send_questions();
        static_cast<void>(talk_->end_work({}));
    }
    give_up();
    working_ = false;
}

void ClientCore::call() {
    ++counters_.calls;
    calling_ = search_.next();
    link_ = world_.connector.connect(calling_);
    HandshakeOptions greeting;
    greeting.name = "client";
    greeting.boot = world_.boot;
    greeting.epoch = epoch_;
    greeting.secret = options_.secret;
    greeting.purpose = Purpose::client;
    greeting.time_ns_max = greeting_ns_max;
    handshake_ = std::make_unique<Handshake>(*link_, Side::caller, greeting, world_.random);
    state_ = State::greeting;
    since_ns_ = now_ns_;
}

void ClientCore::work_on_greeting() {
    const HandshakeState state = handshake_->do_work(now_ns_);
    if (state == HandshakeState::running) return;
    if (state == HandshakeState::over)
        return lost(handshake_->why(), waiting_changes_nothing(handshake_->refusal()));
    epoch_ = std::max(epoch_, handshake_->peer().epoch);
    calling_boot_ = handshake_->peer().boot;
    TalkOptions options;
    options.epoch = epoch_;
    options.heartbeat_ns = heartbeat_ns;
    options.silent_ns = std::chrono::nanoseconds(options_.silent_after).count();
    handshake_.reset();
    talk_ = std::make_unique<Talk>(std::move(link_), options);
    static_cast<void>(talk_->begin_work(now_ns_));
    if (!say_hello()) return;
    state_ = State::joining;
    since_ns_ = now_ns_;
}

// Of the session; higher ones are another life's. 0: that cannot be said.
std::uint64_t ClientCore::numbers_end() const noexcept {
    return numbers_given_ || last_number_ == 0 ? 0 : std::max(last_number_, highest_at_first_);
}

// False: the connection is lost.
bool ClientCore::say_hello() {
    ClientHello hello;
    hello.fixed.schema_hash = schema_hash_;
    hello.fixed.life = life_;
    hello.fixed.last_number = numbers_end();
    hello.fixed.resumes = welcomed_by_ == calling_boot_ ? 1 : 0;
    hello.session = options_.session;
    const bool said = talk_->send(hello);
    if (!said) lost(calling_ + ": takes no hello", false);
    return said;
}

void ClientCore::join() {
    static_cast<void>(talk_->begin_work(now_ns_));
    const auto frame = talk_->next();
    if (!frame) {
        if (talk_->end() == TalkEnd::none && now_ns_ - since_ns_ > joining_ns_max)
            return lost(calling_ + ": did not welcome us in time", false);
        if (talk_->end() == TalkEnd::none) {
            static_cast<void>(talk_->end_work({}));
            return;
        }
        if (talk_->end() == TalkEnd::refused && talk_->refusal() == replication::Refusal::busy)
            return end("session " + options_.session +
                       ": another client has it: give each client a session of its own");
        return lost(talk_->why(),
                    talk_->end() == TalkEnd::refused && waiting_changes_nothing(talk_->refusal()));
    }
    if (frame->type == MessageType::not_primary) {
        NotPrimary there;
        if (!decode(frame->payload, there)) return faulty("malformed not_primary");
        if (!there.address.empty()) search_.hint(std::string(there.address));
        return lost(calling_ + ": is not primary", false);
    }
    if (frame->type == MessageType::hello_again) {
        HelloAgain again;
        if (!decode(frame->payload, again)) return faulty("malformed hello_again");
        if (say_hello()) static_cast<void>(talk_->end_work({}));
        return;
    }
    ClientWelcome said;
    if (frame->type != MessageType::client_welcome || !decode(frame->payload, said))
        return faulty(std::string(to_string(frame->type)) + " came instead of a welcome");
    welcome(said);
}

void ClientCore::welcome(const ClientWelcome& said) {
    const std::uint64_t highest = *std::max_element(said.highest.begin(), said.highest.end());
    if (said.fixed.schema_hash != schema_hash_) return faulty("another schema");
    if (highest > number_max)
        return end("session " + options_.session + ": number " + std::to_string(highest) +
                   " has an outcome, and few are left: give the client another session");
    if (welcomed_ && said.fixed.shards != shards_)
        return lost(calling_ + ": has " + std::to_string(said.fixed.shards) + " shards, before " +
                        std::to_string(shards_),
                    true);
    if (!welcomed_ || last_number_ == 0) {
        shards_ = said.fixed.shards;
        window_ = said.fixed.session_window;
        highest_at_first_ = highest;
        // An older life of this session may still have a window of commands under way. Numbers
        // that it cannot have given keep its outcomes and ours apart.
        next_number_ = highest + window_ + 1;
        welcomed_ = true;
    } else if (numbers_end() != 0 && highest > numbers_end()) {
        return end("session " + options_.session + ": another client has used number " +
                   std::to_string(highest) + ", ours end at " + std::to_string(last_number_) +
                   ": give each client a session of its own");
    }
    window_ = std::min(window_, said.fixed.session_window);
    durability_ = static_cast<Durability>(said.fixed.durability);
    welcomed_by_ = calling_boot_;
    search_.worked();
    in_vain_ = 0;
    ++counters_.welcomed;
    server_ = calling_;
    sent_before_ = std::max(sent_before_, unsent_);
    unsent_ = 1;
    for (Question& one : questions_) one.sent = false;
    state_ = State::open;
    since_ns_ = now_ns_;
}

void ClientCore::hear() {
    while (state_ == State::open) {
        const auto frame = talk_->next();
        if (!frame) {
            if (talk_->end() == TalkEnd::none) return;
            // `left`: the server ends it in order, perhaps because a newer client has the session:
            // coming back tells.
            return lost(talk_->why(), false);
        }
        if (frame->type == MessageType::not_primary) {
            NotPrimary there;
            if (!decode(frame->payload, there)) return faulty("malformed not_primary");
            if (!there.address.empty()) search_.hint(std::string(there.address));
            return lost(server_ + ": is not primary any more", false);
        }
        if (frame->type != MessageType::replies || !decode(frame->payload, replies_))
            return faulty(std::string(to_string(frame->type)) + " that no server sends");
        for (const ReplyFixed& reply : replies_.replies)
            if (!hear(reply)) return;
    }
}

// Nothing that the connection says is taken any more; everything unanswered will be sent again.
void ClientCore::lost(const std::string& why, bool for_good) {
    why_ = why;
    server_.clear();
    if (talk_ != nullptr) epoch_ = std::max(epoch_, talk_->epoch());
    handshake_.reset();
    link_.reset();
    talk_.reset();
    state_ = State::away;
    search_.failed(now_ns_);
    in_vain_ = for_good ? in_vain_ + 1 : 0;
    hopeless_ = in_vain_ >= options_.servers.size();
}

void ClientCore::faulty(const std::string& why) {
    ++counters_.faulty;
    const std::string sentence = calling_ + ": " + why;
    if (talk_ != nullptr) talk_->finish(TalkEnd::faulty, sentence, replication::Refusal::other);
    lost(sentence, false);
}

// Nobody will ever answer: what is not known stays unknown.
void ClientCore::end(const std::string& why) {
    if (state_ == State::over) return;
    lost(why, true);
    state_ = State::over;
    while (Unanswered* one = unanswered_.from(1)) {
        if (!one->told_unknown) tell(*one, unknown(*one), true);
        unanswered_.answered(*one);
    }
    for (const Question& one : questions_) one.state->set({});
    questions_.clear();
}

}  // namespace pawl::detail
