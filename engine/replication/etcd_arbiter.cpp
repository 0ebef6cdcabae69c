// Attempts and their answers.
#include "engine/replication/etcd_arbiter.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

using Kind = ArbiterAnswer::Kind;

// The gateway turns these down before the cluster sees them, so nothing has happened.
bool is_refusal(unsigned status) noexcept {
    return status == 400 || status == 401 || status == 403 || status == 404;
}

std::string in_ms(std::int64_t ns) {
    return std::to_string(ns / 1'000'000) + " ms";
}

}  // namespace

EtcdArbiter::EtcdArbiter(const EtcdAddress& address, std::vector<EtcdEndpoint> endpoints,
                         const ArbiterOptions& options)
    : address_(print_arbiter_address(address)),
      key_(address.key),
      endpoints_(std::move(endpoints)),
      options_(options) {
    PAWL_ASSERT(!endpoints_.empty() && !key_.empty());
}

Result<std::unique_ptr<EtcdArbiter>> EtcdArbiter::open(const EtcdAddress& address,
                                                       const ArbiterOptions& options) {
    if (const auto status = options.check(); !status.ok()) return status.error();
    std::vector<EtcdEndpoint> endpoints;
    std::string why;
    for (const EtcdHost& host : address.hosts) {
        auto found = look_up(host);
        if (!found.ok()) why = found.error().sentence;
        if (!found.ok()) continue;
        endpoints.insert(endpoints.end(), found->begin(), found->end());
    }
    if (endpoints.empty()) return Error{ErrorCode::io, why};
    return std::unique_ptr<EtcdArbiter>(new EtcdArbiter(address, std::move(endpoints), options));
}

void EtcdArbiter::read() {
    PAWL_ASSERT(!busy());
    request_.emplace(Request{std::nullopt, 0, std::nullopt, 0, {}});
}

void EtcdArbiter::compare_and_swap(std::uint64_t expected_revision, const Reign& wanted) {
    PAWL_ASSERT(!busy());
    request_.emplace(Request{wanted, expected_revision, std::nullopt, 0, {}});
}

void EtcdArbiter::begin_attempt(std::int64_t now_ns) {
    ++request_->attempts;
    attempt_deadline_ns_ = std::min(now_ns + options_.attempt_timeout_ns, *request_->deadline_ns);
    EtcdCall::Question question;
    question.answer_bytes_max = options_.answer_bytes_max;
    if (request_->wanted) {
        question.target = etcd_txn_target;
        question.body =
            etcd_swap_request(key_, request_->expected_revision, print_reign(*request_->wanted));
    } else {
        question.target = etcd_range_target;
        question.body = etcd_range_request(key_);
    }
    call_ = std::make_unique<EtcdCall>(endpoints_[turn_], std::move(question));
}

std::optional<ArbiterAnswer> EtcdArbiter::do_work(std::int64_t now_ns) {
    if (!request_) return std::nullopt;
    if (!request_->deadline_ns) request_->deadline_ns = now_ns + options_.request_timeout_ns;
    if (!call_) begin_attempt(now_ns);
    std::optional<ArbiterAnswer> answer;
    switch (call_->do_work()) {
        case EtcdCall::Stage::under_way:
            if (now_ns < attempt_deadline_ns_) return std::nullopt;
            answer =
                attempt_failed("no answer in time (" + in_ms(options_.attempt_timeout_ns) +
                               " for each, " + in_ms(options_.request_timeout_ns) + " for all)");
            break;
        case EtcdCall::Stage::failed:
            answer = attempt_failed(call_->why());
            break;
        case EtcdCall::Stage::answered:
            answer = attempt_answered();
            break;
    }
    call_.reset();
    if (!answer && now_ns >= *request_->deadline_ns)
        answer = ArbiterAnswer{Kind::unknown, std::nullopt, 0, request_->why};
    if (answer) request_.reset();
    return answer;
}

// Nothing: the next endpoint's turn.
std::optional<ArbiterAnswer> EtcdArbiter::attempt_failed(const std::string& why) {
    const EtcdHost& host = endpoints_[turn_].host;
    request_->why += request_->why.empty() ? "arbiter " + address_ + ": " : "; ";
    request_->why += host.name + ":" + std::to_string(host.port) + ": " + why;
    turn_ = (turn_ + 1) % endpoints_.size();
    const bool may_have_happened = request_->wanted && call_->sent();
    if (!may_have_happened && request_->attempts < endpoints_.size()) return std::nullopt;
    return ArbiterAnswer{Kind::unknown, std::nullopt, 0, request_->why};
}

std::optional<ArbiterAnswer> EtcdArbiter::attempt_answered() {
    const unsigned status = call_->status();
    if (status != 200) {
        const std::string said = "it answers with HTTP status " + std::to_string(status) + " (" +
                                 etcd_complaint(call_->body()) + ")";
        if (is_refusal(status))
            return refused(said +
                           ": see whether this is an etcd from 3.4 on, "
                           "and open without a password");
        return attempt_failed(said);
    }
    auto answer = request_->wanted
                      ? parse_etcd_swap(call_->body(), key_, request_->expected_revision)
                      : parse_etcd_range(call_->body(), key_);
    if (!answer.ok()) return attempt_failed(answer.error().sentence);
    return judge(*answer);
}

std::optional<ArbiterAnswer> EtcdArbiter::judge(const EtcdAnswer& answer) {
    // A swap that was done stays done, whatever else the answer tells.
    if (answer.swapped) {
        cluster_ = answer.cluster;
        revision_ = std::max(revision_, answer.revision);
        return ArbiterAnswer{Kind::swapped, request_->wanted, answer.revision, {}};
    }
    if (cluster_ != 0 && answer.cluster != cluster_)
        return refused("it belongs to cluster " + std::to_string(answer.cluster) +
                       ", those before to " + std::to_string(cluster_) +
                       ": name members of one cluster only, then start this node again");
    if (answer.revision < revision_)
        return refused("its revision went back from " + std::to_string(revision_) + " to " +
                       std::to_string(answer.revision) +
                       ": an old copy was restored; stop every node and start first the one that "
                       "was primary last");
    cluster_ = answer.cluster;
    revision_ = answer.revision;
    std::optional<Reign> reign;
    if (answer.key_revision != 0) {
        auto parsed = parse_reign(*answer.value, "arbiter " + address_);
        if (!parsed.ok()) return ArbiterAnswer{Kind::refused, {}, 0, parsed.error().sentence};
        reign = std::move(parsed).value();
    }
    if (request_->wanted) return ArbiterAnswer{Kind::conflict, reign, answer.key_revision, {}};
    return ArbiterAnswer{reign ? Kind::found : Kind::absent, reign, answer.key_revision, {}};
}

ArbiterAnswer EtcdArbiter::refused(const std::string& why) const {
    const EtcdHost& host = endpoints_[turn_].host;
    return {
        Kind::refused, std::nullopt, 0,
        "arbiter " + address_ + ": " + host.name + ":" + std::to_string(host.port) + ": " + why};
}

}  // namespace pawl::replication
