// Batches of deposits, decided into records by one machine. For what decides and for what replays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "pawl/detail/typed_machine.hpp"
#include "perf/bank.hpp"

namespace pawl::bench {

inline constexpr std::size_t batch = 64;
inline constexpr std::uint64_t accounts = 100'000;

class Batches {
public:
    // Room for the records of so many batches.
    explicit Batches(std::size_t held)
        : machine_(0, 1, std::pmr::new_delete_resource()), bytes_(held * batch * 256) {
        for (std::uint64_t id = 0; id < accounts; ++id) {
            write(0, id);
            begin();
            machine_.decide(work_.data(), 1, stage_);
            first_.insert(first_.end(), bytes_.data(), stage_.cursor);
        }
        begin();
    }
    // The records that gave each account its first deposit.
    std::span<const std::byte> first() const noexcept { return first_; }
    // Messages for another account each.
    void next() {
        for (std::size_t i = 0; i < batch; ++i) {
            state_ ^= state_ << 13;
            state_ ^= state_ >> 7;
            state_ ^= state_ << 17;
            write(i, ((state_ >> 32) * accounts) >> 32);
        }
    }
    // The records stand behind those of the batch before. Returns how many were decided.
    std::size_t decide() { return machine_.decide(work_.data(), batch, stage_); }
    // Records from now on stand at the beginning again.
    void begin() {
        stage_ = {};
        stage_.cursor = bytes_.data();
        stage_.limit = bytes_.data() + bytes_.size();
        stage_.record_bytes_max = 4096;
    }
    std::span<const std::byte> records() const noexcept {
        return {bytes_.data(), static_cast<std::size_t>(stage_.cursor - bytes_.data())};
    }

private:
    void write(std::size_t place, std::uint64_t id) {
        using pawl::perf::Account;
        const Account::Deposit deposit{1};
        detail::MessageParts parts;
        parts.header.aggregate = id;
        parts.header.number = 1;
        parts.header.payload_bytes = sizeof deposit;
        parts.payload = &deposit;
        detail::write_message(lines_[place].bytes, parts);
        work_[place].begin(detail::MessageView(lines_[place].bytes), pawl::Time{});
        work_[place].session_index = 1;
    }

    detail::TypedMachine<pawl::perf::Account> machine_;
    std::vector<std::byte> bytes_;
    std::vector<std::byte> first_;
    std::array<detail::Line, batch> lines_;
    std::array<detail::Work, batch> work_;
    detail::Stage stage_;
    std::uint64_t state_ = 0x9E3779B97F4A7C15U;
};

}  // namespace pawl::bench
