// The C interface, function by function. Knows the façade's core; no exception leaves it.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "engine/c_api/c_machine.hpp"
#include "pawl/archive.hpp"
#include "pawl/detail/submission.hpp"

struct pawl_engine {
    std::shared_ptr<pawl::detail::Core> core;
    std::size_t state_bytes;
};

namespace {

using pawl::Offer;
using namespace pawl::detail;

std::string& last_error() {
    thread_local std::string sentence;
    return sentence;
}

int failed(int code, std::string sentence) {
    last_error() = std::move(sentence);
    return code;
}

int failed(const pawl::Error& error) {
    return failed(static_cast<int>(error.code), error.sentence);
}

int offered(Offer offer) {
    switch (offer) {
        case Offer::accepted:
            return PAWL_OK;
        case Offer::back_pressured:
            return failed(PAWL_BACK_PRESSURED, "engine: the queue is full: try again later");
        case Offer::disk_full:
            return failed(PAWL_DISK_FULL, "engine: no room for another segment: make room");
        case Offer::unavailable:
            return failed(PAWL_USAGE,
                          "engine: this durability is not to be had here: ask for a weaker one");
        case Offer::malformed:
        case Offer::not_primary:
        case Offer::closed:
            break;
    }
    return failed(PAWL_CLOSED, "engine: it is closed or closing: open it again");
}

pawl_reply to_c(const RawReply& raw) {
    pawl_reply reply{};
    reply.outcome = static_cast<pawl_outcome>(raw.outcome);
    reply.reason = raw.reason;
    reply.event_count = raw.event_count;
    reply.shard = raw.shard;
    reply.version = raw.version;
    reply.sequence = raw.sequence;
    reply.number = raw.number;
    reply.repeat = raw.repeat ? 1 : 0;
    return reply;
}

class CCallback final : public Completion {
public:
    CCallback(pawl_on_reply on_reply, void* user) : on_reply_(on_reply), user_(user) {}
    void complete(const RawReply& raw) noexcept override {
        const pawl_reply reply = to_c(raw);
        on_reply_(&reply, user_);
        delete this;
    }

private:
    pawl_on_reply on_reply_;
    void* user_;
};

// Copies a state on its shard.
class StateCopy final : public Question, public Completion {
public:
    StateCopy(void* to, std::size_t bytes, std::shared_ptr<FutureState<std::uint64_t>> done)
        : to_(to), bytes_(bytes), done_(std::move(done)) {}
    void answer(const void* state, pawl::Version version) noexcept override {
        if (state != nullptr)
            std::memcpy(to_, state, bytes_);
        else
            std::memset(to_, 0, bytes_);
        version_ = version.value;
        answered_ = true;
    }
    void complete(const RawReply&) noexcept override {
        if (answered_)
            done_->set(version_);
        else
            done_->abandon();
        delete this;
    }

private:
    void* to_;
    std::size_t bytes_;
    std::shared_ptr<FutureState<std::uint64_t>> done_;
    std::uint64_t version_ = 0;
    bool answered_ = false;
};

MessageParts parts_of(Core& core, std::uint64_t id, std::uint16_t type, const void* command,
                      std::size_t bytes, const pawl_submit_options* options) {
    pawl::SubmitOptions submit;
    if (options != nullptr) {
        if (options->session != nullptr) submit.session = pawl::session_id(options->session);
        submit.number = pawl::CommandNumber{options->number};
        submit.correlation = options->correlation;
        submit.cause = options->cause;
        if (options->has_expected_version != 0)
            submit.expected_version = pawl::Version{options->expected_version};
    }
    MessageParts parts = parts_for(core, id, submit);
    parts.header.command_type = type;
    parts.header.payload_bytes = static_cast<std::uint16_t>(bytes);
    parts.payload = command;
    return parts;
}

int send(pawl_engine* engine, std::uint64_t id, MessageParts& parts, Completion* completion,
         bool wait) {
    if (completion != nullptr) {
        parts.header.flags |= message_wants_reply;
        parts.header.token = reinterpret_cast<std::uint64_t>(completion);
    }
    const MessageBuffer message(parts);
    const std::uint32_t shard = shard_of(pawl::ShardKey{id}, engine->core->shard_count());
    return offered(wait ? engine->core->send(shard, message, std::chrono::nanoseconds::max())
                        : engine->core->try_send(shard, message));
}

int too_long(std::size_t bytes) {
    return failed(PAWL_USAGE, "command of " + std::to_string(bytes) + " bytes: at most " +
                                  std::to_string(pawl::command_bytes_max) + " fit");
}

}  // namespace

extern "C" {

pawl_engine* pawl_open(const pawl_options* options, const pawl_domain* domain) {
    if (options == nullptr || options->directory == nullptr || domain == nullptr ||
        domain->decide == nullptr || domain->apply == nullptr || domain->name == nullptr ||
        domain->state_bytes == 0) {
        failed(PAWL_USAGE,
               "pawl_open: give it a directory, and a domain with name, state_bytes, decide and "
               "apply");
        return nullptr;
    }
    pawl::EngineOptions engine;
    engine.directory = options->directory;
    if (options->shards != 0) engine.shards = options->shards;
    engine.threading = static_cast<pawl::Threading>(options->threading);
    engine.durability = static_cast<pawl::Durability>(options->durability);
    if (options->segment_bytes != 0) engine.segment_bytes = options->segment_bytes;
    if (options->head_bytes != 0) engine.head_bytes = options->head_bytes;
    constexpr std::uint64_t ms_max = std::uint64_t{1} << 40;
    engine.snapshot_every_bytes = options->snapshot_every_bytes;
    engine.snapshot_every = std::chrono::milliseconds(std::min(options->snapshot_every_ms, ms_max));
    if (options->snapshots_kept != 0) engine.snapshots_kept = options->snapshots_kept;
    engine.retention = static_cast<pawl::Retention>(options->retention);
    Domain rules;
    rules.schema_text = schema_text(*domain);
    rules.make_machine = [copy = *domain](std::uint32_t shard, std::uint32_t,
                                          std::pmr::memory_resource* memory) {
        return std::make_unique<ByteMachine>(copy, shard, memory);
    };
    auto core = open_core(engine, std::move(rules));
    if (!core) {
        failed(core.error());
        return nullptr;
    }
    return new pawl_engine{std::move(core).value(), domain->state_bytes};
}

int pawl_close(pawl_engine* engine) {
    if (engine == nullptr) return PAWL_OK;
    const pawl::Status closed = engine->core->close(engine->core->close_deadline());
    delete engine;
    return closed ? static_cast<int>(PAWL_OK) : failed(closed.error());
}

int pawl_submit(pawl_engine* engine, uint64_t id, uint16_t type, const void* command, size_t bytes,
                const pawl_submit_options* options) {
    if (bytes > pawl::command_bytes_max) return too_long(bytes);
    MessageParts parts = parts_of(*engine->core, id, type, command, bytes, options);
    return send(engine, id, parts, nullptr, true);
}

int pawl_submit_callback(pawl_engine* engine, uint64_t id, uint16_t type, const void* command,
                         size_t bytes, const pawl_submit_options* options, pawl_on_reply on_reply,
                         void* user) {
    if (bytes > pawl::command_bytes_max) return too_long(bytes);
    MessageParts parts = parts_of(*engine->core, id, type, command, bytes, options);
    auto callback = std::make_unique<CCallback>(on_reply, user);
    const int sent = send(engine, id, parts, callback.get(), false);
    if (sent == PAWL_OK) static_cast<void>(callback.release());
    return sent;
}

int pawl_call(pawl_engine* engine, uint64_t id, uint16_t type, const void* command, size_t bytes,
              const pawl_submit_options* options, pawl_reply* reply) {
    if (bytes > pawl::command_bytes_max) return too_long(bytes);
    MessageParts parts = parts_of(*engine->core, id, type, command, bytes, options);
    auto state = std::make_shared<FutureState<pawl::Reply>>(engine->core);
    auto completion = std::make_unique<FutureCompletion>(state, engine->core.get());
    const int sent = send(engine, id, parts, completion.get(), true);
    if (sent != PAWL_OK) return sent;
    static_cast<void>(completion.release());
    state->wait_until({}, true);
    *reply = to_c(state->value().raw());
    return PAWL_OK;
}

int pawl_read(pawl_engine* engine, uint64_t id, void* state, size_t state_bytes,
              uint64_t* version) {
    if (state_bytes != engine->state_bytes)
        return failed(PAWL_USAGE, "pawl_read: a state has " + std::to_string(engine->state_bytes) +
                                      " bytes, not " + std::to_string(state_bytes));
    auto done = std::make_shared<FutureState<std::uint64_t>>(engine->core);
    auto* copy = new StateCopy(state, state_bytes, done);
    Question* question = copy;
    MessageParts parts = parts_of(*engine->core, id, 0, &question, sizeof question, nullptr);
    parts.header.kind = MessageKind::question;
    const int sent = send(engine, id, parts, copy, true);
    if (sent != PAWL_OK) {
        copy->complete(RawReply{});
        return sent;
    }
    if (!done->wait_until({}, true)) return offered(Offer::closed);
    *version = done->value();
    return PAWL_OK;
}

uint64_t pawl_state_hash(pawl_engine* engine) {
    return engine->core->state_hash();
}
int pawl_snapshot(pawl_engine* engine, uint64_t patience_ms) {
    constexpr std::uint64_t ms_max = std::uint64_t{1} << 40;
    const std::chrono::milliseconds patience(std::min<std::uint64_t>(patience_ms, ms_max));
    const pawl::Status made = engine->core->snapshot(patience);
    return made ? static_cast<int>(PAWL_OK) : failed(made.error());
}
uint64_t pawl_replayed_records(pawl_engine* engine) {
    return engine->core->replayed_records();
}
size_t pawl_poll(pawl_engine* engine) {
    return engine->core->poll();
}
int pawl_wake_fd(pawl_engine* engine) {
    return engine->core->wake_fd();
}
int pawl_poll_timeout_ms(pawl_engine* engine) {
    return engine->core->poll_timeout_ms();
}

int pawl_emit(pawl_context* context, uint16_t type, const void* event, size_t bytes) {
    PAWL_ASSERT(type < context->event_types && "the domain's event_types says how many there are");
    try {
        context->decision.stage(type, 0, nullptr, event, bytes);
        return PAWL_OK;
    } catch (const DecisionAborted&) {
        context->full = true;
        return failed(PAWL_USAGE, "pawl_emit: the events of this command do not fit one record");
    }
}

int64_t pawl_now_ns(const pawl_context* context) {
    return context->decision.now().ns;
}
uint64_t pawl_id(const pawl_context* context) {
    return context->decision.id();
}
uint64_t pawl_version(const pawl_context* context) {
    return context->decision.version.value;
}
uint64_t pawl_random(pawl_context* context) {
    return context->decision.draw();
}

const char* pawl_last_error(void) {
    return last_error().c_str();
}

}  // extern "C"
