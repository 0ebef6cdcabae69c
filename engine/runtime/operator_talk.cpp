// A question, an answer; a history in runs.
#include "engine/runtime/operator_talk.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "pawl/detail/record.hpp"

namespace pawl::detail {

using namespace replication;

namespace {

constexpr std::size_t run_bytes_max = std::size_t{64} << 10;
constexpr std::size_t records_max = 512;  // in one pass: clients are served in between
constexpr std::size_t runs_max = 4;       // kept while there is no room

void refuse(Talk& talk, const std::string& why) {
    talk.finish(TalkEnd::refused, why, replication::Refusal::role);
}

}  // namespace

std::size_t OperatorTalk::do_work(Talk& talk) {
    // Heard even while it is told something: so it is noticed when nobody is there any more.
    const auto frame = talk.next();
    if (talk.end() != TalkEnd::none) return 0;
    if (!frame) return telling_ ? read(talk) : 0;
    if (telling_)
        talk.finish(TalkEnd::faulty, "a question before the last one was answered",
                    replication::Refusal::other);
    else
        answer(talk, *frame);
    return 1;
}

void OperatorTalk::answer(Talk& talk, const Received& frame) {
    StatusAsk status;
    HandOverAsk hand;
    RecordsAsk records;
    RangeAsk range;
    if (frame.type == MessageType::status_ask && decode(frame.payload, status)) {
        if (!talk.send(StatusTold{gateway_.node_status()}))
            refuse(talk, "an operator who asks reads the answers");
    } else if (frame.type == MessageType::hand_over_ask && decode(frame.payload, hand)) {
        hand_over(talk, hand);
    } else if (frame.type == MessageType::records_ask && decode(frame.payload, records)) {
        begin_reading(talk, records.fixed);
    } else if (frame.type == MessageType::range_ask && decode(frame.payload, range)) {
        begin_range(talk, range.fixed);
    } else {
        talk.finish(TalkEnd::faulty, std::string(to_string(frame.type)) + " that no operator says",
                    replication::Refusal::other);
    }
}

// Without a name: whoever else is in the set.
void OperatorTalk::hand_over(Talk& talk, const HandOverAsk& ask) {
    const NodeStatus status = gateway_.node_status();
    std::string peer(ask.peer);
    for (const std::string& name : status.in_sync)
        if (peer.empty() && name != status.node) peer = name;
    Status asked{Done{}};
    if (gateway_.core() == nullptr)
        asked = Error{ErrorCode::mismatch,
                      "node " + status.node + " is not primary: ask " +
                          (status.primary.empty() ? "the others" : status.primary)};
    else if (peer.empty())
        asked = Error{ErrorCode::mismatch, "node " + status.node +
                                               " is alone in the in-sync set: start another node "
                                               "and wait until it has everything"};
    else
        asked = gateway_.core()->hand_over(peer, AfterHandOver::follows);
    HandOverTold told;
    if (!asked) {
        told.code = static_cast<std::uint16_t>(asked.error().code);
        told.text = asked.error().sentence;
    } else {
        told.text = peer;
    }
    static_cast<void>(talk.send(told));
}

void OperatorTalk::begin_reading(Talk& talk, const RecordsAskFixed& ask) {
    Core* const core = gateway_.core();
    if (core == nullptr) return refuse(talk, "this node is not primary: read from the one that is");
    if (!gateway_.options_.reads_history || core->journal_path().empty())
        return refuse(talk, "this engine's history is not told over the network");
    if (ask.schema_hash != gateway_.options_.schema_hash)
        return talk.finish(TalkEnd::foreign,
                           "the reader was built with other commands and events than this engine: "
                           "build both from the same aggregates",
                           replication::Refusal::schema);
    follower_ = core->follow(FollowOptions{});
    session_ = ask.session;
    records_ = 0;
    telling_ = true;
}

// Of any node: below what is on its disk it is as good as the primary.
void OperatorTalk::begin_range(Talk& talk, const RangeAskFixed& ask) {
    if (!gateway_.options_.fetch)
        return refuse(talk, "this engine's journal is not told over the network");
    auto found = gateway_.options_.fetch(ask.shard, Position{ask.begin}, ask.checksum_before,
                                         Position{ask.end});
    if (!found) return refuse(talk, found.error().sentence);
    records_ = 0;
    for (std::size_t at = 0; at < found->size(); at += RecordView(found->data() + at).length())
        ++records_;
    runs_.push_back({ask.shard, std::move(*found)});
    telling_ = true;
}

bool OperatorTalk::is_wanted(const StreamRecord& record) const noexcept {
    if (session_ != 0 && record.session_id != session_) return false;
    switch (RecordView(record.bytes).header().kind()) {
        case RecordKind::accepted:
        case RecordKind::rejected:
        case RecordKind::refused:
        case RecordKind::fact:
            return true;
        default:
            return false;
    }
}

void OperatorTalk::keep(const StreamRecord& record) {
    if (runs_.empty() || runs_.back().shard != record.shard ||
        runs_.back().bytes.size() >= run_bytes_max)
        runs_.push_back({record.shard, {}});
    std::vector<std::byte>& run = runs_.back().bytes;
    run.insert(run.end(), record.bytes, record.bytes + RecordView(record.bytes).length());
    ++records_;
}

bool OperatorTalk::send_runs(Talk& talk) {
    while (!runs_.empty()) {
        const std::span<const std::byte> left =
            std::span<const std::byte>(runs_.front().bytes).subspan(sent_);
        const std::size_t some = std::min(left.size(), run_bytes_max);
        if (!talk.send(RecordsTold{{runs_.front().shard, 0}, {}}, left.first(some))) return false;
        sent_ += some;
        if (sent_ < runs_.front().bytes.size()) continue;
        runs_.pop_front();
        sent_ = 0;
    }
    return true;
}

std::size_t OperatorTalk::read(Talk& talk) {
    const std::size_t work = follower_ != nullptr ? read_records(talk) : 0;
    if (!telling_ || !send_runs(talk) || follower_ != nullptr) return work;
    if (talk.send(RecordsEnd{{records_}})) telling_ = false;
    return work + 1;
}

// Up to what is there when it has come to the end.
std::size_t OperatorTalk::read_records(Talk& talk) {
    std::size_t work = 0;
    for (; work < records_max && follower_ != nullptr && runs_.size() < runs_max; ++work) {
        StreamRecord record;
        const Result<bool> found = follower_->next(record);
        if (!found) telling_ = false;
        if (!found || !*found) follower_.reset();
        if (!found) refuse(talk, found.error().sentence);
        if (follower_ != nullptr && is_wanted(record)) keep(record);
    }
    return work;
}

}  // namespace pawl::detail
