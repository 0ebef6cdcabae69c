// What the simulated domain should do, in maps. Knows none of the code it is held against.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pawl::sim {

enum class What : std::uint8_t { deposit, withdraw, transfer, drain, write, tear };
const char* to_string(What) noexcept;

// A command as the model sees it.
struct Order {
    What what = What::deposit;
    std::uint64_t id = 0;
    std::int64_t amount = 0;  // cents, or the first word of an entry
    std::uint64_t count = 0;  // of withdrawals, or of words
    bool of_diary() const noexcept { return what == What::write || what == What::tear; }
};

struct Judged {
    bool accepted = false;
    std::uint16_t reason = 0;
    std::uint16_t events = 0;
    std::uint64_t version = 0;
    friend bool operator==(const Judged&, const Judged&) = default;
};
std::string to_string(const Judged&);

struct AccountModel {
    std::uint64_t version = 0;
    std::int64_t balance = 0;
    std::uint64_t moves = 0;
    std::uint64_t history = 0;
    friend bool operator==(const AccountModel&, const AccountModel&) = default;
};
struct DiaryModel {
    std::uint64_t version = 0;
    std::vector<std::uint64_t> entries;
    friend bool operator==(const DiaryModel&, const DiaryModel&) = default;
};

class BankModel {
public:
    // Decides and applies, as the engine should have.
    Judged decide(const Order& order);
    const std::map<std::uint64_t, AccountModel>& accounts() const noexcept { return accounts_; }
    const std::map<std::uint64_t, DiaryModel>& diaries() const noexcept { return diaries_; }

private:
    Judged drain(AccountModel& account, std::int64_t cents, std::uint64_t times);
    Judged transfer(std::uint64_t id, std::int64_t cents);
    Judged write(DiaryModel& diary, const Order& order);

    std::map<std::uint64_t, AccountModel> accounts_;
    std::map<std::uint64_t, DiaryModel> diaries_;
};

}  // namespace pawl::sim
