// pawl journal diff: the first record in which two journals are not the same.
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command/journal_commands.hpp"
#include "cli/report/json.hpp"
#include "cli/report/table.hpp"
#include "pawl/journal.hpp"

namespace pawl::cli {

namespace {

struct DiffFlags {
    std::string a, b;
    DiffOptions options;
    bool no_times = false;
    bool no_openings = false;
    bool json = false;
};

const char* word(DiffShard::Found found) {
    switch (found) {
        case DiffShard::Found::same:
            return "same";
        case DiffShard::Found::differs:
            return "differs";
        case DiffShard::Found::a_ends:
            return "a_ends";
        case DiffShard::Found::b_ends:
            return "b_ends";
    }
    return "unknown";
}

std::string not_compared(const DiffOptions& options) {
    std::string text = "identities, checksums, the random number of each opening";
    if (!options.times) text += ", times";
    if (!options.openings) text += ", what openings write";
    return text;
}

std::string json_of(const DiffReport& report, const DiffOptions& options) {
    JsonArray shards;
    for (const DiffShard& shard : report.shards) {
        JsonArray fields;
        for (const DiffField& field : shard.fields)
            fields.add(JsonObject().add("path", field.path).add("a", field.a).add("b", field.b));
        JsonObject object;
        object.add("shard", shard.shard)
            .add("found", word(shard.found))
            .add("begin", shard.begin.value)
            .add("records_same", shard.records_same)
            .add("position_a", shard.position_a.value)
            .add("position_b", shard.position_b.value)
            .add("records_more", shard.records_more);
        if (!shard.record_a.empty()) object.add("record_a", JsonText{shard.record_a});
        if (!shard.record_b.empty()) object.add("record_b", JsonText{shard.record_b});
        shards.add(object.add("fields", fields));
    }
    return JsonObject()
        .add("same", report.same)
        .add("not_compared", not_compared(options))
        .add("shards", shards)
        .text();
}

void print_difference(const DiffFlags& flags, const DiffShard& shard) {
    const auto print = [](const std::string& name, const std::string& line) {
        std::printf("  %s: %s\n", name.c_str(), line.empty() ? "ends there" : line.c_str());
    };
    print(flags.a, shard.record_a);
    print(flags.b, shard.record_b);
    for (const DiffField& field : shard.fields) {
        if (field.path == "bytes")
            std::printf("  bytes that JSON does not show\n");
        else
            std::printf("  %s: %s, %s\n", field.path.c_str(),
                        field.a.empty() ? "nothing" : field.a.c_str(),
                        field.b.empty() ? "nothing" : field.b.c_str());
    }
}

void print_shard(const DiffFlags& flags, const DiffShard& shard) {
    const std::string same = count_text(shard.records_same) + " records are the same";
    if (shard.begin.value != 0)
        std::printf("shard %u: compared from position %s on, the first that both have\n",
                    shard.shard, count_text(shard.begin.value).c_str());
    if (shard.found == DiffShard::Found::same) {
        std::printf("shard %u: %s\n", shard.shard, same.c_str());
        return;
    }
    if (shard.found == DiffShard::Found::differs) {
        std::printf("shard %u: %s, the next one differs, at position %llu and %llu\n", shard.shard,
                    same.c_str(), static_cast<unsigned long long>(shard.position_a.value),
                    static_cast<unsigned long long>(shard.position_b.value));
    } else {
        const bool a_ends = shard.found == DiffShard::Found::a_ends;
        const std::string& shorter = a_ends ? flags.a : flags.b;
        const std::string& longer = a_ends ? flags.b : flags.a;
        std::printf(
            "shard %u: %s, then %s ends at position %llu: it is the beginning of %s, which "
            "has %s more\n",
            shard.shard, same.c_str(), shorter.c_str(),
            static_cast<unsigned long long>((a_ends ? shard.position_a : shard.position_b).value),
            longer.c_str(), count_text(shard.records_more).c_str());
    }
    print_difference(flags, shard);
}

int run_diff(const DiffFlags& flags) {
    DiffOptions options = flags.options;
    options.times = !flags.no_times;
    options.openings = !flags.no_openings;
    options.on_sentence = [](const std::string& sentence) {
        std::fprintf(stderr, "pawl: %s\n", sentence.c_str());
    };
    const Result<DiffReport> report = journal_diff(flags.a, flags.b, options);
    if (!report) return report_error(report.error());
    if (flags.json) {
        std::printf("%s\n", json_of(*report, options).c_str());
    } else {
        for (const DiffShard& shard : report->shards) print_shard(flags, shard);
        std::printf("%s (not compared: %s)\n", report->same ? "the same" : "NOT the same",
                    not_compared(options).c_str());
    }
    return report->same ? exit_ok : exit_difference;
}

}  // namespace

void add_journal_diff(CLI::App& journal, int& exit_code) {
    CLI::App* command = journal.add_subcommand(
        "diff", "find the first record in which two journals are not the same");
    auto flags = std::make_shared<DiffFlags>();
    command->add_option("a", flags->a, "a journal")->required()->type_name("DIR");
    command->add_option("b", flags->b, "another one")->required()->type_name("DIR");
    command->add_option("--shard", flags->options.shard, "only this shard")->check(whole_number());
    command->add_flag("--no-times", flags->no_times,
                      "when commands came and were decided may differ");
    command->add_flag("--no-openings", flags->no_openings,
                      "pass over what openings write: one was opened more often");
    command->add_flag("--json", flags->json, "print one JSON object");
    command->footer(
        "Exit codes: 0 the same; 1 not; 2 usage; 4 cannot be read; 7 shard counts; 8 damaged.");
    command->callback([flags, &exit_code] { exit_code = run_diff(*flags); });
}

}  // namespace pawl::cli
