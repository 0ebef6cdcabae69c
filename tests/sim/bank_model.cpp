// The same rules once more, written as simply as they can be.
#include "bank_model.hpp"

namespace pawl::sim {
namespace {

void move(AccountModel& account, std::int64_t cents) {
    ++account.version;
    account.balance += cents;
    ++account.moves;
    account.history = account.history * 31 + static_cast<std::uint64_t>(cents);
}

Judged no(std::uint16_t reason, std::uint64_t version) {
    return {false, reason, 0, version};
}

}  // namespace

const char* to_string(What what) noexcept {
    constexpr const char* names[] = {"deposit", "withdraw", "transfer", "drain", "write", "tear"};
    return names[static_cast<std::size_t>(what)];
}

std::string to_string(const Judged& judged) {
    return std::string(judged.accepted ? "accepted" : "rejected") + " reason " +
           std::to_string(judged.reason) + " events " + std::to_string(judged.events) +
           " version " + std::to_string(judged.version);
}

Judged BankModel::decide(const Order& order) {
    const auto known = accounts_.find(order.id);
    // Nothing happens to an account that is only asked.
    AccountModel blank;
    AccountModel& account = known != accounts_.end() ? known->second : blank;
    switch (order.what) {
        case What::deposit:
            if (order.amount <= 0) return no(1, account.version);
            move(accounts_[order.id], order.amount);
            return {true, 0, 1, accounts_[order.id].version};
        case What::withdraw:
            return drain(account, order.amount, 1);
        case What::drain:
            return drain(account, order.amount, order.count);
        case What::transfer:
            return transfer(order.id, order.amount);
        case What::write:
        case What::tear:
            break;
    }
    const auto found = diaries_.find(order.id);
    if (order.what == What::write) {
        if (order.count == 0 || order.count > 48)
            return no(1, found != diaries_.end() ? found->second.version : 0);
        return write(diaries_[order.id], order);
    }
    if (found == diaries_.end() || found->second.entries.empty())
        return no(2, found != diaries_.end() ? found->second.version : 0);
    found->second.entries.pop_back();
    return {true, 0, 1, ++found->second.version};
}

Judged BankModel::drain(AccountModel& account, std::int64_t cents, std::uint64_t times) {
    if (cents > account.balance) return no(2, account.version);
    std::uint16_t events = 0;
    for (std::uint64_t i = 0; i < times && cents <= account.balance; ++i, ++events)
        move(account, -cents);
    return {true, 0, events, account.version};
}

Judged BankModel::transfer(std::uint64_t id, std::int64_t cents) {
    const auto known = accounts_.find(id);
    const auto neighbour = accounts_.find(id ^ 1U);
    const std::uint64_t version = known != accounts_.end() ? known->second.version : 0;
    if (neighbour == accounts_.end()) return no(3, version);
    if (cents > (known != accounts_.end() ? known->second.balance : 0)) return no(2, version);
    move(accounts_[id], -cents);
    move(neighbour->second, cents);
    return {true, 0, 2, version + 1};
}

Judged BankModel::write(DiaryModel& diary, const Order& order) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 48; ++i)
        sum = sum * 7 + (i < order.count ? static_cast<std::uint64_t>(order.amount) + i : 0);
    if (diary.entries.size() == 24) diary.entries.erase(diary.entries.begin());
    diary.entries.push_back(sum);
    return {true, 0, 1, ++diary.version};
}

}  // namespace pawl::sim
