// A heap of the next instruction of each source.
#include "cli/input/merge.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace pawl::cli {

namespace {

class Merge final : public InstructionSource {
public:
    Merge(std::vector<std::unique_ptr<InstructionSource>> sources, MergeOptions options)
        : sources_(std::move(sources)), heads_(sources_.size()), options_(options) {}

    Result<bool> next(Instruction& out) override {
        if (!started_) start();
        if (failure_.has_value()) return *failure_;
        if (heap_.empty()) return false;
        const std::uint32_t source = heap_.front().source;
        out = heads_[source];
        if (options_.source_is_instrument) out.instrument = source;
        if (options_.count_lines) out.line = ++count_;
        advance_first();
        return true;
    }

    Progress progress() const override {
        Progress sum;
        bool known = true;
        for (const auto& source : sources_) {
            const Progress one = source->progress();
            sum.done += one.done;
            sum.total += one.total;
            known = known && one.total > 0;
        }
        if (!known) sum.total = 0;
        return sum;
    }

    std::uint64_t skipped_count() const override {
        std::uint64_t sum = 0;
        for (const auto& source : sources_) sum += source->skipped_count();
        return sum;
    }

private:
    struct Next {
        std::int64_t time_ns;
        std::uint32_t source;
        bool before(const Next& other) const noexcept {
            return time_ns != other.time_ns ? time_ns < other.time_ns : source < other.source;
        }
    };

    void start() {
        started_ = true;
        for (std::uint32_t source = 0; source < sources_.size(); ++source) {
            const auto got = sources_[source]->next(heads_[source]);
            if (!got.ok()) {
                failure_ = got.error();
                return;
            }
            if (got.value()) heap_.push_back({heads_[source].time_ns, source});
        }
        for (std::size_t i = heap_.size(); i > 0; --i) sink(i - 1);
    }

    void advance_first() {
        const std::uint32_t source = heap_.front().source;
        const auto got = sources_[source]->next(heads_[source]);
        // The instruction in hand is good: the error is for the next call.
        if (!got.ok()) failure_ = got.error();
        if (got.ok() && got.value()) {
            heap_.front().time_ns = heads_[source].time_ns;
        } else {
            heap_.front() = heap_.back();
            heap_.pop_back();
        }
        if (!heap_.empty()) sink(0);
    }

    void sink(std::size_t at) {
        const Next moving = heap_[at];
        while (true) {
            std::size_t child = 2 * at + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
            if (!heap_[child].before(moving)) break;
            heap_[at] = heap_[child];
            at = child;
        }
        heap_[at] = moving;
    }

    std::vector<std::unique_ptr<InstructionSource>> sources_;
    std::vector<Instruction> heads_;
    std::vector<Next> heap_;
    std::optional<Error> failure_;
    MergeOptions options_;
    std::uint64_t count_ = 0;
    bool started_ = false;
};

}  // namespace

std::unique_ptr<InstructionSource> merge(std::vector<std::unique_ptr<InstructionSource>> sources,
                                         MergeOptions options) {
    PAWL_ASSERT(!sources.empty());
    PAWL_ASSERT(sources.size() <= std::numeric_limits<std::uint32_t>::max());
    return std::make_unique<Merge>(std::move(sources), options);
}

}  // namespace pawl::cli
