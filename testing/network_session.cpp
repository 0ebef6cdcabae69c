// The client itself finds the primary and sends again; here is only what it is asked for.
#include "testing/network_session.hpp"

#include <chrono>
#include <utility>

#include "pawl/detail/submission.hpp"

namespace pawl::sim {
namespace {

// Some answers take longer: then a command is told as unknown first.
constexpr std::chrono::milliseconds patience{700};

}  // namespace

NetworkSession::NetworkSession(const ClientSurroundings& surroundings, std::string name,
                               Durability durability, Hear hear)
    : Session(std::move(name), durability, std::move(hear)), with_(surroundings) {
    begin();
}

NetworkSession::~NetworkSession() {
    client_->close();
}

void NetworkSession::begin() {
    replication::LinkOptions link;
    link.boot = with_.chance.next() | 1U;
    link.payload_bytes_max = replication::payload_bytes_min;
    link.unsent_bytes_max = 2 * replication::payload_bytes_min;
    connector_ = with_.network.connector(name(), link);
    ClientOptions options;
    options.servers = with_.servers;
    options.session = name();
    options.give_up_after = patience;
    pawl::detail::ClientWorld world{*connector_, [this] { return with_.now_ns; },
                                    [](std::int64_t) {}, [this] { return with_.chance.next(); },
                                    link.boot};
    client_ =
        std::make_shared<pawl::detail::ClientCore>(options, with_.schema_text, std::move(world));
    unsend();
}

void NetworkSession::begin_anew() {
    with_.network.process_dies(name());
    client_->close();
    begin();
    gives_numbers_ = with_.chance.coin();
    if (!gives_numbers_) forget_numbers();
}

void NetworkSession::work() {
    static_cast<void>(client_->poll(64, {}));
    if (client_->shard_count() == 0) return;
    send([this](Open& one) { return offer(one); });
}

bool NetworkSession::offer(Open& one) {
    if (gives_numbers_ && one.number == 0) one.number = new_number();
    pawl::detail::MessageParts parts;
    parts.header.aggregate = one.asked.id;
    parts.header.durability = static_cast<std::uint8_t>(durability()) & 0x0F;
    parts.header.number = one.number;
    one.asked.fill(parts);
    const std::uint32_t shard = pawl::detail::shard_of(one.asked.key, client_->shard_count());
    const Offer offer = client_->try_send(shard, parts, pawl::detail::ClientLink::Hears::callback,
                                          [this](const Reply& reply) { hear(reply.raw()); });
    if (offer != Offer::accepted) return false;
    if (!gives_numbers_) set_number(one, client_->next_number() - 1);
    return true;
}

void NetworkSession::hear(const pawl::detail::RawReply& reply) {
    Open* const one = find(reply.number);
    if (one == nullptr) return;
    if (!decides_nothing(reply)) return Session::hear(*one, reply);
    if (reply.reason == static_cast<std::uint16_t>(Refusal::outcome_unknown)) {
        ++told_unknown_;  // the client itself sends it on
        return;
    }
    refusal_ = "command " + std::to_string(reply.number) +
               " was refused: " + to_string(static_cast<Refusal>(reply.reason));
}

std::string NetworkSession::wrong() const {
    return client_->over() ? "it has given up: " + client_->why() : refusal_;
}

}  // namespace pawl::sim
