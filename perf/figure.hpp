// One measured figure beside the limit it is held against, and the programs that measure. Knows no
// engine; the programs are a file each.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pawl/result.hpp"

namespace pawl::perf {

struct Figure {
    std::string name;  // program, then what was varied: "throughput batch 64"
    double value = 0;  // in `unit`
    std::string unit;
    std::string limit_name;  // what the limit is; empty: there is none
    double limit = 0;        // in the same unit, measured in the same run
    std::string included;    // what the value pays for, and what it does not
    // value / limit; 0 without a limit. A rate is better above, a time below.
    double ratio() const noexcept { return limit > 0 ? value / limit : 0; }
};

struct RunOptions {
    double seconds = 2;  // each measurement lasts about so long, all its repetitions together
    std::string directory = ".";  // journals are made below it and removed again
    bool tiny = false;            // only show that it runs: the figures mean nothing
    // For `matching`, of one day, an instrument each, in the format sse.
    std::vector<std::string> order_flow;
};

struct Program {
    const char* name;
    const char* what;  // one line for people
    Result<std::vector<Figure>> (*run)(const RunOptions&);
};

// All of them, in the order in which they are run.
std::span<const Program> programs() noexcept;

Result<std::vector<Figure>> run_throughput(const RunOptions& options);
Result<std::vector<Figure>> run_latency(const RunOptions& options);
Result<std::vector<Figure>> run_durability(const RunOptions& options);
Result<std::vector<Figure>> run_matching(const RunOptions& options);
Result<std::vector<Figure>> run_snapshot(const RunOptions& options);
Result<std::vector<Figure>> run_recovery(const RunOptions& options);
Result<std::vector<Figure>> run_footprint(const RunOptions& options);
Result<std::vector<Figure>> run_growth(const RunOptions& options);
Result<std::vector<Figure>> run_replication(const RunOptions& options);
Result<std::vector<Figure>> run_pressure(const RunOptions& options);

// The machine in one line, and the date (UTC). With the round trip between its cores, which says
// how far apart they are now and which other figures of that moment compare.
std::string describe_machine();

// A table with one line per figure, then what each includes.
std::string figures_table(std::span<const Figure> figures);
// One JSON object per figure, one line each: name value unit limit ratio included machine, and
// limit_name.
std::string figures_json(std::span<const Figure> figures, const std::string& machine);

}  // namespace pawl::perf
