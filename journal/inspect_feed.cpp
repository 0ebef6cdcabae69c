// Reads on where it stopped, whatever became of the directory meanwhile.
#include "journal/inspect_feed.hpp"

#include <algorithm>
#include <utility>

#include "journal/inspect_verify.hpp"

namespace pawl::journal {
namespace {

constexpr std::uint64_t run_bytes = std::uint64_t{8} << 20;
// Of one read_on(). Each look that finds a change was overtaken by whoever writes.
constexpr int looks_max = 1000;

}  // namespace

// Between a walk and the sink: leaves out what was given before, and notices when that was another
// history.
class ShardFeed::Handout final : public RecordSink {
public:
    Handout(ShardFeed& feed, RecordSink& sink) : feed_(feed), sink_(sink) {}

    void on_record(const detail::RecordView& record, Position position) override {
        if (position < feed_.next_ && given_before(record, position)) return;
        const auto& header = record.header();
        sink_.on_record(record, position);
        feed_.next_ = Position{position.value + header.length};
        feed_.point_ = {header.checksum, last_sequence_of(header), header.decided_ns};
        if (from_head) feed_.unsettled_.push_back({position, header.checksum});
        given = true;
    }

    bool from_head = false;
    bool given = false;

private:
    bool given_before(const detail::RecordView& record, Position position) {
        auto& unsettled = feed_.unsettled_;
        if (unsettled.empty() || position < unsettled.front().position) return true;
        const auto same = std::lower_bound(
            unsettled.begin(), unsettled.end(), position,
            [](const Given& one, Position wanted) { return one.position < wanted; });
        if (same != unsettled.end() && same->position == position &&
            same->checksum == record.header().checksum) {
            if (!from_head) unsettled.erase(unsettled.begin(), same + 1);
            return true;
        }
        feed_.say(feed_.where() + ": what was read from position " +
                  std::to_string(position.value) + " to " + std::to_string(feed_.next_.value) +
                  " is gone with the head that held it: another history goes on from there");
        unsettled.erase(same, unsettled.end());
        return false;
    }

    ShardFeed& feed_;
    RecordSink& sink_;
};

ShardFeed::ShardFeed(Storage& storage, std::string directory, std::uint32_t shard)
    : storage_(storage), directory_(std::move(directory)), shard_(shard) {}

std::string ShardFeed::where() const {
    return "journal " + directory_ + ": shard " + std::to_string(shard_);
}

void ShardFeed::say(std::string sentence) {
    if (std::find(said_.begin(), said_.end(), sentence) != said_.end()) return;
    said_.push_back(sentence);
    sentences_.push_back(std::move(sentence));
}

std::vector<std::string> ShardFeed::take_sentences() {
    return std::exchange(sentences_, {});
}

bool ShardFeed::changed_meanwhile() {
    const auto now = look_at_directory(storage_, directory_);
    return now.ok() && !same_life(now.value(), looked_);
}

Status ShardFeed::look() {
    for (int looks = 0; looks < looks_max; ++looks) {
        auto looked = look_at_directory(storage_, directory_);
        if (!looked.ok()) return looked.error();
        if (begun_ && looked->manifest.identity != identity_)
            return Error{ErrorCode::mismatch, where() + ": it is another journal now, identity " +
                                                  to_hex(looked->manifest.identity) + ", was " +
                                                  to_hex(identity_) + ": begin anew"};
        looked_ = std::move(looked).value();
        WalkEnd end = std::move(look_.end);
        look_ = look_at_head(storage_, looked_, shard_);
        look_.end = std::move(end);
        // Closing, it removes the heads when the manifest has said so: then this look was torn.
        if (!looked_.live || look_.head_current || !changed_meanwhile()) return Done{};
    }
    return Error{ErrorCode::io, where() + ": it is opened and closed faster than it can be read"};
}

Status ShardFeed::begin_first() {
    auto first = first_place(storage_, look_.walk_options);
    if (!first.ok()) return first.error();
    place_ = first.value();
    look_.end.tail.checksum = chain_seed(looked_.manifest.identity, shard_);
    if (place_) look_.end.tail = place_->tail;
    begin_ = next_ = look_.end.tail.position;
    identity_ = looked_.manifest.identity;
    begun_ = true;
    return Done{};
}

Result<bool> ShardFeed::read_on(RecordSink& sink) {
    Handout handout(*this, sink);
    for (int looks = 0; looks < looks_max; ++looks) {
        if (const auto status = look(); !status.ok()) return status.error();
        if (!begun_)
            if (const auto status = begin_first(); !status.ok()) return status.error();
        if (!limit_ && looked_.live)
            limit_ = look_.head_current ? look_.head.committed() : look_.walk_options.bound;
        // What only a head held may be gone, and the end below what was given.
        if (limit_ && next_ >= *limit_ && unsettled_.empty()) return false;
        const auto step = read_segments(handout);
        if (!step.ok()) return step.error();
        if (handout.given) return true;
        if (*step == Step::look_again) continue;
        const Step head = read_head(handout);
        if (handout.given) return true;
        if (head == Step::ended) return false;
    }
    return Error{ErrorCode::io, where() + ": it changes faster than it can be read at position " +
                                    std::to_string(next_.value) + ": try again"};
}

// One run. `ended`: everything that may be read there was read.
Result<ShardFeed::Step> ShardFeed::read_segments(Handout& handout) {
    const Position bound = look_.walk_options.bound;
    const Position at = look_.end.tail.position;
    if (at >= bound || (limit_ && at >= *limit_)) return Step::ended;
    if (!place_) {
        // Nothing was in segments yet, and by now the first ones may have come and gone.
        auto first = first_place(storage_, look_.walk_options);
        if (!first.ok()) return first.error();
        if (first.value()) {
            go_to(*first.value());
            return Step::look_again;
        }
    }
    WalkOptions options = look_.walk_options;
    options.from = place_;
    // What is walked is given: a block that reaches beyond the limit is given whole.
    options.bound = std::min(bound, Position{at.value + run_bytes});
    if (limit_) options.bound = std::min(options.bound, *limit_);
    handout.from_head = false;
    auto walked = walk_segments(storage_, options, handout);
    if (!walked.ok()) {
        if (const auto status = go_to_kept(walked.error()); !status.ok()) return status.error();
        return Step::look_again;
    }
    look_.end = std::move(walked).value();
    if (look_.end.tail.segment_index != 0) place_ = continued(look_.end);
    // The segments that follow may have gone although this one is still there, archived earlier.
    if (!look_.end.bound_reached && go_to_kept(Error{}).ok()) return Step::look_again;
    for (const auto& remark : look_.end.remarks) say(remark);
    if (look_.end.bound_reached)
        return look_.end.tail.position < bound ? Step::look_again : Step::ended;
    // Somebody opened it meanwhile: what was seen behind the end may be half a block.
    return !looked_.live && changed_meanwhile() ? Step::look_again : Step::ended;
}

ShardFeed::Step ShardFeed::read_head(Handout& handout) {
    const HeadRemains& head = look_.head;
    if (!look_.head_current || (looked_.live && !look_.end.bound_reached &&
                                look_.end.tail.position < look_.walk_options.bound))
        return Step::ended;
    // The same head goes on; another one is compared with what was given beyond the segments.
    const bool same = head_epoch_ == head.epoch();
    const StreamTail& tail = look_.end.tail;
    PAWL_ASSERT(next_ >= tail.position);  // else something between them was never given
    Position position = same ? next_ : tail.position;
    RecordPoint point =
        same ? point_ : RecordPoint{tail.checksum, tail.sequence.value, tail.time_ns};
    Position end = limit_ ? std::min(head.committed(), *limit_) : head.committed();
    if (position >= end) return Step::ended;
    if (position < head.first()) return looked_.live ? Step::look_again : Step::ended;
    handout.from_head = true;
    if (same) end = std::min(end, Position{position.value + run_bytes});
    const HeadEnd ended = read_live_head(head, position, end, point, handout);
    if (handout.given || position == next_) head_epoch_ = head.epoch();
    if (ended == HeadEnd::bad)
        say(where() + ": the head's record at position " + std::to_string(position.value) +
            " is not good");
    return ended == HeadEnd::overwritten && looked_.live ? Step::look_again : Step::ended;
}

// Did retention remove what follows? Then the first that is kept is next; else `why`.
Status ShardFeed::go_to_kept(const Error& why) {
    const std::uint64_t stands = place_ ? place_->tail.segment_index : 0;
    if (looked_.manifest.kept_of(shard_).segment_index <= stands) return why;
    auto first = first_place(storage_, look_.walk_options);
    if (!first.ok() || !first.value()) return why;
    if (first.value()->tail.segment_index <= stands) return why;
    go_to(*first.value());
    return Done{};
}

void ShardFeed::go_to(const WalkFrom& kept) {
    if (const Position from = kept.tail.position; from > next_) {
        say(where() + ": positions " + std::to_string(next_.value) + " to " +
            std::to_string(from.value) +
            " were removed by retention before they were read: it goes on behind them");
        next_ = from;
        unsettled_.clear();
    }
    place_ = kept;
    look_.end = WalkEnd{};
    look_.end.tail = kept.tail;
}

Status ShardFeed::end_status() {
    const Position end = look_.end.tail.position;
    const auto damaged = [&](const std::string& what) {
        return Error{ErrorCode::damaged, where() + ": " + what};
    };
    // It was live at first and has grown since: what was asked for was given.
    if (limit_ && next_ >= *limit_) return Done{};
    if (looked_.live) {
        if (look_.end.bound_reached || end >= look_.walk_options.bound) return Done{};
        return damaged("damage at position " + std::to_string(end.value) + ": " + look_.end.why +
                       "; up to position " + std::to_string(look_.walk_options.bound.value) +
                       " is on disk: see 'pawl journal verify'");
    }
    WalkOptions options = look_.walk_options;
    options.from = place_;
    std::swap(options, look_.walk_options);
    auto judged = judge_closed_shard(storage_, looked_, look_);
    std::swap(options, look_.walk_options);
    if (!judged.ok()) return judged.error();
    if (judged->which == Case::clean_end || judged->which == Case::torn_tail) return Done{};
    // The head has what the segments lost: the next opening heals it.
    if (judged->which == Case::damage && next_ >= judged->durable) return Done{};
    // Somebody opened it since: what stands behind the end is his, and being written.
    if (changed_meanwhile()) return Done{};
    return damaged(judged->sentence + ": see 'pawl journal verify'");
}

void RecordPile::on_record(const detail::RecordView& record, Position position) {
    if (empty()) {
        bytes_.clear();
        records_.clear();
        next_ = 0;
    }
    records_.push_back({position, bytes_.size()});
    bytes_.insert(bytes_.end(), record.bytes(), record.bytes() + record.length());
}

detail::RecordView RecordPile::front() const noexcept {
    PAWL_ASSERT(!empty());
    return detail::RecordView(bytes_.data() + records_[next_].offset);
}

Position RecordPile::position() const noexcept {
    PAWL_ASSERT(!empty());
    return records_[next_].position;
}

}  // namespace pawl::journal
