// Nothing that a client says is used before it was looked at, and nothing is dropped: what does not
// fit stays with the client.
#include "engine/runtime/client_connection.hpp"

#include <algorithm>

#include "pawl/detail/submission.hpp"

namespace pawl::detail {

using namespace replication;

namespace {
constexpr std::size_t replies_max = 512;    // in one frame, and kept here while there is no room
constexpr std::size_t commands_max = 1024;  // of one client in one pass
}  // namespace

ClientConnection::ClientConnection(Gateway& gateway, std::unique_ptr<Link> link,
                                   std::uint64_t number, std::int64_t now_ns)
    : gateway_(gateway), number_(number), since_ns_(now_ns), link_(std::move(link)) {
    const GatewayOptions& options = gateway.options_;
    HandshakeOptions greeting;
    greeting.name = options.name;
    greeting.boot = options.boot;
    greeting.epoch = gateway.epoch_;
    greeting.secret = options.secret;
    greeting.purpose = Purpose::client;
    greeting.also = Purpose::operation;
    greeting.time_ns_max = options.greeting_ns_max;
    handshake_ = std::make_unique<Handshake>(*link_, Side::called, greeting, options.random);
}

ClientConnection::~ClientConnection() {
    if (session_ != nullptr && session_->owner() == number_) session_->give_to(0);
}

std::size_t ClientConnection::do_work(std::int64_t now_ns) {
    if (state_ == State::over) return 0;
    if (state_ == State::greeting) return work_on_greeting(now_ns);
    std::size_t work = talk_->begin_work(now_ns);
    if (state_ == State::listening) work += hear_hello();
    if (state_ == State::listening && now_ns - since_ns_ > gateway_.options_.greeting_ns_max)
        faulty("no client_hello came in time");
    if (state_ == State::joining) work += join();
    if (state_ == State::operating) work += operator_->do_work(*talk_);
    if (state_ == State::open && !taken_over()) {
        work += take_commands();
        work += send_replies();
    }
    // Whoever is gone while it waits, for its welcome or for room, will say it all again.
    if ((state_ == State::joining || waiting_) && talk_->is_cut()) state_ = State::over;
    if (state_ != State::over && talk_->end() != TalkEnd::none) {
        if (talk_->end() == TalkEnd::faulty) ++gateway_.counters_.faulty;
        state_ = State::over;
    }
    if (state_ != State::over) work += talk_->end_work({});
    return work;
}

std::size_t ClientConnection::work_on_greeting(std::int64_t now_ns) {
    const HandshakeState state = handshake_->do_work(now_ns);
    if (state == HandshakeState::running) return 0;
    if (state == HandshakeState::over) {
        ++gateway_.counters_.turned_away;
        state_ = State::over;
        return 1;
    }
    TalkOptions options;
    options.epoch = gateway_.epoch_;
    options.reigns = true;
    options.heartbeat_ns = gateway_.options_.heartbeat_ns;
    options.silent_ns = gateway_.options_.silent_ns;
    talk_ = std::make_unique<Talk>(std::move(link_), options);
    const bool operates = handshake_->peer().purpose == Purpose::operation;
    handshake_.reset();
    state_ = operates ? State::operating : State::listening;
    if (operates) {
        operator_ = std::make_unique<OperatorTalk>(gateway_);
        static_cast<void>(talk_->begin_work(now_ns));
    } else if (gateway_.core() == nullptr) {
        static_cast<void>(talk_->begin_work(now_ns));
        send_away(gateway_.primary_address_);
    }
    return 1;
}

std::size_t ClientConnection::hear_hello() {
    const auto frame = talk_->next();
    if (!frame) return 0;
    ClientHello hello;
    if (frame->type != MessageType::client_hello || !decode(frame->payload, hello)) {
        faulty(std::string(to_string(frame->type)) + " came instead of a client_hello");
        return 1;
    }
    if (hello.fixed.schema_hash != gateway_.options_.schema_hash) {
        finish(TalkEnd::foreign,
               "the client was built with other commands and events than this engine: build both "
               "from the same aggregates",
               replication::Refusal::schema);
        return 1;
    }
    const std::string name(hello.session);
    const bool resumes = hello.fixed.resumes != 0;
    if (!resumes && !asked_again_ && gateway_.had_by_another(name, hello.fixed.life)) {
        asked_again_ = true;
        if (!talk_->send(HelloAgain{})) faulty("takes no question");
        return 1;
    }
    life_ = hello.fixed.life;
    last_number_ = hello.fixed.last_number;
    session_ = gateway_.take_session(name, life_, resumes, number_);
    if (session_ == nullptr) {
        superseded();
        return 1;
    }
    state_ = State::joining;
    return 1;
}

// What earlier connections of the session left is decided first: until then nobody knows where it
// stands.
std::size_t ClientConnection::join() {
    if (taken_over()) return 1;
    if (!session_->quiet()) return session_->forget_replies();
    if (!session_->ask_highest()) return 0;
    auto highest = session_->highest();
    if (!highest) return 0;
    if (last_number_ != 0 && *std::max_element(highest->begin(), highest->end()) > last_number_) {
        superseded();
        return 1;
    }
    ClientWelcome welcome;
    welcome.fixed.schema_hash = gateway_.options_.schema_hash;
    welcome.fixed.router_hash = gateway_.options_.router_hash;
    welcome.fixed.session_window = gateway_.options_.session_window;
    welcome.fixed.durability = static_cast<std::uint8_t>(gateway_.core()->default_durability());
    welcome.highest = std::move(*highest);
    if (!talk_->send(welcome)) return 0;
    gateway_.welcomed(*session_, life_);
    state_ = State::open;
    return 1;
}

bool ClientConnection::next_command() {
    if (!commands_.done()) return true;
    const auto frame = talk_->next();
    if (!frame) return false;
    replication::Commands commands;
    if (frame->type != MessageType::commands || !decode(frame->payload, commands)) {
        faulty(std::string(to_string(frame->type)) + " that no client sends");
        return false;
    }
    commands_ = CommandReader(commands.bytes);
    return true;
}

std::size_t ClientConnection::take_commands() {
    std::size_t done = 0;
    while (done < commands_max && replies_.replies.size() < replies_max) {
        if (waiting_) {
            if (!offer()) break;
            ++done;
            continue;
        }
        if (!next_command()) break;
        MessageParts parts = commands_.next();
        parts.header.captured_ns = gateway_.core()->now_ns();  // nobody's clock is believed
        std::uint32_t shard = 0;
        if (parts.header.kind == MessageKind::status) {
            if (parts.header.aggregate >= gateway_.core()->shard_count()) {
                faulty("a question to shard " + std::to_string(parts.header.aggregate));
                break;
            }
            shard = static_cast<std::uint32_t>(parts.header.aggregate);
            parts.header.aggregate = 0;
            parts.header.flags |= message_has_session;  // its own, whatever it asks
            parts.session = session_->id().value;
        } else {
            const Judged judged =
                gateway_.options_.judge(parts.header, static_cast<const std::byte*>(parts.payload),
                                        gateway_.core()->shard_count());
            if (judged.as == Judged::As::nonsense) {
                faulty("command type " + std::to_string(parts.header.command_type) + " with " +
                       std::to_string(parts.header.payload_bytes) +
                       " bytes is none of this engine's");
                break;
            }
            shard = judged.shard;
            if (judged.as == Judged::As::malformed) {
                answer(parts, pawl::Refusal::malformed, shard);
                ++done;
                continue;
            }
        }
        waiting_.emplace(parts);
        waiting_shard_ = shard;
    }
    return done;
}

// A full lane and a full disk are felt as back pressure: a command that were refused and sent again
// later could be decided behind its successors.
bool ClientConnection::offer() {
    const Offer offer = session_->send(waiting_shard_, *waiting_);
    switch (offer) {
        case Offer::back_pressured:
        case Offer::disk_full:
            return false;
        case Offer::closed:
        case Offer::not_primary:
            send_away(gateway_.primary_address_);
            return false;
        case Offer::accepted:
            ++gateway_.counters_.commands;
            break;
        case Offer::malformed:
        case Offer::unavailable: {
            MessageParts parts;
            parts.header = waiting_->header();
            answer(parts, refusal_of(offer), waiting_shard_);
            break;
        }
    }
    waiting_.reset();
    return true;
}

void ClientConnection::answer(const MessageParts& parts, pawl::Refusal refusal,
                              std::uint32_t shard) {
    RawReply reply;
    reply.token = parts.header.token;
    reply.number = parts.header.number;
    reply.shard = shard;
    reply.position = RawReply::no_record;
    reply.reason = static_cast<std::uint16_t>(refusal);
    replies_.replies.push_back(to_wire(reply));
}

std::size_t ClientConnection::send_replies() {
    if (state_ != State::open) return 0;
    std::size_t moved = 0;
    RawReplyRoom<64> room;
    while (replies_.replies.size() < replies_max) {
        const std::size_t count = session_->take(
            room.data(), std::min(room.size(), replies_max - replies_.replies.size()));
        for (std::size_t i = 0; i < count; ++i) replies_.replies.push_back(to_wire(room[i]));
        moved += count;
        if (count == 0) break;
    }
    if (!replies_.replies.empty() && talk_->send(replies_)) {
        gateway_.counters_.replies += replies_.replies.size();
        replies_.replies.clear();
    }
    return moved;
}

bool ClientConnection::taken_over() {
    if (session_->owner() == number_) return false;
    ++gateway_.counters_.taken_over;
    finish(TalkEnd::left, "a newer connection has the session");
    return true;
}

void ClientConnection::superseded() {
    finish(TalkEnd::refused, "a newer client has this session", replication::Refusal::busy);
}

void ClientConnection::send_away(const std::string& primary_address) {
    if (state_ == State::over) return;
    if (state_ == State::operating) {
        finish(TalkEnd::left, "the engine here has ended");
    } else if (talk_ != nullptr) {
        static_cast<void>(talk_->send(NotPrimary{primary_address}));
        finish(TalkEnd::refused, "this node takes no commands", replication::Refusal::role);
    }
    state_ = State::over;
}

void ClientConnection::faulty(const std::string& why) {
    finish(TalkEnd::faulty, why, replication::Refusal::other);
}

void ClientConnection::finish(TalkEnd end, const std::string& why,
                              std::optional<replication::Refusal> refusal) {
    if (state_ == State::over) return;
    state_ = State::over;
    if (end == TalkEnd::faulty) ++gateway_.counters_.faulty;
    talk_->finish(end, why, refusal);
}

}  // namespace pawl::detail
