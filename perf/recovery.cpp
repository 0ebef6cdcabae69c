// How long opening takes after a loss of power: everything replayed, or what a snapshot leaves.
// Knows bank, engine and directories; the limit is a loop over the same records.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/crc32c.hpp"
#include "pawl/detail/record.hpp"
#include "perf/counted.hpp"
#include "perf/engine_client.hpp"
#include "perf/figure.hpp"
#include "perf/machine_limits.hpp"
#include "perf/pinned.hpp"

namespace pawl::perf {
namespace {

constexpr const char* included =
    "everything between Engine::open and the first command it would take: segments read from the "
    "page cache, every block's and every record's checksum, sessions, 100,000 accounts. Not "
    "included: a cold disk";

constexpr int copies_max = 10;
constexpr std::size_t record_bytes = sizeof(detail::RecordHeader) + 16;

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// A journal and what a power cut leaves of it: the files as they are, without the heads in memory.
class Journal {
public:
    Journal(const RunOptions& options, std::uint32_t shards)
        : live_(options.directory, "recovery-live") {
        engine_.directory = live_.path();
        if (options.tiny) make_small(engine_);
        engine_.shards = shards;
    }
    // About so many bytes of records.
    Status make(std::uint64_t bytes_wanted) {
        auto bank = open_bank(engine_);
        if (!bank) return bank.error();
        bank_.emplace(std::move(*bank));
        EngineClient client(*bank_, "desk");
        BurstOptions burst;
        burst.commands = bytes_wanted / record_bytes;
        live_per_second_ = send_bursts(client, burst).per_second;
        for (std::uint32_t shard = 0; shard < engine_.shards; ++shard)
            bytes_ += counted(live_.path(), "shard" + std::to_string(shard) + ".stream_bytes");
        return bank_->sync();
    }
    Status snapshot() { return bank_->snapshot(); }
    Status copy_to(const Scratch& image) const {
        std::error_code failed;
        for (int i = 0; i < copies_max; ++i) {
            // A file that got its name meanwhile is not there under the old one: once more.
            failed.clear();
            std::filesystem::remove_all(image.path(), failed);
            std::filesystem::copy(live_.path(), image.path(),
                                  std::filesystem::copy_options::recursive, failed);
            if (!failed) return Done{};
        }
        return Error{ErrorCode::io, live_.path() + ": cannot be copied to " + image.path() + ": " +
                                        failed.message() + ": make room and try again"};
    }
    // Its copies are the same journal: one of them can be open at a time.
    void end() { bank_.reset(); }
    double live_per_second() const noexcept { return live_per_second_; }
    double bytes() const noexcept { return bytes_; }

private:
    Scratch live_;
    EngineOptions engine_;
    std::optional<Engine<Account>> bank_;
    double live_per_second_ = 0;
    double bytes_ = 0;
};

struct Opening {
    double seconds = 0;
    std::uint64_t replayed = 0;
};

Result<Opening> open_image(const std::string& path, std::uint32_t shards) {
    EngineOptions engine;
    engine.directory = path;
    engine.shards = shards;
    const auto begin = std::chrono::steady_clock::now();
    auto bank = Engine<Account>::open(engine);
    if (!bank) return bank.error();
    const Opening opened{seconds_since(begin), bank->replayed_records()};
    if (const Status status = bank->close(); !status) return status.error();
    return opened;
}

// As many records of this size in memory, which no cache holds, and the least that can be done with
// them.
class BareRecords {
public:
    explicit BareRecords(std::uint64_t count) : count_(count), bytes_(count * record_bytes) {
        std::uint32_t checksum = 0;
        Asks asks(1);
        for (std::uint64_t i = 0; i < count_; ++i) {
            detail::RecordHeader header{};
            const Ask ask = asks.next();
            header.length = record_bytes;
            header.aggregate = ask.account;
            std::byte* const at = bytes_.data() + i * record_bytes;
            std::memcpy(at, &header, sizeof header);
            std::memcpy(at + sizeof header, &ask.cents, sizeof ask.cents);
            checksum = journal::crc32c_record(checksum, at, record_bytes);
            std::memcpy(at + offsetof(detail::RecordHeader, checksum), &checksum, sizeof checksum);
        }
    }
    // Records per second: each one's checksum, and its account. 0: one is not what it was.
    double check_and_apply() const {
        struct State {
            std::int64_t balance = 0;
            std::uint64_t version = 0;
        };
        std::vector<State> accounts(account_count);
        return pass([&accounts](const detail::RecordHeader& header, const std::byte* body) {
            std::int64_t cents = 0;
            std::memcpy(&cents, body, sizeof cents);
            State& state = accounts[header.aggregate];
            state.balance += cents;
            ++state.version;
        });
    }
    // Bytes per second: the checksums alone.
    double check() const {
        return pass([](const detail::RecordHeader&, const std::byte*) {}) * record_bytes;
    }

private:
    template <class Apply>
    double pass(const Apply& apply) const {
        bool whole = true;
        std::uint32_t checksum = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (std::uint64_t i = 0; i < count_; ++i) {
            const std::byte* const at = bytes_.data() + i * record_bytes;
            const auto& header = *reinterpret_cast<const detail::RecordHeader*>(at);
            checksum = journal::crc32c_record(checksum, at, header.length);
            whole &= checksum == header.checksum;
            apply(header, at + sizeof header);
        }
        const double took = seconds_since(begin);
        return whole ? static_cast<double>(count_) / took : 0;
    }

    std::uint64_t count_;
    std::vector<std::byte> bytes_;
};

}  // namespace

Result<std::vector<Figure>> run_recovery(const RunOptions& options) {
    const auto bytes = options.tiny
                           ? std::uint64_t{1} << 20
                           : static_cast<std::uint64_t>(std::min(1.0, options.seconds / 2) *
                                                        static_cast<double>(1U << 30));
    std::vector<Figure> figures;
    const double copy = measure_copy_per_second(options.tiny ? 100 : 1'000);
    for (const std::uint32_t shards : {1U, 2U}) {
        const std::string name =
            "recovery " + std::to_string(shards) + (shards == 1 ? " shard" : " shards");
        const Scratch whole(options.directory, "recovery-whole");
        const Scratch with_snapshot(options.directory, "recovery-with-snapshot");
        Journal journal(options, shards);
        if (Status done = journal.make(bytes); !done) return done.error();
        if (Status done = journal.copy_to(whole); !done) return done.error();
        if (Status done = journal.snapshot(); !done) return done.error();
        if (Status done = journal.copy_to(with_snapshot); !done) return done.error();
        journal.end();
        const auto opened = open_image(whole.path(), shards);
        if (!opened) return opened.error();
        const auto quick = open_image(with_snapshot.path(), shards);
        if (!quick) return quick.error();
        const double per_second = static_cast<double>(opened->replayed) / opened->seconds;
        const double bytes_per_second = journal.bytes() / opened->seconds;
        {
            const BareRecords records(opened->replayed);
            figures.push_back({name + ", replay", per_second, "records/s",
                               "smallest loop that checks and applies as many, from memory",
                               records.check_and_apply(), included});
            figures.push_back({name + ", bytes", bytes_per_second, "bytes/s",
                               "one pass of their checksums, from memory", records.check(),
                               included});
        }
        figures.push_back({name + ", bytes against a copy", bytes_per_second, "bytes/s",
                           "memcpy of 64 MiB, again and again", copy, included});
        figures.push_back({name + ", replay against live", per_second, "records/s",
                           "commands/s while they were made", journal.live_per_second(), included});
        figures.push_back({name + ", after a snapshot", quick->seconds * 1e3, "ms",
                           "replay of the same journal", opened->seconds * 1e3, included});
    }
    return figures;
}

}  // namespace pawl::perf
