// Random stories against an engine and a map beside it: commands, retries, expected versions,
// follow-ups, clean ends and sudden ones. Knows the façade; the model is a few obvious lines.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <utility>
#include <vector>

#include "tests/unit/engine/kit.hpp"

namespace pawl::testing {
namespace {

constexpr std::uint32_t window = 16;

struct Step {
    enum What {
        deposit,
        withdraw,
        spend,
        transfer,
        poison,
        stale,
        retry,
        restart,
        crash,
        snapshot
    } what = deposit;
    Id id = 0;
    std::int64_t cents = 0;
    std::uint64_t back = 0;  // retry: how many numbers ago
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << "{" << static_cast<int>(step.what) << " id " << step.id << " cents " << step.cents
               << " back " << step.back << "}";
}

// What an engine is to the caller.
struct Outcomes {
    Outcome outcome{};
    std::uint16_t reason = 0;
    std::uint64_t version = 0;
    friend bool operator==(const Outcomes&, const Outcomes&) = default;
};

class Model {
public:
    Outcomes decide(const Step& step, bool stale) {
        Aggregate& self = all_[step.id];
        if (stale && self.version != 0) return refuse(self, Refusal::version_conflict);
        switch (step.what) {
            case Step::withdraw:
                if (step.cents > self.balance) return reject(self, Account::Reason::not_enough);
                return change(self, -step.cents);
            case Step::spend: {
                if (step.cents > self.balance) return reject(self, Account::Reason::not_enough);
                for (int i = 0; i < 3 && step.cents <= self.balance; ++i) change(self, -step.cents);
                return {Outcome::accepted, 0, self.version};
            }
            case Step::transfer: {
                Aggregate& other = all_[step.id + 1];
                if (other.version == 0) return reject(self, Account::Reason::unknown_target);
                if (step.cents > self.balance) return reject(self, Account::Reason::not_enough);
                change(other, step.cents);
                return change(self, -step.cents);
            }
            case Step::poison:
                return refuse(self, Refusal::decision_threw);
            default:
                if (step.cents <= 0) return reject(self, Account::Reason::not_positive);
                return change(self, step.cents);
        }
    }
    std::int64_t balance(Id id) { return all_[id].balance; }

private:
    struct Aggregate {
        std::int64_t balance = 0;
        std::uint64_t version = 0;
    };
    static Outcomes change(Aggregate& a, std::int64_t cents) {
        a.balance += cents;
        return {Outcome::accepted, 0, ++a.version};
    }
    static Outcomes reject(const Aggregate& a, Account::Reason reason) {
        return {Outcome::rejected, static_cast<std::uint16_t>(reason), a.version};
    }
    static Outcomes refuse(const Aggregate& a, Refusal refusal) {
        return {Outcome::refused, static_cast<std::uint16_t>(refusal), a.version};
    }
    std::map<Id, Aggregate> all_;
};

Reply send(Bank& bank, const Step& step, std::uint64_t number) {
    SubmitOptions options = as("desk", number);
    if (step.what == Step::stale) options.expected_version = Version{0};
    switch (step.what) {
        case Step::withdraw:
            return ask(bank, step.id, Account::Withdraw{step.cents}, options);
        case Step::spend:
            return ask(bank, step.id, Account::Spend{step.cents, 3}, options);
        case Step::transfer:
            return ask(bank, step.id, Account::Transfer{step.id + 1, step.cents}, options);
        case Step::poison:
            return ask(bank, step.id, Account::Poison{2}, options);
        default:
            return ask(bank, step.id, Account::Deposit{step.cents}, options);
    }
}

EngineOptions polled(const std::string& directory) {
    EngineOptions options = small(directory);
    options.threading = Threading::none;
    options.session_window = window;
    options.retention = Retention::remove;
    return options;
}

rc::Gen<Step> any_step() {
    return rc::gen::build<Step>(
        rc::gen::set(&Step::what, rc::gen::weightedElement<Step::What>({{30, Step::deposit},
                                                                        {20, Step::withdraw},
                                                                        {10, Step::spend},
                                                                        {15, Step::transfer},
                                                                        {5, Step::poison},
                                                                        {10, Step::stale},
                                                                        {20, Step::retry},
                                                                        {3, Step::restart},
                                                                        {4, Step::snapshot},
                                                                        {2, Step::crash}})),
        rc::gen::set(&Step::id, rc::gen::inRange<Id>(0, 5)),
        rc::gen::set(&Step::cents, rc::gen::inRange<std::int64_t>(-2, 30)),
        rc::gen::set(&Step::back, rc::gen::inRange<std::uint64_t>(0, 24)));
}

TEST(EngineModel, any_story_ends_as_a_map_would_have_it) {
    const bool held = rc::check([] {
        const auto steps = *rc::gen::container<std::vector<Step>>(any_step());
        TempDirectory directory;
        std::optional<Bank> bank(open(polled(directory.path())));
        Model model;
        std::vector<std::pair<Step, Outcomes>> sent;  // by number - 1
        for (const Step& step : steps) {
            if (step.what == Step::restart) {
                bank.reset();
                bank.emplace(open(polled(directory.path())));
            } else if (step.what == Step::snapshot) {
                RC_ASSERT(bank->snapshot().ok());
            } else if (step.what == Step::crash) {
                // The rest of this life happens in a child that ends without a word.
                bank.reset();
                const Outcomes expected = model.decide({Step::deposit, step.id, 7, 0}, false);
                const std::uint64_t number = sent.size() + 1;
                const pid_t child = fork();
                if (child == 0) {
                    Bank doomed = open(polled(directory.path()));
                    _exit(send(doomed, {Step::deposit, step.id, 7, 0}, number).accepted() ? 0 : 1);
                }
                int status = 0;
                RC_ASSERT(waitpid(child, &status, 0) == child);
                RC_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                sent.emplace_back(Step{Step::deposit, step.id, 7, 0}, expected);
                bank.emplace(open(polled(directory.path())));
            } else if (step.what == Step::retry) {
                if (step.back >= sent.size()) continue;
                const std::uint64_t number = sent.size() - step.back;
                const Reply reply = send(*bank, sent[number - 1].first, number);
                if (step.back >= window) {
                    RC_ASSERT(reply.refused() && reply.refusal() == Refusal::number_forgotten);
                } else {
                    RC_ASSERT(reply.repeat());
                    const Outcomes again{reply.outcome(), reply.reason_number(),
                                         reply.version().value};
                    RC_ASSERT(again == sent[number - 1].second);
                }
            } else {
                const Outcomes expected = model.decide(step, step.what == Step::stale);
                const Reply reply = send(*bank, step, sent.size() + 1);
                RC_ASSERT(!reply.repeat());
                RC_ASSERT(reply.outcome() == expected.outcome);
                RC_ASSERT(reply.reason_number() == expected.reason);
                RC_ASSERT(reply.version().value == expected.version);
                sent.emplace_back(step, expected);
            }
        }
        const std::uint64_t hash = bank->state_hash();
        bank.reset();
        bank.emplace(open(polled(directory.path())));
        RC_ASSERT(bank->state_hash() == hash);
        for (Id id = 0; id < 6; ++id) RC_ASSERT(balance(*bank, id) == model.balance(id));
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace pawl::testing
