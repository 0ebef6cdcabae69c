// Prints records as JSON, one line each, shard by shard.
#include <string>
#include <utility>

#include "journal/inspect_feed.hpp"
#include "journal/inspect_filter.hpp"
#include "journal/inspect_print.hpp"
#include "pawl/journal.hpp"

namespace pawl {
namespace {

using namespace journal;

class Printer final : public RecordSink {
public:
    Printer(const Manifest& manifest, std::uint32_t shard, const DumpOptions& options,
            const PrintLine& print, std::uint64_t& count)
        : names_(manifest.schema_text),
          shard_(shard),
          options_(options),
          print_(print),
          count_(count) {}

    void on_record(const detail::RecordView& record, Position position) override {
        ended_ = ended_ || position >= options_.position_end;
        if (ended_) return;
        names_.learn(record);
        if (full() || !wanted(options_, names_, record)) return;
        line_.clear();
        print_record(names_, shard_, record, position, line_);
        if (options_.matches && !options_.matches(line_)) return;
        ++count_;
        print_(line_);
    }
    bool full() const noexcept { return ended_ || count_ >= options_.records_max; }
    const RecordNames& names() const noexcept { return names_; }

private:
    RecordNames names_;
    const std::uint32_t shard_;
    const DumpOptions& options_;
    const PrintLine& print_;
    std::uint64_t& count_;
    bool ended_ = false;
    std::string line_;
};

void tell(const DumpOptions& options, ShardFeed& feed) {
    for (const std::string& sentence : feed.take_sentences())
        if (options.on_sentence) options.on_sentence(sentence);
}

}  // namespace

Result<std::uint64_t> journal_dump(const std::string& directory, const DumpOptions& options,
                                   const PrintLine& print) {
    if (const auto status = check_filter(options); !status.ok()) return status.error();
    PosixStorage storage;
    auto looked = look_at_directory(storage, directory);
    if (!looked.ok()) return looked.error();
    const Manifest& manifest = looked->manifest;
    if (const auto status = check_shard(options.shard, manifest.shards, directory); !status.ok())
        return status.error();
    UnknownNames unknown(options);
    std::uint64_t count = 0;
    Status worst = Done{};  // what is wrong with one shard keeps nobody from the others
    for (std::uint32_t shard = 0; shard < manifest.shards && count < options.records_max; ++shard) {
        if (options.shard && *options.shard != shard) continue;
        Printer printer(manifest, shard, options, print, count);
        ShardFeed feed(storage, directory, shard);
        Result<bool> more = true;
        while (more.ok() && *more && !printer.full()) {
            more = feed.read_on(printer);
            tell(options, feed);
        }
        unknown.cross_out(printer.names());
        Status ended = more.ok() ? Status(Done{}) : Status(more.error());
        if (ended.ok() && !printer.full()) ended = feed.end_status();
        if (worst.ok()) worst = std::move(ended);
    }
    if (worst.ok() && count == 0) worst = unknown.status(directory);
    if (!worst.ok()) return worst.error();
    return count;
}

}  // namespace pawl
