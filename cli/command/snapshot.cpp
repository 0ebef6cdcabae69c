// pawl snapshot: makes one now, of a trading journal that nobody has open.
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command/commands.hpp"
#include "cli/command/engine_flags.hpp"
#include "cli/report/json.hpp"
#include "cli/report/table.hpp"
#include "cli/trading/day_summary.hpp"
#include "cli/trading/feeder.hpp"
#include "journal/inspect.hpp"
#include "journal/schema.hpp"
#include "journal/snapshot.hpp"

namespace pawl::cli {

namespace {

struct SnapshotFlags {
    std::string directory;
    std::string retention = "keep";
    std::uint32_t kept = 2;
    bool json = false;
};

Error wrong(const SnapshotFlags& flags, ErrorCode code, const std::string& why) {
    return Error{code, "journal " + flags.directory + ": " + why};
}

// A directory that this tool can open and nobody else has.
Status check(const SnapshotFlags& flags, const journal::Looked& looked) {
    if (looked.live)
        return wrong(flags, ErrorCode::locked,
                     "held by " + looked.holder +
                         ": the program that has it open makes snapshots itself, with "
                         "--snapshot-every or Engine::snapshot");
    const std::string here = TradingEngine::domain().schema_text;
    if (const Status same = journal::schema_continues(looked.manifest.schema_text, here); !same)
        return wrong(flags, ErrorCode::mismatch,
                     "it belongs to another program, and only that one knows its states: make "
                     "the snapshot there, with Engine::snapshot (" +
                         same.error().sentence + ")");
    return Done{};
}

EngineOptions options_for(const SnapshotFlags& flags, const journal::Manifest& manifest) {
    EngineOptions options;
    options.directory = flags.directory;
    options.shards = manifest.shards;
    options.heads = manifest.heads;
    options.head_bytes = manifest.head_bytes;
    options.segment_bytes = manifest.segment_bytes;
    options.session_window = static_cast<std::uint32_t>(manifest.session_window);
    options.retention = retention_from(flags.retention);
    options.snapshots_kept = flags.kept;
    return options;
}

struct Made {
    std::uint32_t shard = 0;
    journal::SnapshotFacts facts;
};

// The newest one of each shard that has any.
Result<std::vector<Made>> newest(journal::Storage& storage, const SnapshotFlags& flags,
                                 const journal::Manifest& manifest) {
    std::vector<Made> made;
    for (std::uint32_t shard = 0; shard < manifest.shards; ++shard) {
        const auto paths = journal::list_snapshots(storage, flags.directory, shard);
        if (!paths) return paths.error();
        if (paths->empty()) continue;  // nothing has happened in this shard
        auto facts =
            journal::SnapshotReader::look(storage, paths->front(), manifest.identity, shard);
        if (!facts) return facts.error();
        made.push_back({shard, std::move(facts).value()});
    }
    return made;
}

void print_made(const SnapshotFlags& flags, const std::vector<Made>& made,
                std::uint64_t state_hash) {
    if (flags.json) {
        JsonArray shards;
        for (const Made& one : made)
            shards.add(JsonObject()
                           .add("shard", one.shard)
                           .add("position", one.facts.tail.position.value)
                           .add("records", one.facts.records)
                           .add("events", one.facts.events)
                           .add("bytes", one.facts.body_bytes)
                           .add("path", one.facts.path));
        std::printf("%s\n", JsonObject()
                                .add("directory", flags.directory)
                                .add("state_hash", hash_text(state_hash))
                                .add("snapshots", shards)
                                .text()
                                .c_str());
        return;
    }
    Table table({"shard", "records", "events", "size", "file"});
    for (const Made& one : made)
        table.add_row({std::to_string(one.shard), count_text(one.facts.records),
                       count_text(one.facts.events), bytes_text(one.facts.body_bytes),
                       one.facts.path});
    std::fputs(table.text().c_str(), stdout);
}

int run_snapshot(const SnapshotFlags& flags) {
    journal::PosixStorage storage;
    const auto looked = journal::look_at_directory(storage, flags.directory);
    if (!looked) return report_error(looked.error());
    if (const Status good = check(flags, *looked); !good) return report_error(good.error());
    Result<TradingEngine> engine = TradingEngine::open(options_for(flags, looked->manifest));
    if (!engine) return report_error(engine.error());
    for (const std::string& sentence : engine->recovery_sentences())
        std::fprintf(stderr, "pawl: %s\n", sentence.c_str());
    const Status snapshot = engine->snapshot();
    const std::uint64_t state_hash = snapshot ? engine->state_hash() : 0;
    const Status closed = engine->close();
    if (!snapshot) return report_error(snapshot.error());
    if (!closed) return report_error(closed.error());
    const auto made = newest(storage, flags, looked->manifest);
    if (!made) return report_error(made.error());
    print_made(flags, *made, state_hash);
    return exit_ok;
}

}  // namespace

void add_snapshot(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "snapshot", "write down the state of a trading journal, so that opening it is fast");
    auto flags = std::make_shared<SnapshotFlags>();
    command
        ->add_option("directory", flags->directory,
                     "a journal of 'pawl match' or 'pawl day' that nobody has open")
        ->required()
        ->type_name("DIR");
    add_retention(*command, flags->retention);
    command->add_option("--kept", flags->kept, "so many snapshots of each shard stay")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "Exit codes: 0 done; 2 usage; 4 cannot be read or written; 5 disk full; 6 in use; 7 of "
        "another program; 8 damaged.");
    command->callback([flags, &exit_code] { exit_code = run_snapshot(*flags); });
}

}  // namespace pawl::cli
