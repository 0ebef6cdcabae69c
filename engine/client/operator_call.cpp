// Asking, waiting, putting records together.
#include "engine/client/operator_call.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/replication/reign.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/detail/schema_hash.hpp"

namespace pawl::detail {

using namespace replication;

namespace {

constexpr std::int64_t heartbeat_ns = 1'000'000'000;
constexpr std::int64_t sleep_ns = 5'000'000;
constexpr std::size_t record_bytes_max = std::size_t{64} << 20;

bool waiting_changes_nothing(replication::Refusal refusal) noexcept {
    return refusal == replication::Refusal::secret || refusal == replication::Refusal::version ||
           refusal == replication::Refusal::role;
}

// What a reader may rely on, in bytes from outside.
bool is_record(const std::byte* bytes) {
    const RecordView record(bytes);
    const auto kind = static_cast<std::uint8_t>(record.header().kind());
    return kind >= 1 && kind <= record_kind_max && record.body_offset() <= record.length() &&
           (record.header().event_count == 0 || record.for_each_event([](const EventView&) {}));
}

}  // namespace

Status OperatorCall::connect() {
    const std::int64_t give_up_ns = world_.now_ns() + options_.open_within.count();
    for (;;) {
        std::string why;
        bool for_good = false;
        if (greet(give_up_ns, why, for_good)) return Done{};
        if (!for_good && world_.now_ns() < give_up_ns) {
            world_.sleep(4 * sleep_ns);
            continue;
        }
        return Error{for_good ? ErrorCode::mismatch : ErrorCode::timeout,
                     "operator: " + options_.address + ": " + why};
    }
}

bool OperatorCall::greet(std::int64_t give_up_ns, std::string& why, bool& for_good) {
    std::unique_ptr<Link> link = world_.connector.connect(options_.address);
    HandshakeOptions options;
    options.name = "operator";
    options.boot = world_.boot;
    options.secret = options_.secret;
    options.purpose = Purpose::operation;
    options.time_ns_max = options_.open_within.count();
    Handshake handshake(*link, Side::caller, options, world_.random);
    HandshakeState state = HandshakeState::running;
    bool somebody_listens = false;
    while ((state = handshake.do_work(world_.now_ns())) == HandshakeState::running &&
           world_.now_ns() < give_up_ns) {
        somebody_listens = somebody_listens || link->state() == LinkState::open;
        world_.sleep(sleep_ns);
    }
    if (state != HandshakeState::admitted) {
        why = state == HandshakeState::over ? handshake.why() : "nobody has answered in time";
        if (state != HandshakeState::over || somebody_listens)  // else the link has said what to do
            why += ": is a node there, and is this its clients' address?";
        for_good = state == HandshakeState::over && handshake.refused_by_peer() &&
                   waiting_changes_nothing(handshake.refusal());
        return false;
    }
    TalkOptions talk;
    talk.epoch = handshake.peer().epoch;
    talk.heartbeat_ns = heartbeat_ns;
    talk.silent_ns = options_.patience.count();
    talk_ = std::make_unique<Talk>(std::move(link), talk);
    return true;
}

template <class What>
Status OperatorCall::say(const What& what) {
    static_cast<void>(talk_->begin_work(world_.now_ns()));
    if (!talk_->send(what))
        return Error{ErrorCode::io,
                     "operator: " + options_.address + ": " +
                         (talk_->why().empty() ? "takes no question" : talk_->why())};
    static_cast<void>(talk_->end_work({}));
    return Done{};
}

Result<Received> OperatorCall::hear() {
    const std::int64_t give_up_ns = world_.now_ns() + options_.patience.count();
    for (;;) {
        static_cast<void>(talk_->begin_work(world_.now_ns()));
        if (const auto frame = talk_->next()) return *frame;
        if (talk_->end() != TalkEnd::none)
            return Error{talk_->end() == TalkEnd::refused ? ErrorCode::mismatch : ErrorCode::io,
                         "operator: " + options_.address + ": " + talk_->why()};
        static_cast<void>(talk_->end_work({}));
        if (world_.now_ns() >= give_up_ns)
            return Error{ErrorCode::timeout,
                         "operator: " + options_.address + ": no answer within " +
                             std::to_string(options_.patience.count() / 1'000'000) +
                             " ms: ask again, or ask another node"};
        world_.sleep(sleep_ns);
    }
}

Error OperatorCall::unexpected(const Received& frame) {
    const std::string why = std::string(to_string(frame.type)) + " is no answer to what was asked";
    talk_->finish(TalkEnd::faulty, why, replication::Refusal::other);
    return Error{ErrorCode::mismatch, "operator: " + options_.address + ": " + why};
}

Result<NodeStatus> OperatorCall::status() {
    if (Status said = say(StatusAsk{}); !said) return said.error();
    const auto frame = hear();
    if (!frame) return frame.error();
    StatusTold told;
    if (frame->type != MessageType::status_told || !decode(frame->payload, told))
        return unexpected(*frame);
    return told.status;
}

Result<std::string> OperatorCall::hand_over(const std::string& peer) {
    if (!peer.empty() && !is_node_name(peer))
        return Error{ErrorCode::usage, "operator: '" + peer + "' is no node's name"};
    if (Status said = say(HandOverAsk{peer}); !said) return said.error();
    const auto frame = hear();
    if (!frame) return frame.error();
    HandOverTold told;
    if (frame->type != MessageType::hand_over_told || !decode(frame->payload, told))
        return unexpected(*frame);
    if (told.code == 0) return std::string(told.text);
    return Error{static_cast<ErrorCode>(told.code),
                 options_.address + ": " + std::string(told.text)};
}

Status OperatorCall::read(const std::string& schema_text, std::uint64_t session,
                          const std::function<Status(const StreamRecord&)>& take) {
    if (Status said = say(RecordsAsk{{schema_hash(schema_text), session}}); !said)
        return said.error();
    std::map<std::uint32_t, Rest> rests;
    std::uint64_t records = 0;
    for (;;) {
        const auto frame = hear();
        if (!frame) return frame.error();
        RecordsTold told;
        RecordsEnd end;
        if (frame->type == MessageType::records_told && decode(frame->payload, told)) {
            Rest& rest = rests[told.fixed.shard];
            rest.insert(rest.end(), told.bytes.begin(), told.bytes.end());
            const Result<std::uint64_t> taken = take_records(told.fixed.shard, session, rest, take);
            if (!taken) return taken.error();
            records += *taken;
        } else if (frame->type == MessageType::records_end && decode(frame->payload, end) &&
                   end.fixed.records == records &&
                   std::all_of(rests.begin(), rests.end(),
                               [](const auto& rest) { return rest.second.empty(); })) {
            return Done{};
        } else {
            return unexpected(*frame);
        }
    }
}

Result<std::vector<std::byte>> OperatorCall::range(std::uint32_t shard, Position from,
                                                   std::uint32_t checksum_before, Position to) {
    const RangeAsk ask{{from.value, to.value, checksum_before, shard}};
    if (!makes_sense(ask.fixed))
        return Error{ErrorCode::usage, "operator: from position " + std::to_string(from.value) +
                                           " to " + std::to_string(to.value) + " of shard " +
                                           std::to_string(shard) +
                                           ": a range has 8 bytes to 16 MiB, of whole records"};
    if (Status said = say(ask); !said) return said.error();
    // Whoever says a little again and again does not hold us for ever.
    const std::int64_t give_up_ns = world_.now_ns() + 10 * options_.patience.count();
    std::vector<std::byte> bytes;
    for (;;) {
        const auto frame = hear();
        if (!frame) return frame.error();
        RecordsTold told;
        RecordsEnd end;
        const std::size_t left = to.value - from.value - bytes.size();
        if (world_.now_ns() >= give_up_ns)
            return Error{ErrorCode::timeout, "operator: " + options_.address + ": " +
                                                 std::to_string(left) +
                                                 " bytes of a range are still missing after ten "
                                                 "times the patience: ask another node"};
        if (frame->type == MessageType::records_told && decode(frame->payload, told) &&
            told.fixed.shard == shard && told.bytes.size() <= left)
            bytes.insert(bytes.end(), told.bytes.begin(), told.bytes.end());
        else if (frame->type == MessageType::records_end && decode(frame->payload, end) &&
                 left == 0)
            return bytes;
        else
            return unexpected(*frame);
    }
}

// Those that are whole.
Result<std::uint64_t> OperatorCall::take_records(
    std::uint32_t shard, std::uint64_t session, Rest& rest,
    const std::function<Status(const StreamRecord&)>& take) {
    std::uint64_t records = 0;
    std::size_t used = 0;
    while (rest.size() - used >= sizeof(RecordHeader)) {
        const std::byte* const bytes = rest.data() + used;
        const std::size_t length = RecordView(bytes).length();
        const bool possible = length >= sizeof(RecordHeader) && length <= record_bytes_max &&
                              length % record_alignment == 0;
        if (possible && rest.size() - used < length) break;
        if (!possible || !is_record(bytes)) {
            const std::string why = "what came is no record";
            talk_->finish(TalkEnd::faulty, why, replication::Refusal::other);
            return Error{ErrorCode::damaged, "operator: " + options_.address + ": shard " +
                                                 std::to_string(shard) + ": " + why +
                                                 ": look at the network"};
        }
        StreamRecord record;
        record.bytes = bytes;
        record.shard = shard;
        record.session_id = session;
        if (Status taken = take(record); !taken) return taken.error();
        ++records;
        used += length;
    }
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(used));
    return records;
}

}  // namespace pawl::detail
