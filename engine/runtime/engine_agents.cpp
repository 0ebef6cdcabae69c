// The duty cycles that are not a shard's: journal, replies, housekeeping.
#include <new>
#include <string>
#include <utility>

#include "engine/runtime/engine_core.hpp"

namespace pawl::detail {

namespace {

void show(const journal::JournalerCounters& from, ShardCounters& to) noexcept {
    const auto copy = [](const Counter& source, Counter& target) {
        target.store(source.load(std::memory_order_relaxed), std::memory_order_relaxed);
    };
    copy(from.blocks, to.blocks);
    copy(from.disk_bytes, to.disk_bytes);
    copy(from.sync_ns_max, to.sync_ns_max);
    copy(from.stalls, to.segment_waits);
}

}  // namespace

// Its memory is half changed: nobody uses it any more, and nothing is promised that was not.
void EngineCore::ran_out_of_memory(std::uint32_t shard) {
    out_of_memory_.store(true, std::memory_order_release);
    fail(shard, "engine " + options_.directory +
                    ": out of memory: nothing more is decided or written, and what was "
                    "acknowledged stays as safe as it was: give it more and open it again");
}

// A torn shard goes on answering.
std::size_t EngineCore::shard_work(std::uint32_t shard) {
    try {
        ShardPart& part = *parts_[shard];
        const std::size_t work = part.do_work();
        if (node_ != nullptr && part.head->committed() != part.replica_knows) {
            part.replica_knows = part.head->committed();
            replica_bell_.ring();
        }
        return work;
    } catch (const std::bad_alloc&) {
        ran_out_of_memory(shard);
        return 0;
    }
}

std::size_t EngineCore::careful(std::size_t (EngineCore::*agent)()) {
    try {
        // acquire: pairs with the release above, for what was left in the middle
        return out_of_memory_.load(std::memory_order_acquire) ? 0 : (this->*agent)();
    } catch (const std::bad_alloc&) {
        ran_out_of_memory(0);
        return 0;
    }
}

std::size_t EngineCore::other_work() {
    return careful(&EngineCore::journal_work) + careful(&EngineCore::replica_work) + reply_work() +
           careful(&EngineCore::gateway_work) + careful(&EngineCore::housekeeping_work) +
           careful(&EngineCore::history_work);
}

std::size_t EngineCore::journal_work() {
    std::size_t work = 0;
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        ShardPart& part = *parts_[shard];
        if (part.journaler == nullptr) {
            // Transient: what is committed may be overwritten as soon as it is answered.
            const Position committed = part.head->committed();
            if (part.head->synced() != committed) part.head->set_synced(committed);
            continue;
        }
        const std::size_t written = part.journaler->do_work(environment_.clock.monotonic_ns());
        if (written != 0) {
            show(part.journaler->counters(), *part.counters);
            part.bell.ring();  // a reply may have waited for it
            if (node_ != nullptr) replica_bell_.ring();
        }
        work += written;
        if (part.journaler->state() == journal::JournalerState::failed && !part.failure_told) {
            part.failure_told = true;
            fail(shard, part.journaler->failure());
        }
    }
    return work;
}

// Nothing more may be acknowledged, by any shard: they share the disk, or the policy.
void EngineCore::fail(std::uint32_t shard, const std::string& sentence) {
    {
        const std::lock_guard lock(failing_);
        if (!failed()) failure_ = sentence;
        failed_.store(true, std::memory_order_release);
    }
    for (const auto& part : parts_) part->shard->stop();
    notify(Notice::Kind::stopped, shard, sentence);
}

std::size_t EngineCore::reply_work() {
    std::size_t work = 0;
    RawReplyRoom<64> replies;
    for (const auto& part : parts_) {
        const std::size_t count = part->answers.pop(replies.data(), replies.size());
        for (std::size_t i = 0; i < count; ++i)
            reinterpret_cast<Completion*>(replies[i].token)->complete(replies[i]);
        work += count;
    }
    return work;
}

std::size_t EngineCore::replica_work() {
    if (node_ == nullptr) return 0;
    const std::size_t work = node_->do_work(environment_.clock.monotonic_ns());
    if (work != 0 && node_->link_ends() != nullptr) node_counters_->show(*node_->link_ends());
    if (!node_->is_over() || failed()) return work;
    const std::string broken = node_->failure();
    fail(0, "engine " + options_.directory + ": this node is primary no more: " +
                (broken.empty() ? node_->status().why : broken) +
                ": let it step down, or close it and open it as a Standby");
    return work + 1;
}

// A throwing decide was contained: say so, and when the shard stopped because of it, stop
// admitting.
void EngineCore::watch_decisions(std::uint32_t shard) {
    ShardPart& part = *parts_[shard];
    const std::uint64_t threw = part.counters->threw.load(std::memory_order_relaxed);
    if (threw == part.threw_told) return;
    const std::uint64_t fresh = threw - std::exchange(part.threw_told, threw);
    notify(Notice::Kind::decision_threw, shard,
           "shard " + std::to_string(shard) + ": decide threw in " + std::to_string(fresh) +
               " commands; each was refused and changed nothing: find them by their refusal in the "
               "journal");
    if (!options_.halt_when_decide_throws) return;
    fail(shard, "shard " + std::to_string(shard) +
                    ": stopped because decide threw and halt_when_decide_throws is set");
}

std::size_t EngineCore::housekeeping_work() {
    std::size_t work = 0;
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        watch_decisions(shard);
        if (parts_[shard]->head->make_present()) ++work;
    }
    if (directory_ == nullptr) return work;
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        ShardPart& part = *parts_[shard];
        journal::SegmentPreparer& preparer = directory_->preparer(shard);
        if (preparer.do_work(environment_.clock.monotonic_ns()) != 0) ++work;
        if (preparer.disk_full() != part.disk_full_told) {
            part.disk_full_told = !part.disk_full_told;
            if (part.disk_full_told)
                notify(Notice::Kind::disk_full, shard,
                       "journal " + options_.directory + ": no room for another segment of " +
                           std::to_string(options_.segment_bytes) +
                           " bytes: new work is refused until there is");
            else
                notify(Notice::Kind::disk_available, shard,
                       "journal " + options_.directory + ": there is room again");
        }
    }
    return work;
}

void EngineCore::notify(Notice::Kind kind, std::uint32_t shard, std::string sentence) {
    if (!options_.on_notice) return;
    const std::lock_guard lock(notices_);
    options_.on_notice(Notice{kind, shard, std::move(sentence)});
}

}  // namespace pawl::detail
