// pawl journal verify and stat: what a directory holds, and whether it is whole.
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command/journal_commands.hpp"
#include "cli/report/json.hpp"
#include "cli/report/moment.hpp"
#include "cli/report/table.hpp"
#include "pawl/journal.hpp"

namespace pawl::cli {

namespace {

JsonObject json_of(const VerifyShard& shard) {
    JsonArray sentences;
    for (const std::string& sentence : shard.sentences) sentences.add(sentence);
    return JsonObject()
        .add("shard", shard.shard)
        .add("clean", shard.clean)
        .add("found", shard.found)
        .add("begin", shard.begin.value)
        .add("end", shard.end.value)
        .add("durable", shard.durable)
        .add("head_bytes", shard.head_bytes)
        .add("torn_bytes", shard.torn_bytes)
        .add("records", shard.records)
        .add("events", shard.events)
        .add("segments", shard.segments)
        .add("blocks", shard.blocks)
        .add("snapshots", shard.snapshots)
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
    Table table({"shard", "found", "records", "events", "durable to", "only in memory", "torn",
                 "snapshots"});
    for (const VerifyShard& shard : report->shards)
        table.add_row({std::to_string(shard.shard), shard.found, count_text(shard.records),
                       count_text(shard.events), count_text(shard.end.value),
                       bytes_text(shard.head_bytes), bytes_text(shard.torn_bytes),
                       count_text(shard.snapshots)});
    std::fputs(table.text().c_str(), stdout);
    for (const VerifyShard& shard : report->shards)
        for (const std::string& sentence : shard.sentences)
            std::printf("shard %u: %s\n", shard.shard, sentence.c_str());
    if (report->live)
        std::printf("in use by %s: judged up to what is durable\n", report->holder.c_str());
    std::printf("%s: %s\n", directory.c_str(), report->clean ? "clean" : "NOT clean");
    return report->clean ? exit_ok : exit_difference;
}

JsonObject json_of(const StatShard& shard) {
    return JsonObject()
        .add("shard", shard.shard)
        .add("begin", shard.begin.value)
        .add("end", shard.end.value)
        .add("committed", shard.committed.value)
        .add("records", shard.records)
        .add("rejected", shard.rejected)
        .add("events", shard.events)
        .add("sessions", shard.sessions)
        .add("segments", shard.segments)
        .add("blocks", shard.blocks)
        .add("disk_bytes", shard.disk_bytes)
        .add("archived_segments", shard.archived_segments)
        .add("archived_bytes", shard.archived_bytes)
        .add("snapshots", shard.snapshots)
        .add("snapshot_bytes", shard.snapshot_bytes)
        .add("snapshot", shard.snapshot.value)
        .add("first_ns", shard.first.ns)
        .add("last_ns", shard.last.ns);
}

JsonObject json_of(const StatCursor& cursor) {
    JsonArray places;
    for (const Position place : cursor.places) places.add(place.value);
    return JsonObject()
        .add("name", cursor.name)
        .add("places", places)
        .add("behind_bytes", cursor.behind_bytes)
        .add("fault", cursor.fault);
}

std::string json_of(const StatReport& report) {
    JsonArray shards;
    for (const StatShard& shard : report.shards) shards.add(json_of(shard));
    JsonArray cursors;
    for (const StatCursor& cursor : report.cursors) cursors.add(json_of(cursor));
    return JsonObject()
        .add("identity", report.identity)
        .add("format", report.format)
        .add("epoch", report.epoch)
        .add("live", report.live)
        .add("holder", report.holder)
        .add("closed_clean", report.closed_clean)
        .add("segment_bytes", report.segment_bytes)
        .add("head_bytes", report.head_bytes)
        .add("heads", report.heads)
        .add("shards", shards)
        .add("cursors", cursors)
        .text();
}

// Only what is not the same in every journal.
void print_kept(const StatReport& report) {
    Table table({"shard", "begins at", "archived", "snapshots", "newest at", "snapshot size"});
    bool any = false;
    for (const StatShard& shard : report.shards) {
        any = any || shard.begin.value != 0 || shard.archived_segments != 0 || shard.snapshots != 0;
        table.add_row({std::to_string(shard.shard), count_text(shard.begin.value),
                       bytes_text(shard.archived_bytes), count_text(shard.snapshots),
                       count_text(shard.snapshot.value), bytes_text(shard.snapshot_bytes)});
    }
    if (any) std::printf("\n%s", table.text().c_str());
}

void print_cursors(const StatReport& report) {
    if (report.cursors.empty()) return;
    Table table({"cursor", "behind"});
    for (const StatCursor& cursor : report.cursors)
        table.add_row({cursor.name, bytes_text(cursor.behind_bytes)});
    std::printf("\n%s", table.text().c_str());
    for (const StatCursor& cursor : report.cursors)
        if (!cursor.fault.empty()) std::printf("%s\n", cursor.fault.c_str());
}

int run_stat(const std::string& directory, bool json) {
    const Result<StatReport> report = journal_stat(directory);
    if (!report) return report_error(report.error());
    if (json) {
        std::printf("%s\n", json_of(*report).c_str());
        return exit_ok;
    }
    const std::string ended = report->live           ? "in use by " + report->holder
                              : report->closed_clean ? "closed in order"
                                                     : "not closed in order";
    std::printf("%s: identity %s, format %u, epoch %llu, %s\n", directory.c_str(),
                report->identity.c_str(), report->format,
                static_cast<unsigned long long>(report->epoch), ended.c_str());
    Table table({"shard", "records", "rejected", "events", "sessions", "stream", "on disk",
                 "segments", "blocks", "last record"});
    for (const StatShard& shard : report->shards)
        table.add_row({std::to_string(shard.shard), count_text(shard.records),
                       count_text(shard.rejected), count_text(shard.events),
                       count_text(shard.sessions), bytes_text(shard.committed.value),
                       bytes_text(shard.disk_bytes), count_text(shard.segments),
                       count_text(shard.blocks), shard.records == 0 ? "-" : time_text(shard.last)});
    std::fputs(table.text().c_str(), stdout);
    print_kept(*report);
    print_cursors(*report);
    return exit_ok;
}

// Both take the same flags.
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

void add_journal_verify(CLI::App& journal, int& exit_code) {
    add_look(journal, "verify", "check every hash, checksum and position", run_verify, exit_code);
}

void add_journal_stat(CLI::App& journal, int& exit_code) {
    add_look(journal, "stat", "count what is there", run_stat, exit_code);
}

}  // namespace pawl::cli
