// The simulated arbiter's key, and the ways to it.
#include "testing/arbiter.hpp"

#include <algorithm>
#include <utility>

#include "pawl/detail/assert.hpp"

namespace pawl::sim {

using replication::Arbiter;
using replication::ArbiterAnswer;
using replication::Reign;
using Kind = ArbiterAnswer::Kind;

class ArbiterWay final : public Arbiter {
public:
    ArbiterWay(ArbiterStore& store, std::uint64_t way, std::string node, std::int64_t timeout_ns)
        : store_(store),
          way_(way),
          node_(std::move(node)),
          address_("simulated://" + node_),
          timeout_ns_(timeout_ns) {}

    void read() override { begin(std::nullopt, 0); }
    void compare_and_swap(std::uint64_t expected_revision, const Reign& wanted) override {
        begin(wanted, expected_revision);
    }
    bool busy() const noexcept override { return busy_; }
    std::optional<ArbiterAnswer> do_work(std::int64_t now_ns) override {
        if (!busy_) return std::nullopt;
        if (!deadline_ns_) {
            deadline_ns_ = now_ns + timeout_ns_;
            store_.ask(question_, now_ns);
        }
        store_.advance_to(now_ns);
        auto answer = store_.take(way_, question_.id);
        if (!answer && now_ns >= *deadline_ns_)
            answer = {Kind::unknown, std::nullopt, 0, "arbiter " + address_ + ": no answer"};
        if (answer) busy_ = false;
        return answer;
    }
    const std::string& address() const noexcept override { return address_; }

private:
    void begin(std::optional<Reign> wanted, std::uint64_t expected_revision) {
        PAWL_ASSERT(!busy_);
        busy_ = true;
        deadline_ns_.reset();
        question_ = {question_.id + 1, way_, node_, std::move(wanted), expected_revision};
    }

    ArbiterStore& store_;
    const std::uint64_t way_;
    const std::string node_;
    const std::string address_;
    const std::int64_t timeout_ns_;
    bool busy_ = false;
    std::optional<std::int64_t> deadline_ns_;
    ArbiterStore::Question question_;
};

std::unique_ptr<Arbiter> ArbiterStore::connect(const std::string& node,
                                               std::int64_t request_timeout_ns) {
    return std::make_unique<ArbiterWay>(*this, ++ways_, node, request_timeout_ns);
}

bool ArbiterStore::cut(const std::string& node) const {
    const auto found = cut_off_.find(node);
    return stopped_ || (found != cut_off_.end() && found->second);
}

std::int64_t ArbiterStore::way_ns() {
    return static_cast<std::int64_t>(
        chance_.between(static_cast<std::uint64_t>(weather.delay_ns_min),
                        static_cast<std::uint64_t>(weather.delay_ns_max)));
}

std::int64_t ArbiterStore::longer(std::int64_t ns_max) {
    return static_cast<std::int64_t>(chance_.below(static_cast<std::uint64_t>(ns_max) + 1));
}

void ArbiterStore::ask(Question question, std::int64_t now_ns) {
    std::int64_t at_ns = now_ns + way_ns();
    if (happens(weather.late_one_in)) {
        ++figures_.questions_late;
        at_ns += longer(weather.late_ns_max);
    }
    Due due;
    due.node = question.node;
    due.question = std::move(question);
    if (happens(weather.doubled_one_in)) {
        ++figures_.questions_doubled;
        Due second = due;
        second.question->id = 0;
        under_way_.emplace(at_ns + 1 + longer(weather.double_ns_max), std::move(second));
    }
    if (happens(weather.question_lost_one_in))
        ++figures_.questions_lost;
    else
        under_way_.emplace(at_ns, std::move(due));
}

void ArbiterStore::advance_to(std::int64_t now_ns) {
    while (!under_way_.empty() && under_way_.begin()->first <= now_ns) {
        const auto due = under_way_.extract(under_way_.begin());
        const Due& one = due.mapped();
        if (cut(one.node)) continue;
        if (one.question)
            arrive(*one.question, due.key());
        else
            arrived_[one.way] = {one.id, one.answer};
    }
    now_ns_ = now_ns;
}

bool ArbiterStore::is_under_way(const std::function<bool(const replication::Reign&)>& is) const {
    const std::uint64_t revision = history_.empty() ? 0 : history_.back().revision;
    return std::any_of(under_way_.begin(), under_way_.end(), [&](const auto& due) {
        const std::optional<Question>& question = due.second.question;
        return question && question->wanted && question->expected_revision == revision &&
               is(*question->wanted);
    });
}

bool ArbiterStore::may_still_swap() const {
    return is_under_way([](const replication::Reign&) { return true; });
}

bool ArbiterStore::a_reign_may_begin() const {
    const std::uint64_t now = history_.empty() ? 0 : history_.back().reign.epoch();
    return is_under_way([&](const replication::Reign& wanted) { return wanted.epoch() > now; });
}

std::optional<std::int64_t> ArbiterStore::next_ns() const {
    if (under_way_.empty()) return std::nullopt;
    return under_way_.begin()->first;
}

void ArbiterStore::arrive(const Question& question, std::int64_t now_ns) {
    const Made* const last = history_.empty() ? nullptr : &history_.back();
    const std::uint64_t revision = last == nullptr ? 0 : last->revision;
    ArbiterAnswer answer;
    if (last != nullptr) answer.reign = last->reign;
    answer.revision = revision;
    if (!question.wanted) {
        answer.kind = last == nullptr ? Kind::absent : Kind::found;
    } else if (question.expected_revision != revision) {
        answer.kind = Kind::conflict;
    } else {
        answer.kind = Kind::swapped;
        answer.reign = question.wanted;
        answer.revision = revision + chance_.between(1, 3);
        history_.push_back({answer.revision, revision, *question.wanted, now_ns, question.node});
    }
    if (question.id == 0) return;
    if (happens(weather.answer_lost_one_in)) {
        ++figures_.answers_lost;
        return;
    }
    Due due;
    due.way = question.way;
    due.id = question.id;
    due.node = question.node;
    due.answer = std::move(answer);
    std::int64_t at_ns = now_ns + way_ns();
    if (happens(weather.late_one_in)) {
        ++figures_.answers_late;
        at_ns += longer(weather.late_ns_max);
    }
    under_way_.emplace(at_ns, std::move(due));
}

std::optional<ArbiterAnswer> ArbiterStore::take(std::uint64_t way, std::uint64_t id) {
    const auto found = arrived_.find(way);
    if (found == arrived_.end()) return std::nullopt;
    // an answer to an earlier question is nobody's
    std::optional<ArbiterAnswer> answer;
    if (found->second.first == id) answer = std::move(found->second.second);
    arrived_.erase(found);
    return answer;
}

}  // namespace pawl::sim
