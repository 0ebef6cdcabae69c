// Commands in, replies out.
#include "engine/client/client_core.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/schema_hash.hpp"

namespace pawl::detail {

using namespace replication;

namespace {

constexpr std::uint64_t question_bit = std::uint64_t{1} << 63;
constexpr std::int64_t sleep_ns = 1'000'000;  // while submit() waits: a welcome has no deadline

std::uint64_t not_zero(const RandomSource& random) {
    std::uint64_t number = 0;
    while (number == 0) number = random();
    return number;
}

}  // namespace

ClientCore::ClientCore(const ClientOptions& options, const std::string& schema_text,
                       ClientWorld world)
    : options_(options),
      schema_hash_(schema_hash(schema_text)),
      world_(std::move(world)),
      life_(not_zero(world_.random)),
      search_(options.servers, std::chrono::nanoseconds(options.pause_min).count(),
              std::chrono::nanoseconds(options.pause_max).count(), world_.random),
      next_question_(question_bit) {}

ClientCore::~ClientCore() {
    close();
}

void ClientCore::close() noexcept {
    end("the client was closed");
    ready_.clear();
}

Offer ClientCore::try_send(std::uint32_t shard, MessageParts& parts, Hears hears, Answer answer) {
    if (state_ == State::over) return Offer::closed;
    if (!welcomed_) {
        work();
        return Offer::back_pressured;
    }
    PAWL_ASSERT(shard < shards_);
    const std::uint64_t given = parts.header.number;
    const std::uint64_t number = given != 0 ? given : next_number_;
    if (number > number_max || (last_number_ != 0 && number <= last_number_))
        return Offer::malformed;
    if (!unanswered_.empty() && number - unanswered_.lowest_number() >= window_) {
        work();
        if (!unanswered_.empty() && number - unanswered_.lowest_number() >= window_)
            return Offer::back_pressured;
        if (state_ == State::over) return Offer::closed;
    }
    Unanswered one;
    one.token = unanswered_.next_token();
    one.number = number;
    one.shard = shard;
    one.hears = hears;
    one.answer = std::move(answer);
    const std::int64_t patience = options_.give_up_after.count();
    const std::int64_t now_ns = world_.now_ns();
    one.give_up_ns = patience >= INT64_MAX - now_ns ? INT64_MAX : now_ns + patience;
    parts.header.number = number;
    parts.header.token = one.token;
    append_command(one.bytes, parts);
    numbers_given_ = numbers_given_ || given != 0;
    unanswered_.add(std::move(one));
    last_number_ = number;
    next_number_ = number + 1;
    work();
    return Offer::accepted;
}

Offer ClientCore::send(std::uint32_t shard, MessageParts& parts, Hears hears, Answer answer,
                       std::chrono::nanoseconds patience) {
    const std::int64_t begin_ns = world_.now_ns();
    for (;;) {
        const Offer offer = try_send(shard, parts, hears, answer);
        if (offer != Offer::back_pressured || !welcomed_) return offer;
        if (world_.now_ns() - begin_ns >= patience.count()) return offer;
        world_.sleep(sleep_ns);
    }
}

std::size_t ClientCore::poll(std::size_t limit, const Answer& handler) {
    work();
    std::size_t handed = 0;
    for (; handed < limit && !ready_.empty(); ++handed) {
        const Ready ready = std::move(ready_.front());
        ready_.pop_front();  // first: the callback may come back here
        (ready.hears == Hears::handler ? handler : ready.answer)(ready.reply);
    }
    return handed;
}

void ClientCore::wait(std::chrono::nanoseconds longest) {
    work();
    if (!ready_.empty() || state_ == State::over) return;
    std::int64_t most_ns = std::min<std::int64_t>(longest.count(), 50'000'000);
    if (state_ == State::away)
        most_ns = std::min(most_ns, std::max<std::int64_t>(search_.due_ns() - now_ns_, 0));
    world_.sleep(most_ns);
    work();
}

bool ClientCore::poll_while_waiting() {
    work();
    if (state_ != State::over) world_.sleep(sleep_ns / 4);
    return true;
}

void ClientCore::ask_status(std::uint64_t number, Durability durability,
                            std::shared_ptr<FutureState<CommandStatus>> state) {
    if (state_ == State::over || number == 0) return state->set({});
    Question question;
    question.number = number;
    question.durability = durability;
    question.state = std::move(state);
    question.token = next_question_;
    next_question_ += shards_max;
    questions_.push_back(std::move(question));
    work();
}

// ---- answers ----

Reply ClientCore::unknown(const Unanswered& one) const {
    RawReply raw;
    raw.number = one.number;
    raw.shard = one.shard;
    raw.position = RawReply::no_record;
    raw.reason = static_cast<std::uint16_t>(pawl::Refusal::outcome_unknown);
    return Reply(raw, nullptr);
}

void ClientCore::tell(Unanswered& one, const Reply& reply, bool last) {
    switch (one.hears) {
        case Hears::nobody:
            return;
        case Hears::future:
            if (!one.told_unknown) one.answer(reply);
            return;
        case Hears::handler:
        case Hears::callback:
            ready_.push_back({one.hears, last ? std::move(one.answer) : one.answer, reply});
            return;
    }
}

// All are sent in order, so their patience ends in order.
void ClientCore::give_up() {
    while (Unanswered* one = unanswered_.from(patient_)) {
        if (one->give_up_ns > now_ns_) return;
        tell(*one, unknown(*one), false);
        one->told_unknown = true;
        ++counters_.told_unknown;
        patient_ = one->token + 1;
    }
}

// False: the connection is not to be believed, or is no use any more.
bool ClientCore::hear(const ReplyFixed& wire) {
    const RawReply reply = from_wire(wire);
    if ((reply.token & question_bit) != 0) return hear_status(reply);
    Unanswered* const one = reply.token < unsent_ ? unanswered_.find(reply.token) : nullptr;
    if (one == nullptr || one->number != reply.number || one->shard != reply.shard) {
        faulty("a reply to what was not sent");
        return false;
    }
    const auto refusal = static_cast<pawl::Refusal>(reply.reason);
    if (reply.outcome == Outcome::refused &&
        (refusal == pawl::Refusal::closed || refusal == pawl::Refusal::engine_failed)) {
        // Not an answer: what came of it is for the next primary to say.
        lost(server_ + " stops (" + std::string(to_string(refusal)) + ")", false);
        return false;
    }
    tell(*one, Reply(reply, nullptr), true);
    unanswered_.answered(*one);
    ++counters_.answered;
    return true;
}

bool ClientCore::hear_status(const RawReply& reply) {
    const std::uint64_t token = reply.token - reply.token % shards_max;
    const auto at = std::find_if(questions_.begin(), questions_.end(),
                                 [&](const Question& one) { return one.token == token; });
    if (at == questions_.end() || !at->sent || at->number != reply.number ||
        reply.token - token != reply.shard) {
        faulty("an answer to what was not asked");
        return false;
    }
    const auto weight = [](CommandStatus::Known known) {
        constexpr int weights[] = {0, 2, 3, 1};  // unknown, pending, answered, forgotten
        return weights[static_cast<std::size_t>(known)];
    };
    const auto known = static_cast<CommandStatus::Known>(reply.status);
    if (weight(known) > weight(at->best.known)) at->best = {known, Reply(reply, nullptr)};
    if (--at->left == 0) {
        const Question done = std::move(*at);
        questions_.erase(at);  // first: whoever waits may ask again
        done.state->set(done.best);
    }
    return true;
}

// ---- out ----

void ClientCore::send_commands() {
    const std::size_t most = std::min<std::size_t>(talk_->payload_bytes_max(), 64U << 10);
    while (state_ == State::open) {
        run_.clear();
        std::uint32_t count = 0;
        std::uint64_t token = unsent_;
        while (const Unanswered* one = unanswered_.from(token)) {
            if (sizeof(CommandsFixed) + run_.size() + one->bytes.size() > most) break;
            run_.insert(run_.end(), one->bytes.begin(), one->bytes.end());
            token = one->token + 1;
            ++count;
            if (one->token < sent_before_) ++counters_.sent_again;
        }
        if (count == 0 || !talk_->send(replication::Commands{{count, 0}, {}}, run_)) return;
        counters_.sent += count;
        unsent_ = token;
    }
}

void ClientCore::send_questions() {
    for (Question& one : questions_) {
        if (one.sent || state_ != State::open) continue;
        run_.clear();
        for (std::uint32_t shard = 0; shard < shards_; ++shard) {
            MessageParts parts;
            parts.header.kind = MessageKind::status;
            parts.header.aggregate = shard;
            parts.header.number = one.number;
            parts.header.token = one.token + shard;
            parts.header.durability = static_cast<std::uint8_t>(one.durability) & 0x0F;
            append_command(run_, parts);
        }
        if (!talk_->send(replication::Commands{{shards_, 0}, {}}, run_)) return;
        one.sent = true;
        one.left = shards_;
        one.best = {};
    }
}

}  // namespace pawl::detail
