// A trading day from the first command to the closed journal.
#include "cli/trading/day_run.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "cli/trading/journal_begin.hpp"
#include "cli/trading/text_file.hpp"
#include "pawl/matching/reason.hpp"

namespace pawl::cli {

namespace {

// One file with several instruments numbers them; otherwise each has a name.
std::vector<std::string> names_of(const DayJob& job,
                                  const std::vector<std::uint32_t>& instruments) {
    const std::uint32_t highest = instruments.empty() ? 0 : instruments.back();
    if (highest < job.instrument_names.size()) return job.instrument_names;
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i <= highest; ++i) names.push_back(std::to_string(i));
    return names;
}

std::string why(const Reply& reply) {
    if (reply.rejected()) return matching::to_string(reply.reason<matching::Reason>());
    if (reply.reason_number() == 0) return matching::to_string(matching::Reason::malformed);
    return to_string(reply.refusal());
}

// Tells the first rejections line by line; the summary has the number of all of them.
auto teller(const DayJob& job, std::uint64_t& told) {
    return [&job, &told](std::uint64_t line, std::uint32_t instrument, const Reply& reply) {
        if (!job.on_sentence || ++told > job.rejections_told_max) return;
        job.on_sentence(place_of(job.input_names, instrument, line) + ": rejected: " + why(reply));
    };
}

std::vector<InstrumentEnd> ends_of(TradingEngine& engine,
                                   const std::vector<std::uint32_t>& instruments,
                                   const std::vector<std::string>& names) {
    std::vector<InstrumentEnd> ends;
    for (const std::uint32_t i : instruments) {
        InstrumentEnd end = engine
                                .query(
                                    book_id(i),
                                    [](const matching::Book& book) {
                                        InstrumentEnd now;
                                        now.open_orders = book.open_orders();
                                        if (const auto bid = book.best_bid())
                                            now.best_bid = bid->price;
                                        if (const auto ask = book.best_ask())
                                            now.best_ask = ask->price;
                                        return now;
                                    },
                                    use_future)
                                .get();
        end.name = names[i];
        ends.push_back(std::move(end));
    }
    return ends;
}

// A file that cannot be written should be known before a day has been run.
Status try_places(const DayJob& job) {
    const bool asked = !job.trades_path.empty() || !job.best_prices_path.empty();
    if (asked && job.engine.retention == Retention::remove)
        return Error{ErrorCode::usage,
                     "trades and best prices are written from the whole journal, and retention "
                     "'remove' does not keep it: use --retention archive, or leave the file out"};
    for (const std::string* path : {&job.trades_path, &job.best_prices_path})
        if (!path->empty())
            if (Status possible = TextFile::try_place(*path); !possible) return possible;
    return Done{};
}

Status write_files(const DayJob& job, TradingEngine& engine, const DayReport& report,
                   const FeederResult& fed, const std::vector<std::string>& names) {
    if (!job.trades_path.empty())
        if (Status written = write_trades(job.trades_path, report.trades, names); !written)
            return written;
    if (!job.best_prices_path.empty())
        return write_best_prices(job.best_prices_path, engine, fed.last_number);
    return Done{};
}

// What the whole journal says, or what is left of it.
Result<DayReport> report_of(const DayJob& job, TradingEngine& engine) {
    const bool asked = !job.trades_path.empty() || !job.best_prices_path.empty();
    for (int attempt = 1;; ++attempt) {
        const Result<JournalBegin> begin = begin_of_journal(job.engine.directory);
        if (!begin) return begin.error();
        if (!begin->whole && asked)
            return Error{ErrorCode::usage,
                         job.engine.directory +
                             ": retention removed the beginning of this journal, and trades and "
                             "best prices are written from all of it: leave the file out"};
        Result<DayReport> report =
            read_day(engine, begin->cursor, job.session, !job.trades_path.empty());
        // Retention may take another segment between the two calls.
        if (!report && attempt < 3) continue;
        if (report && !begin->whole && job.on_sentence)
            job.on_sentence(job.engine.directory +
                            ": retention removed the beginning of this journal: commands, trades "
                            "and events are counted from position " +
                            begin->cursor.to_string() + " on");
        return report;
    }
}

// What the engine has to say of snapshots that were not made; each sentence once.
class Troubles {
public:
    void note(const Notice& notice) {
        if (notice.kind != Notice::Kind::snapshot_failed) return;
        const std::lock_guard guard(mutex_);
        if (sentences_.size() < 10) sentences_.insert(notice.sentence);
    }
    void tell(const DayJob& job) {
        const std::lock_guard guard(mutex_);
        for (const std::string& sentence : sentences_)
            if (job.on_sentence) job.on_sentence(sentence);
    }

private:
    std::mutex mutex_;
    std::set<std::string> sentences_;
};

// The first error counts.
void note(Status& status, Status next) {
    if (status.ok()) status = std::move(next);
}

}  // namespace

DayEnd run_day(const DayJob& job, InstructionSource& source) {
    DayEnd end;
    end.status = try_places(job);
    if (!end.status) return end;
    Troubles troubles;
    EngineOptions options_of_engine = job.engine;
    options_of_engine.on_notice = [&](const Notice& notice) { troubles.note(notice); };
    Result<TradingEngine> opened = TradingEngine::open(options_of_engine);
    if (!opened) {
        end.status = opened.error();
        return end;
    }
    TradingEngine& engine = *opened;
    end.opened = true;
    end.figures.created = engine.created();
    end.figures.resumed_records = engine.recovered_records();
    if (job.on_sentence)
        for (const std::string& sentence : engine.recovery_sentences()) job.on_sentence(sentence);

    std::uint64_t told = 0;
    FeederOptions options;
    options.session = job.session;
    options.directory = job.engine.directory;
    options.input_names = job.input_names;
    options.format = job.format;
    options.commands_per_second = job.commands_per_second;
    options.in_flight_max = job.in_flight_max;
    options.durability = job.engine.durability;
    options.on_progress = job.on_progress;
    options.on_rejected = teller(job, told);
    {
        Feeder feeder(engine, options);
        end.status = feeder.run(source);
        end.figures.fed = feeder.result();
    }
    if (!engine.failed()) {
        Result<DayReport> report = report_of(job, engine);
        if (report) {
            end.figures.counts = report->counts;
            std::vector<std::uint32_t> instruments = end.figures.fed.instruments;
            std::sort(instruments.begin(), instruments.end());
            const std::vector<std::string> names = names_of(job, instruments);
            end.figures.instruments = ends_of(engine, instruments, names);
            end.figures.state_hash = engine.state_hash();
            note(end.status, write_files(job, engine, *report, end.figures.fed, names));
        } else {
            note(end.status, report.error());
        }
    }
    note(end.status, engine.close());
    troubles.tell(job);
    return end;
}

Result<ReplayFigures> replay_day(const EngineOptions& options) {
    const std::int64_t begin = steady_ns();
    Result<TradingEngine> opened = TradingEngine::open(options);
    if (!opened) return opened.error();
    ReplayFigures figures;
    figures.seconds = static_cast<double>(steady_ns() - begin) / 1e9;
    figures.events = opened->recovered_events();
    figures.state_hash = opened->state_hash();
    if (Status closed = opened->close(); !closed) return closed.error();
    return figures;
}

}  // namespace pawl::cli
