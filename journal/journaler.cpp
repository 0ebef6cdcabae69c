// When to write a block, and what to say when it cannot.
#include "journal/journaler.hpp"

#include <algorithm>
#include <utility>

namespace pawl::journal {
namespace {

// So much is worth a write, whatever more a block could hold.
constexpr std::uint64_t full_block_bytes = std::uint64_t{1} << 20;
// So many full blocks in a row: it is the disk that everybody waits for, and zeros would take as
// much of it as the blocks.
constexpr std::uint32_t flood_blocks = 4;

}  // namespace

Journaler::Journaler(Head& head, SegmentPreparer& preparer, BlockWriter& writer,
                     JournalerOptions options)
    : head_(head), preparer_(preparer), writer_(writer), options_(options) {
    PAWL_ASSERT(head.synced() == writer.tail().position);
    PAWL_ASSERT(options.inflight_bytes_max >= block_alignment_bytes);
    preparer_.set_room_left(writer_.room_left_bytes());
}

const std::string& Journaler::failure() const noexcept {
    PAWL_ASSERT(state() == JournalerState::failed);
    return failure_;
}

std::size_t Journaler::do_work(std::int64_t monotonic_ns) {
    if (state_.load(std::memory_order_relaxed) == JournalerState::failed) return 0;
    const Position synced = head_.synced();
    const Position committed = head_.committed();
    PAWL_ASSERT(synced <= committed);
    if (synced == committed) {
        waiting_ = false;
        return 0;
    }
    if (!waiting_) {
        waiting_ = true;
        waiting_since_ns_ = monotonic_ns;
    }
    const std::uint64_t pending = committed.value - synced.value;
    const bool full = pending >= std::min(options_.inflight_bytes_max, full_block_bytes) ||
                      pending >= head_.capacity_bytes() / 2;
    const bool due = full || demanded_.load(std::memory_order_relaxed) > synced.value ||
                     monotonic_ns - waiting_since_ns_ >= options_.flush_interval_ns;
    if (!due) return 0;
    full_in_a_row_ = full ? full_in_a_row_ + 1 : 0;
    if (full_in_a_row_ >= flood_blocks) preparer_.hurry();
    const std::size_t written = write_block(synced, committed);
    // What is left over has waited as long as what was written: the next call goes on at once.
    if (written == pending) waiting_ = false;
    return written;
}

std::size_t Journaler::write_block(Position synced, Position committed) {
    PAWL_ASSERT(writer_.tail().position == synced);
    const std::int64_t begun = options_.monotonic_ns != nullptr ? options_.monotonic_ns() : 0;
    const auto outcome = writer_.write(head_.at(synced), committed.value - synced.value, preparer_);
    if (outcome == WriteOutcome::failed) {
        fail(writer_.failure());
        return 0;
    }
    if (outcome == WriteOutcome::no_segment) {
        if (!stalled_) counters_.stalls.fetch_add(1, std::memory_order_relaxed);
        stalled_ = true;
        const auto state =
            preparer_.trouble().empty() ? JournalerState::running : JournalerState::disk_full;
        state_.store(state, std::memory_order_release);
        preparer_.set_room_left(0);
        if (committed.value - synced.value >= head_.capacity_bytes() / 4) preparer_.hurry();
        return 0;
    }
    stalled_ = false;
    const std::int64_t ended = options_.monotonic_ns != nullptr ? options_.monotonic_ns() : 0;
    const Position now = writer_.tail().position;
    const std::uint64_t bytes = now.value - synced.value;
    const auto add = [](std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
        counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    };
    add(counters_.blocks, 1);
    add(counters_.record_bytes, bytes);
    add(counters_.disk_bytes, writer_.last_block_bytes());
    add(counters_.syncs, 1);
    const auto took = static_cast<std::uint64_t>(ended > begun ? ended - begun : 0);
    if (took > counters_.sync_ns_max.load(std::memory_order_relaxed))
        counters_.sync_ns_max.store(took, std::memory_order_relaxed);
    state_.store(JournalerState::running, std::memory_order_release);
    preparer_.set_room_left(writer_.room_left_bytes());
    head_.set_synced(now);
    return bytes;
}

void Journaler::fail(Error error) {
    failure_ = std::move(error.sentence);
    // release: pairs with the acquire in state(); the sentence is written before it is announced
    state_.store(JournalerState::failed, std::memory_order_release);
}

Status Journaler::drain(std::int64_t monotonic_ns) {
    const Position target = head_.committed();
    demand(target);
    while (head_.synced() < target) {
        const std::size_t written = do_work(monotonic_ns);
        if (state() == JournalerState::failed) return Error{ErrorCode::stopped, failure_};
        if (written != 0) continue;
        if (preparer_.do_work(monotonic_ns) != 0) continue;
        if (const std::string trouble = preparer_.trouble(); !trouble.empty())
            return Error{ErrorCode::disk_full, trouble};
    }
    return Done{};
}

}  // namespace pawl::journal
