// How long opening takes after a loss of power: everything replayed, or what a snapshot leaves.
// Knows bank, engine and directories; the limit is a loop over the same records.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "journal/crc32c.hpp"
#include "pawl/detail/record.hpp"
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

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What a power cut leaves: the files as they are now, without the heads in memory.
struct Image {
    std::string path;
    double live_per_second = 0;
    std::uint64_t records = 0;
};

Result<Image> make_image(const RunOptions& options, const Scratch& live, const Scratch& image,
                         std::uint32_t shards, bool snapshot) {
    EngineOptions engine;
    engine.directory = live.path();
    if (options.tiny) make_small(engine);
    engine.shards = shards;
    engine.idle = Idle::yield;
    auto bank = Engine<Account>::open(engine);
    if (!bank) return bank.error();
    open_accounts(*bank);
    Image made;
    made.path = image.path();
    {
        EngineClient client(*bank, "desk");
        BurstOptions burst;
        burst.seconds = options.tiny ? 0.02 : options.seconds / 4;
        made.live_per_second = send_bursts(client, burst).per_second;
    }
    if (const Status status = bank->sync(); !status) return status.error();
    if (snapshot)
        if (const Status status = bank->snapshot(); !status) return status.error();
    std::error_code failed;
    for (int i = 0; i < copies_max; ++i) {
        // A file that got its name meanwhile is not there under the old one: once more.
        failed.clear();
        std::filesystem::remove_all(image.path(), failed);
        std::filesystem::copy(live.path(), image.path(), std::filesystem::copy_options::recursive,
                              failed);
        if (!failed) return made;
    }
    return Error{ErrorCode::io, live.path() + ": cannot be copied to " + image.path() + ": " +
                                    failed.message() + ": make room and try again"};
}

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

// The smallest loop that checks and applies as many records of this size, from memory.
double smallest_loop_per_second(std::uint64_t records) {
    constexpr std::size_t record_bytes = sizeof(detail::RecordHeader) + 16;
    constexpr std::size_t held = 1U << 18;  // more than any cache holds
    std::vector<std::byte> bytes(held * record_bytes);
    std::uint32_t checksum = 0;
    Asks asks(1);
    for (std::size_t i = 0; i < held; ++i) {
        detail::RecordHeader header{};
        const Ask ask = asks.next();
        header.length = record_bytes;
        header.aggregate = ask.account;
        std::byte* const at = bytes.data() + i * record_bytes;
        std::memcpy(at, &header, sizeof header);
        std::memcpy(at + sizeof header, &ask.cents, sizeof ask.cents);
        checksum = journal::crc32c_record(i == 0 ? 0 : checksum, at, record_bytes);
        std::memcpy(at + offsetof(detail::RecordHeader, checksum), &checksum, sizeof checksum);
    }
    struct State {
        std::int64_t balance = 0;
        std::uint64_t version = 0;
    };
    std::vector<State> accounts(account_count);
    bool whole = true;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t done = 0; done < records; done += held) {
        checksum = 0;
        const std::uint64_t count = std::min<std::uint64_t>(held, records - done);
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::byte* const at = bytes.data() + i * record_bytes;
            const auto& header = *reinterpret_cast<const detail::RecordHeader*>(at);
            checksum = journal::crc32c_record(checksum, at, header.length);
            whole &= checksum == header.checksum;
            std::int64_t cents = 0;
            std::memcpy(&cents, at + sizeof header, sizeof cents);
            State& state = accounts[header.aggregate];
            state.balance += cents;
            ++state.version;
        }
    }
    const double took = seconds_since(begin);
    return whole ? static_cast<double>(records) / took : 0;
}

}  // namespace

Result<std::vector<Figure>> run_recovery(const RunOptions& options) {
    std::vector<Figure> figures;
    for (const std::uint32_t shards : {1U, 2U}) {
        const std::string name =
            "recovery " + std::to_string(shards) + (shards == 1 ? " shard" : " shards");
        const Scratch live(options.directory, "recovery-live");
        const Scratch image(options.directory, "recovery-image");
        const auto made = make_image(options, live, image, shards, false);
        if (!made) return made.error();
        const auto opened = open_image(made->path, shards);
        if (!opened) return opened.error();
        const double per_second = static_cast<double>(opened->replayed) / opened->seconds;
        figures.push_back({name + ", replay", per_second, "records/s",
                           "smallest loop that checks and applies",
                           smallest_loop_per_second(opened->replayed), included});
        figures.push_back({name + ", replay against live", per_second, "records/s",
                           "commands/s while they were made", made->live_per_second, included});

        const Scratch live_too(options.directory, "recovery-live");
        const Scratch image_too(options.directory, "recovery-image");
        const auto with_snapshot = make_image(options, live_too, image_too, shards, true);
        if (!with_snapshot) return with_snapshot.error();
        const auto quick = open_image(with_snapshot->path, shards);
        if (!quick) return quick.error();
        figures.push_back({name + ", after a snapshot", quick->seconds * 1e3, "ms",
                           "replay of as long a journal", opened->seconds * 1e3, included});
    }
    return figures;
}

}  // namespace pawl::perf
