// pawl journal: look into any journal, without the program that wrote it.
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command/commands.hpp"
#include "cli/report/json.hpp"
#include "cli/report/table.hpp"
#include "pawl/journal.hpp"

namespace pawl::cli {

namespace {

struct DumpFlags {
    std::string directory;
    DumpOptions options;
};

int run_dump(const DumpFlags& flags) {
    const auto print = [](std::string_view line) {
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fputc('\n', stdout);
    };
    const Result<std::uint64_t> dumped = journal_dump(flags.directory, flags.options, print);
    return dumped ? exit_ok : report_error(dumped.error());
}

JsonObject json_of(const VerifyShard& shard) {
    JsonArray sentences;
    for (const std::string& sentence : shard.sentences) sentences.add(sentence);
    return JsonObject()
        .add("shard", shard.shard)
        .add("clean", shard.clean)
        .add("found", shard.found)
        .add("end", shard.end.value)
        .add("durable", shard.durable)
        .add("head_bytes", shard.head_bytes)
        .add("torn_bytes", shard.torn_bytes)
        .add("records", shard.records)
        .add("events", shard.events)
        .add("segments", shard.segments)
        .add("blocks", shard.blocks)
        .add("sentences", sentences);
}

int run_verify(const std::string& directory, bool json) {
    const Result<VerifyReport> report = journal_verify(directory);
    if (!report) return report_error(report.error());
    if (json) {
        JsonArray shards;
        for (const VerifyShard& shard : report->shards) shards.add(json_of(shard));
        std::printf("%s\n", JsonObject()
                                .add("clean", report->clean)
                                .add("live", report->live)
                                .add("holder", report->holder)
                                .add("shards", shards)
                                .text()
                                .c_str());
        return report->clean ? exit_ok : exit_difference;
    }
    Table table({"shard", "found", "records", "events", "durable to", "only in memory", "torn"});
    for (const VerifyShard& shard : report->shards)
        table.add_row({std::to_string(shard.shard), shard.found, count_text(shard.records),
                       count_text(shard.events), count_text(shard.end.value),
                       bytes_text(shard.head_bytes), bytes_text(shard.torn_bytes)});
    std::fputs(table.text().c_str(), stdout);
    for (const VerifyShard& shard : report->shards)
        for (const std::string& sentence : shard.sentences) std::printf("%s\n", sentence.c_str());
    if (report->live)
        std::printf("in use by %s: judged up to what is durable\n", report->holder.c_str());
    std::printf("%s: %s\n", directory.c_str(), report->clean ? "clean" : "NOT clean");
    return report->clean ? exit_ok : exit_difference;
}

int run_stat(const std::string& directory, bool json) {
    const Result<StatReport> report = journal_stat(directory);
    if (!report) return report_error(report.error());
    if (json) {
        JsonArray shards;
        for (const StatShard& shard : report->shards)
            shards.add(JsonObject()
                           .add("shard", shard.shard)
                           .add("end", shard.end.value)
                           .add("committed", shard.committed.value)
                           .add("records", shard.records)
                           .add("rejected", shard.rejected)
                           .add("events", shard.events)
                           .add("sessions", shard.sessions)
                           .add("segments", shard.segments)
                           .add("blocks", shard.blocks)
                           .add("disk_bytes", shard.disk_bytes)
                           .add("first_ns", shard.first.ns)
                           .add("last_ns", shard.last.ns));
        std::printf("%s\n", JsonObject()
                                .add("identity", report->identity)
                                .add("format", report->format)
                                .add("epoch", report->epoch)
                                .add("live", report->live)
                                .add("closed_clean", report->closed_clean)
                                .add("segment_bytes", report->segment_bytes)
                                .add("head_bytes", report->head_bytes)
                                .add("heads", report->heads)
                                .add("shards", shards)
                                .text()
                                .c_str());
        return exit_ok;
    }
    std::printf("%s: identity %s, format %u, epoch %llu, %s\n", directory.c_str(),
                report->identity.c_str(), report->format,
                static_cast<unsigned long long>(report->epoch),
                report->live           ? "in use"
                : report->closed_clean ? "closed in order"
                                       : "not closed in order");
    Table table({"shard", "records", "rejected", "events", "sessions", "stream", "on disk",
                 "segments", "blocks"});
    for (const StatShard& shard : report->shards)
        table.add_row({std::to_string(shard.shard), count_text(shard.records),
                       count_text(shard.rejected), count_text(shard.events),
                       count_text(shard.sessions), bytes_text(shard.committed.value),
                       bytes_text(shard.disk_bytes), count_text(shard.segments),
                       count_text(shard.blocks)});
    std::fputs(table.text().c_str(), stdout);
    return exit_ok;
}

void add_dump(CLI::App& journal, int& exit_code) {
    CLI::App* dump =
        journal.add_subcommand("dump", "print every record as one JSON object on a line");
    auto flags = std::make_shared<DumpFlags>();
    DumpOptions& options = flags->options;
    dump->add_option("directory", flags->directory, "the journal")->required()->type_name("DIR");
    dump->add_option("--shard", options.shard, "only this shard")->check(whole_number());
    dump->add_option("--session", options.session, "only commands of this session");
    dump->add_option("--number", options.number, "only the command with this number in its session")
        ->check(whole_number());
    dump->add_option("--type", options.aggregate_type, "only aggregates of this type");
    dump->add_option("--aggregate", options.aggregate, "only the aggregate with this id")
        ->check(whole_number());
    dump->add_option("--from", options.sequence_min, "only events from this sequence on")
        ->check(whole_number());
    dump->add_option("--to", options.sequence_max, "only events up to this sequence")
        ->check(whole_number());
    dump->add_option("--count", options.records_max, "at most so many records")
        ->check(whole_number());
    dump->callback([flags, &exit_code] { exit_code = run_dump(*flags); });
}

// verify and stat take the same flags.
void add_look(CLI::App& journal, const char* name, const char* what,
              int (*run)(const std::string&, bool), int& exit_code) {
    CLI::App* command = journal.add_subcommand(name, what);
    auto directory = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    command->add_option("directory", *directory, "the journal")->required()->type_name("DIR");
    command->add_flag("--json", *json, "print one JSON object");
    command->callback([=, &exit_code] { exit_code = run(*directory, *json); });
}

}  // namespace

void add_journal(CLI::App& app, int& exit_code) {
    CLI::App* journal = app.add_subcommand(
        "journal", "look into a journal; read-only, safe beside a running engine");
    journal->require_subcommand(1);
    add_dump(*journal, exit_code);
    add_look(*journal, "verify", "check every hash, checksum and position", run_verify, exit_code);
    add_look(*journal, "stat", "count what is there", run_stat, exit_code);
    journal->footer(
        "Exit codes: 0 done and clean; 1 verify found damage; 2 usage; 4 cannot be read.");
}

}  // namespace pawl::cli
