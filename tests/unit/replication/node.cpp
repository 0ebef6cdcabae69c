// One machine's life, as a primary or a standby.
#include "node.hpp"

#include <cstring>
#include <utility>

#include "journal/seal.hpp"

namespace pawl::replication::testing {

Node::Node(std::string name, const NodeOptions& options)
    : name_(std::move(name)), options_(options) {
    wipe();
}

Node::~Node() {
    drop_receiver();
    streams_.reset();
    directory_.reset();
}

journal::DirectoryOptions Node::directory_options() const {
    journal::DirectoryOptions options = small_options("dir");
    options.shards = options_.shards;
    return options;
}

// ---- life

::testing::AssertionResult Node::open() {
    PAWL_ASSERT(directory_ == nullptr);
    collectors_.clear();
    for (std::uint32_t i = 0; i < options_.shards; ++i)
        collectors_.push_back(std::make_unique<Collector>());
    auto opened = journal::Directory::open(
        *storage_, directory_options(),
        [this](std::uint32_t shard) -> journal::RecordSink& { return *collectors_[shard]; });
    if (!opened.ok())
        return ::testing::AssertionFailure() << name_ << ": " << opened.error().sentence;
    directory_ = std::move(opened).value();
    return ::testing::AssertionSuccess();
}

void Node::drop_receiver() {
    if (receiver_ != nullptr && receiver_->epoch_seen() > epoch_seen_)
        epoch_seen_ = receiver_->epoch_seen();
    receiver_.reset();
}

void Node::close() {
    drop_receiver();
    streams_.reset();
    sequences_.clear();
    if (directory_ == nullptr) return;
    const auto closed = directory_->close();
    EXPECT_TRUE(closed.ok() || dying_) << closed.error().sentence;
    directory_.reset();
}

void Node::begin_to_die(std::uint64_t calls) {
    storage_->die_at_call(calls);
    dying_ = true;
}

void Node::kill() {
    drop_receiver();
    streams_.reset();
    sequences_.clear();
    directory_.reset();
    storage_->revive();
    dying_ = false;
}

void Node::cut_power(Unsynced unsynced) {
    kill();
    storage_->cut_power(unsynced);
    storage_->make_directory("heads").ok();
}

void Node::wipe() {
    drop_receiver();
    streams_.reset();
    sequences_.clear();
    directory_.reset();
    storage_ = std::make_unique<MemoryStorage>();
    begins_anew_ = dying_ = false;
    storage_->make_directory("heads").ok();
}

::testing::AssertionResult Node::reign(std::uint64_t epoch) {
    drop_receiver();
    streams_.reset();
    if (directory_ != nullptr) kill();
    if (auto opened = open(); !opened) return opened;
    epoch_seen_ = std::max(epoch_seen_, epoch);
    sequences_.clear();
    positions_.clear();
    checksums_.clear();
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        const journal::ShardEnd& end = directory_->end(shard);
        sequences_.push_back(end.last_sequence.value);
        positions_.push_back(end.end);
        checksums_.push_back(end.last_checksum);
        const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::EpochRecord);
        directory_->head(shard).announce(Position{end.end.value + length});
        std::byte* const at = directory_->head(shard).at(end.end);
        std::memset(at, 0, length);
        auto& header = *reinterpret_cast<detail::RecordHeader*>(at);
        header.length = static_cast<std::uint32_t>(length);
        header.sequence = end.last_sequence.value;
        header.decided_ns = end.last_time_ns;
        header.command_type = detail::no_command_type;
        header.kind_and_flags = static_cast<std::uint8_t>(detail::RecordKind::epoch);
        const detail::EpochRecord body{epoch, options_.boot};
        std::memcpy(at + sizeof header, &body, sizeof body);
        journal::seal(header, end.last_checksum);
        commit(shard, at, length);
    }
    return ::testing::AssertionSuccess();
}

// ---- as a primary

void Node::commit(std::uint32_t shard, std::byte* at, std::size_t length) {
    const detail::RecordView record(at);
    const Position position = positions_[shard];
    checksums_[shard] = record.header().checksum;
    positions_[shard].value += length;
    directory_->head(shard).publish(positions_[shard], checksums_[shard]);
    collectors_[shard]->on_record(record, position);
}

bool Node::append(std::uint32_t shard, std::size_t payload_bytes) {
    PAWL_ASSERT(is_primary());
    const std::size_t length =
        sizeof(detail::RecordHeader) + sizeof(detail::EventHeader) + detail::padded(payload_bytes);
    journal::Head& head = directory_->head(shard);
    const Position end{positions_[shard].value + length};
    if (end > head.writable_end()) return false;
    head.announce(end);
    std::byte* const at = head.at(positions_[shard]);
    build_record(at, ++sequences_[shard], payload_bytes, checksums_[shard]);
    // Two reigns decide differently, even at the same sequence.
    auto& header = *reinterpret_cast<detail::RecordHeader*>(at);
    header.aggregate = epoch_seen_;
    journal::seal(header, checksums_[shard]);
    commit(shard, at, length);
    return true;
}

bool Node::append_state(std::uint32_t shard) {
    PAWL_ASSERT(is_primary());
    const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::StateRecord);
    journal::Head& head = directory_->head(shard);
    const Position end{positions_[shard].value + length};
    if (end > head.writable_end()) return false;
    head.announce(end);
    std::byte* const at = head.at(positions_[shard]);
    std::memset(at, 0, length);
    auto& header = *reinterpret_cast<detail::RecordHeader*>(at);
    header.length = static_cast<std::uint32_t>(length);
    header.sequence = sequences_[shard];
    header.decided_ns = static_cast<std::int64_t>(sequences_[shard]);
    header.command_type = detail::no_command_type;
    header.kind_and_flags = static_cast<std::uint8_t>(detail::RecordKind::state);
    journal::seal(header, checksums_[shard]);
    commit(shard, at, length);
    return true;
}

::testing::AssertionResult Node::snapshot(std::uint32_t shard) {
    while (synced(shard) < end(shard)) write_some(shard);
    journal::WalkOptions walk = directory_->walk_options(shard);
    walk.bound = synced(shard);
    Collector fold;
    auto there = journal::list_snapshots(*storage_, "dir", shard);
    if (there.ok() && !there->empty()) {
        auto reader = journal::SnapshotReader::open(*storage_, there->front(),
                                                    directory_->manifest().identity, shard);
        if (!reader.ok()) return ::testing::AssertionFailure() << reader.error().sentence;
        static_cast<void>(fold.on_snapshot(**reader).ok());
        walk.from = (*reader)->facts().from();
    }
    auto end = journal::walk_segments(*storage_, walk, fold);
    if (!end.ok()) return ::testing::AssertionFailure() << end.error().sentence;
    if (end->tail.segment_index == 0) return ::testing::AssertionSuccess();
    auto writer = directory_->snapshot_writer(shard, 100);
    if (!writer.ok()) return ::testing::AssertionFailure() << writer.error().sentence;
    const journal::WalkFrom place = journal::continued(*end);
    journal::SnapshotFacts facts;
    facts.tail = place.tail;
    facts.last_offset_bytes = place.last_offset_bytes;
    facts.last_bytes = place.last_bytes;
    facts.epoch = place.epoch;
    facts.records = facts.events = fold.history.size();
    facts.epochs = fold.epochs();
    auto status = fold.save(**writer);
    if (status.ok()) status = (*writer)->finish(facts);
    if (!status.ok()) return ::testing::AssertionFailure() << status.error().sentence;
    return ::testing::AssertionSuccess();
}

void Node::retain(std::uint32_t shard, Position lowest_needed) {
    static_cast<void>(directory_
                          ->retain(shard,
                                   {.segments = journal::Retention::remove, .snapshots_kept = 1},
                                   lowest_needed)
                          .ok());
}

journal::EpochLog Node::epochs(std::uint32_t shard) const {
    return collectors_[shard]->epochs();
}

// ---- both

void Node::write_some(std::uint32_t shard) {
    journal::Journaler& journaler = directory_->journaler(shard);
    journaler.demand(directory_->head(shard).committed());
    journaler.do_work(0);
    directory_->preparer(shard).do_work(0);
}

void Node::write_when_due(std::int64_t now_ns) {
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
        directory_->journaler(shard).do_work(now_ns);
        directory_->preparer(shard).do_work(now_ns);
    }
}

void Node::write_all() {
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard)
        while (synced(shard) < end(shard)) write_some(shard);
}

::testing::AssertionResult Node::is_clean() {
    auto report = journal::verify_directory(*storage_, "dir");
    if (!report.ok()) return ::testing::AssertionFailure() << report.error().sentence;
    if (report->clean) return ::testing::AssertionSuccess();
    auto failure = ::testing::AssertionFailure();
    for (const auto& shard : report->shards)
        for (const auto& sentence : shard.sentences) failure << sentence << "; ";
    return failure;
}

// ---- the wire

std::unique_ptr<Sender> Node::sender(std::unique_ptr<Link> link, std::uint64_t epoch) {
    SenderOptions options;
    options.trace = options_.trace;
    options.talk = talk;
    options.talk.epoch = epoch;
    options.run_bytes_max = options_.run_bytes_max;
    return std::make_unique<Sender>(*storage_, *directory_, std::move(link), options,
                                    [this](std::uint32_t shard) { return epochs(shard); });
}

void Node::receive(std::unique_ptr<Link> link, std::uint64_t epoch) {
    drop_receiver();
    epoch_seen_ = std::max(epoch_seen_, epoch);
    if (begins_anew_) close();
    if (directory_ == nullptr && has_directory() && !begins_anew_) {
        const auto opened = open();
        if (!opened && dying_) return;
        ASSERT_TRUE(opened) << opened.message();
    }
    if (directory_ != nullptr && streams_ == nullptr) {
        StandbyStreamsOptions options;
        options.sinks = [this](std::uint32_t shard) -> journal::RecordSink& {
            return *collectors_[shard];
        };
        options.apply_bytes_max = options_.run_bytes_max;
        options.states = options_.states;
        streams_ = std::make_unique<StandbyStreams>(*directory_, options);
    }
    ReceiverOptions options;
    options.talk = talk;
    options.talk.epoch = epoch_seen_;
    options.directory = "dir";
    options.frames_max = 4;
    receiver_ = std::make_unique<Receiver>(*storage_, streams_.get(), std::move(link), options);
}

void Node::follow(std::int64_t now_ns) {
    if (receiver_ == nullptr) {
        if (streams_ != nullptr) streams_->apply_some();
        return;
    }
    receiver_->do_work(now_ns);
    if (receiver_->state() != ReceiverState::over) return;
    last_why = receiver_->why();
    if (receiver_->todo() == Todo::nothing) return drop_receiver();
    do_what_is_to_be_done();
}

void Node::do_what_is_to_be_done() {
    const Todo todo = receiver_->todo();
    const auto parts = receiver_->parts();
    const auto begins = receiver_->begins();
    const auto origin = receiver_->origin();
    close();
    if (todo == Todo::cut) {
        ++cuts;
        const auto cut = journal::cut_directory(*storage_, directory_options(), parts);
        begins_anew_ = !cut.ok() && cut.error().code == ErrorCode::mismatch;
        ASSERT_TRUE(cut.ok() || begins_anew_ || dying_) << cut.error().sentence;
    } else {
        ++adoptions;
        journal::AdoptOptions options;
        options.path = "dir";
        options.origin = origin;
        options.heads = "heads";
        options.begins = begins;
        options.inflight_bytes_max = directory_options().inflight_bytes_max;
        const auto adopted = journal::adopt_directory(*storage_, options);
        ASSERT_TRUE(adopted.ok() || dying_) << adopted.error().sentence;
        if (adopted.ok()) begins_anew_ = false;
    }
}

std::pair<std::unique_ptr<Link>, std::unique_ptr<Link>> connect(sim::Network& network,
                                                                Listener& listener,
                                                                Connector& connector,
                                                                const std::string& address,
                                                                std::int64_t& now_ns) {
    auto caller = connector.connect(address);
    std::unique_ptr<Link> called;
    for (int i = 0; i < 1000 && called == nullptr && caller->state() != LinkState::closed; ++i) {
        now_ns += 50'000;
        network.advance_to(now_ns);
        caller->do_work(now_ns);
        called = listener.accept();
    }
    if (called == nullptr) return {};
    caller->admit();
    called->admit();
    return {std::move(called), std::move(caller)};
}

}  // namespace pawl::replication::testing
