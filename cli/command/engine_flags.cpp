// From flags to engine options.
#include "cli/command/engine_flags.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace pawl::cli {

namespace {
const std::map<std::string, Durability> durabilities{
    {"decided", Durability::decided},
    {"journaled", Durability::journaled},
    {"synced", Durability::synced},
    {"replicated", Durability::replicated},
    {"replicated_synced", Durability::replicated_synced}};
const std::map<std::string, Idle> idles{
    {"park", Idle::park}, {"yield", Idle::yield}, {"spin", Idle::spin}};

const std::map<std::string, Retention> retentions{
    {"keep", Retention::keep}, {"archive", Retention::archive}, {"remove", Retention::remove}};

// How much journal, or how much time, between two snapshots.
struct Every {
    std::uint64_t bytes = 0;
    std::chrono::nanoseconds time{0};
};

// Nothing when the text is none: a whole number and a unit.
std::optional<Every> every_from(const std::string& text) {
    const std::size_t unit_at = text.find_first_not_of("0123456789");
    if (unit_at == 0 || unit_at == std::string::npos || unit_at > 9) return std::nullopt;
    const std::uint64_t count = std::stoull(text.substr(0, unit_at));
    const std::string unit = text.substr(unit_at);
    if (count == 0) return std::nullopt;
    if (unit == "KiB") return Every{.bytes = count << 10};
    if (unit == "MiB") return Every{.bytes = count << 20};
    if (unit == "GiB") return Every{.bytes = count << 30};
    if (unit == "s") return Every{.time = std::chrono::seconds(count)};
    if (unit == "min") return Every{.time = std::chrono::minutes(count)};
    return std::nullopt;
}

CLI::Validator amount_or_time() {
    return CLI::Validator(
        [](const std::string& text) {
            return every_from(text) ? std::string()
                                    : "'" + text + "' is no amount and no time: write 64MiB or 30s";
        },
        "");
}

std::vector<std::string> words_of(const auto& map) {
    std::vector<std::string> words;
    for (const auto& [word, value] : map) words.push_back(word);
    return words;
}
}  // namespace

void EngineFlags::add_to(CLI::App& command, bool replicated) {
    command
        .add_option("--directory", directory, "where the journal lives; made when it is not there")
        ->required()
        ->type_name("DIR");
    command
        .add_option("--shards", shards,
                    "cores that share the work; fixed when the directory is made")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    durability_flag =
        command
            .add_option("--durability", durability,
                        replicated ? "what a reply waits for: decided, journaled or synced; of a "
                                     "node also replicated (its default) or replicated_synced"
                                   : "what a reply waits for: decided, journaled or synced")
            ->check(CLI::IsMember(replicated
                                      ? words_of(durabilities)
                                      : std::vector<std::string>{"decided", "journaled", "synced"}))
            ->capture_default_str();
    command.add_option("--idle", idle, "what a shard does without work: park, yield or spin")
        ->check(CLI::IsMember(words_of(idles)))
        ->capture_default_str();
    command
        .add_option("--segment-mib", segment_mib,
                    "size of a journal file; fixed when the directory is made")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    command
        .add_option("--head-mib", head_mib,
                    "memory for the newest part of the journal, a power of two")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    heads_flag = command
                     .add_option("--heads", heads,
                                 "memory file system for it: what is there survives kill -9")
                     ->check(CLI::ExistingDirectory)
                     ->capture_default_str()
                     ->type_name("DIR");
    command
        .add_option("--snapshot-every", snapshot_every,
                    "make a snapshot when a shard's journal has grown by so much, or so much time "
                    "has passed: KiB, MiB, GiB, s or min")
        ->check(amount_or_time())
        ->type_name("64MiB|30s");
    add_retention(command, retention);
}

void add_retention(CLI::App& command, std::string& word) {
    command
        .add_option("--retention", word,
                    "what becomes of segments that two snapshots and every cursor have left "
                    "behind: keep, archive or remove")
        ->check(CLI::IsMember(words_of(retentions)))
        ->capture_default_str();
}

Retention retention_from(const std::string& word) {
    return retentions.at(word);
}

EngineOptions EngineFlags::options() const {
    EngineOptions options;
    options.directory = directory;
    options.shards = shards;
    options.durability = durabilities.at(durability);
    options.idle = idles.at(idle);
    options.segment_bytes = segment_mib << 20;
    options.head_bytes = head_mib << 20;
    options.heads = heads;
    options.retention = retention_from(retention);
    if (const auto every = every_from(snapshot_every)) {
        options.snapshot_every_bytes = every->bytes;
        options.snapshot_every = every->time;
    }
    return options;
}

}  // namespace pawl::cli
