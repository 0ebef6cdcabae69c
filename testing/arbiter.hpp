// An arbiter in memory for several nodes in one thread: questions come late, twice or never,
// answers late or never, under a seed. Knows the arbiter's contract; not who asks.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/replication/arbiter.hpp"
#include "testing/chance.hpp"

namespace pawl::sim {

// How the way to the arbiter behaves. Chances are 1 in n; 0 is never.
struct ArbiterWeather {
    std::int64_t delay_ns_min = 100'000;  // of each way
    std::int64_t delay_ns_max = 2'000'000;
    std::uint64_t question_lost_one_in = 0;
    std::uint64_t answer_lost_one_in = 0;
    // The question comes a second time, up to this much later. Its second answer reaches nobody.
    std::uint64_t doubled_one_in = 0;
    std::int64_t double_ns_max = 3'000'000'000;
    // The question takes this much longer, though the node has long given up.
    std::uint64_t late_one_in = 0;
    std::int64_t late_ns_max = 3'000'000'000;
};

// What it did to questions and answers.
struct ArbiterFigures {
    std::uint64_t questions_lost = 0;
    std::uint64_t questions_doubled = 0;
    std::uint64_t questions_late = 0;
    std::uint64_t answers_lost = 0;
    std::uint64_t answers_late = 0;
};

// The one key. Outlives the nodes' ways to it. One thread.
class ArbiterStore {
public:
    // What happened, in order: the value of each revision and when it was made.
    struct Made {
        std::uint64_t revision;
        std::uint64_t replaced;  // the revision before; 0: there was no key
        replication::Reign reign;
        std::int64_t at_ns;
        std::string by;
    };

    // `seed` decides about delays and losses. A revision is not just the last one plus one.
    explicit ArbiterStore(std::uint64_t seed) : chance_(seed) {}

    ArbiterWeather weather;
    // While true, nothing of this node gets through in either direction.
    void cut_off(const std::string& node, bool cut) { cut_off_[node] = cut; }
    void stop(bool stopped) noexcept { stopped_ = stopped; }  // for everybody

    // The way of one node. Another one of the same name may follow when it is gone.
    std::unique_ptr<replication::Arbiter> connect(const std::string& node,
                                                  std::int64_t request_timeout_ns = 1'000'000'000);

    // Lets everything arrive that is due. The nodes' do_work does it as well.
    void advance_to(std::int64_t now_ns);
    // When the next thing arrives; nothing is under way: none.
    std::optional<std::int64_t> next_ns() const;
    // A swap that was asked for has not arrived, and would succeed if it did now.
    bool may_still_swap() const;
    // And then another reign would begin.
    bool a_reign_may_begin() const;
    const std::vector<Made>& history() const noexcept { return history_; }
    const ArbiterFigures& figures() const noexcept { return figures_; }

private:
    friend class ArbiterWay;
    // Has not arrived, and would succeed if it did now.
    bool is_under_way(const std::function<bool(const replication::Reign&)>& is) const;
    struct Question {
        std::uint64_t id = 0;
        std::uint64_t way = 0;
        std::string node;
        std::optional<replication::Reign> wanted;
        std::uint64_t expected_revision = 0;
    };
    struct Due {
        std::optional<Question> question;  // on its way there
        std::uint64_t way = 0, id = 0;     // an answer on its way back
        replication::ArbiterAnswer answer;
        std::string node;
    };

    void ask(Question question, std::int64_t now_ns);
    void arrive(const Question& question, std::int64_t now_ns);
    std::int64_t way_ns();
    std::int64_t longer(std::int64_t ns_max);
    bool happens(std::uint64_t one_in) { return one_in != 0 && chance_.one_in(one_in); }
    bool cut(const std::string& node) const;
    std::optional<replication::ArbiterAnswer> take(std::uint64_t way, std::uint64_t id);

    Chance chance_;
    std::int64_t now_ns_ = 0;
    std::multimap<std::int64_t, Due> under_way_;  // by when; equal times in the order they came
    std::map<std::uint64_t, std::pair<std::uint64_t, replication::ArbiterAnswer>> arrived_;
    std::map<std::string, bool> cut_off_;
    bool stopped_ = false;
    std::uint64_t ways_ = 0;
    std::vector<Made> history_;
    ArbiterFigures figures_;
};

}  // namespace pawl::sim
