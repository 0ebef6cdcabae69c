// The table itself.
#include "journal/judge.hpp"

#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

constexpr std::uint8_t bit(auto value) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(value));
}
constexpr std::uint8_t nothing = bit(Seen::nothing);
constexpr std::uint8_t bad = bit(Seen::bad);
constexpr std::uint8_t disagrees = bit(Seen::disagrees);
constexpr std::uint8_t no = bit(0);
constexpr std::uint8_t yes = bit(1);
constexpr std::uint8_t beyond_nothing = bit(Beyond::nothing);
constexpr std::uint8_t beyond_near = bit(Beyond::near);
constexpr std::uint8_t beyond_far = bit(Beyond::far);
constexpr std::uint8_t any = 0xFF;

// clang-format off
constexpr JudgeRow table[] = {
    // seen          D > p      beyond                        case, decision
    {nothing,        no,        beyond_nothing,               {Case::clean_end, Decision::stop_here}},
    {nothing,        no,        beyond_near,                  {Case::torn_tail, Decision::cut}},
    {bad,            no,        beyond_nothing | beyond_near, {Case::torn_tail, Decision::cut}},
    {nothing | bad,  no,        beyond_far,                   {Case::suspect,   Decision::ask_or_refuse}},
    {nothing | bad,  yes,       any,                          {Case::damage,    Decision::heal_or_refuse}},
    {disagrees,      any,       any,                          {Case::divergent, Decision::set_aside}},
};
// clang-format on

}  // namespace

bool JudgeRow::matches(const Evidence& evidence) const noexcept {
    return (seen_set & bit(evidence.seen)) != 0 &&
           (durable_beyond_set & (evidence.durable_beyond ? yes : no)) != 0 &&
           (beyond_set & bit(evidence.beyond)) != 0;
}

std::span<const JudgeRow> judge_table() noexcept {
    return table;
}

Judgement judge(const Evidence& evidence) noexcept {
    for (const auto& row : table)
        if (row.matches(evidence)) return row.judgement;
    PAWL_ASSERT(false && "the table has a row for every combination");
    return table[0].judgement;
}

const char* to_string(Case which) noexcept {
    switch (which) {
        case Case::clean_end:
            return "clean_end";
        case Case::torn_tail:
            return "torn_tail";
        case Case::suspect:
            return "suspect";
        case Case::damage:
            return "damage";
        case Case::divergent:
            return "divergent";
    }
    return "unknown";
}

}  // namespace pawl::journal
