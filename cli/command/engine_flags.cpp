// From flags to engine options.
#include "cli/command/engine_flags.hpp"

#include <map>

namespace pawl::cli {

namespace {
const std::map<std::string, Durability> durabilities{{"decided", Durability::decided},
                                                     {"journaled", Durability::journaled},
                                                     {"synced", Durability::synced}};
const std::map<std::string, Idle> idles{
    {"park", Idle::park}, {"yield", Idle::yield}, {"spin", Idle::spin}};

std::vector<std::string> words_of(const auto& map) {
    std::vector<std::string> words;
    for (const auto& [word, value] : map) words.push_back(word);
    return words;
}
}  // namespace

void EngineFlags::add_to(CLI::App& command) {
    command
        .add_option("--directory", directory, "where the journal lives; made when it is not there")
        ->required()
        ->type_name("DIR");
    command
        .add_option("--shards", shards,
                    "cores that share the work; fixed when the directory is made")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command
        .add_option("--durability", durability,
                    "what a reply waits for: decided, journaled or synced")
        ->check(CLI::IsMember(words_of(durabilities)))
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
    command
        .add_option("--heads", heads, "memory file system for it: what is there survives kill -9")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str()
        ->type_name("DIR");
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
    return options;
}

}  // namespace pawl::cli
