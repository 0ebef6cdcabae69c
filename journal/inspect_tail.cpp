// The last records, and then every new one.
#include <algorithm>
#include <deque>
#include <string>
#include <tuple>
#include <utility>

#include "journal/inspect_feed.hpp"
#include "journal/inspect_filter.hpp"
#include "journal/inspect_print.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;

// A record that may be among the last ones: printed only when it is.
struct LastOne {
    std::int64_t decided_ns = 0;
    std::uint32_t shard = 0;
    Position position;
    std::vector<std::byte> bytes;
    std::string line;  // empty: not printed yet
};

class TailShard final : public RecordSink {
public:
    TailShard(Storage& storage, const std::string& directory, std::uint32_t shard,
              const Manifest& manifest, const TailOptions& options)
        : feed(storage, directory, shard),
          names(manifest.schema_text),
          shard_(shard),
          options_(options) {}

    void on_record(const detail::RecordView& record, Position position) override {
        // Names change: what waits is printed with those it was written under.
        if (record.header().kind() == detail::RecordKind::schema) print_kept();
        names.learn(record);
        if (!wanted(options_.filter, names, record)) return;
        if (print != nullptr || options_.filter.matches) {
            line_.clear();
            print_record(names, shard_, record, position, line_);
            if (options_.filter.matches && !options_.filter.matches(line_)) return;
        }
        ++count;
        if (print != nullptr)
            (*print)(line_);
        else
            keep(record, position);
    }

    std::deque<LastOne> take_kept() {
        print_kept();
        return std::exchange(kept_, {});
    }

    ShardFeed feed;
    RecordNames names;
    const PrintLine* print = nullptr;  // null: the last ones are kept
    std::uint64_t count = 0;

private:
    void keep(const detail::RecordView& record, Position position) {
        if (options_.last == 0) return;
        if (kept_.size() == options_.last) {
            kept_.push_back(std::move(kept_.front()));
            kept_.pop_front();
        } else {
            kept_.emplace_back();
        }
        LastOne& one = kept_.back();
        one.decided_ns = record.header().decided_ns;
        one.shard = shard_;
        one.position = position;
        one.bytes.assign(record.bytes(), record.bytes() + record.length());
        one.line.clear();
        if (options_.filter.matches) one.line = line_;
    }
    void print_kept() {
        for (LastOne& one : kept_)
            if (one.line.empty())
                print_record(names, shard_, detail::RecordView(one.bytes.data()), one.position,
                             one.line);
    }

    const std::uint32_t shard_;
    const TailOptions& options_;
    std::deque<LastOne> kept_;
    std::string line_;
};

}  // namespace

struct JournalTail::Parts {
    Status read_on();

    std::string directory;
    TailOptions options;
    PosixStorage storage;
    std::vector<std::unique_ptr<TailShard>> shards;
    bool begun = false;
};

Status JournalTail::Parts::read_on() {
    for (const auto& shard : shards) {
        shard->feed.look_anew();
        Result<bool> more = true;
        while (more.ok() && *more) {
            more = shard->feed.read_on(*shard);
            for (const std::string& sentence : shard->feed.take_sentences())
                if (options.filter.on_sentence) options.filter.on_sentence(sentence);
        }
        if (!more.ok()) return more.error();
    }
    return Done{};
}

JournalTail::JournalTail(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
JournalTail::JournalTail(JournalTail&&) noexcept = default;
JournalTail& JournalTail::operator=(JournalTail&&) noexcept = default;
JournalTail::~JournalTail() = default;

Result<JournalTail> JournalTail::open(const std::string& directory, const TailOptions& options) {
    if (const auto status = check_filter(options.filter); !status.ok()) return status.error();
    auto parts = std::make_unique<Parts>();
    parts->directory = directory;
    parts->options = options;
    auto looked = look_at_directory(parts->storage, directory);
    if (!looked.ok()) return looked.error();
    const auto& filter = parts->options.filter;
    const Manifest& manifest = looked->manifest;
    if (const auto status = check_shard(filter.shard, manifest.shards, directory); !status.ok())
        return status.error();
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard)
        if (!filter.shard || *filter.shard == shard)
            parts->shards.push_back(std::make_unique<TailShard>(parts->storage, directory, shard,
                                                                manifest, parts->options));
    return JournalTail(std::move(parts));
}

Result<std::uint64_t> JournalTail::poll(const PrintLine& print) {
    std::uint64_t printed = 0;
    if (std::exchange(parts_->begun, true)) {
        for (const auto& shard : parts_->shards) {
            shard->count = 0;
            shard->print = &print;
        }
        if (const auto status = parts_->read_on(); !status.ok()) return status.error();
        for (const auto& shard : parts_->shards) printed += shard->count;
        return printed;
    }
    if (const auto status = parts_->read_on(); !status.ok()) return status.error();
    std::vector<LastOne> last;
    for (const auto& shard : parts_->shards)
        for (LastOne& one : shard->take_kept()) last.push_back(std::move(one));
    std::sort(last.begin(), last.end(), [](const LastOne& a, const LastOne& b) {
        return std::tie(a.decided_ns, a.shard, a.position) <
               std::tie(b.decided_ns, b.shard, b.position);
    });
    const std::size_t wanted = std::min<std::uint64_t>(last.size(), parts_->options.last);
    for (std::size_t i = last.size() - wanted; i < last.size(); ++i) print(last[i].line);
    return wanted;
}

}  // namespace pawl
