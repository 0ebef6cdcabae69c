// Kills 'pawl match' at random moments, many times over one directory, then lets it finish: the
// trades and the state are those of a run that nobody disturbed. Knows processes and figures.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/input/generated_day.hpp"
#include "tests/tool/run_tool.hpp"

namespace pawl::tool_test {
namespace {

struct Wish {
    int kills = 25;        // over the directory of the main setting
    int kills_beside = 8;  // over each of the others
    std::uint64_t seed = std::random_device()();
    int life_ms_max = 200;  // of one run before it is killed
};

struct Setting {
    const char* name;
    bool several;  // instruments
    const char* shards;
    const char* durability;
    bool main = false;
};
constexpr Setting settings[] = {{"one stock", false, "1", "journaled"},
                                {"three stocks, one shard", true, "1", "journaled"},
                                {"three stocks, two shards", true, "2", "journaled", true},
                                {"three stocks, two shards, synced", true, "2", "synced"}};

struct Input {
    std::string files;
    std::string format;
    std::uint64_t commands = 0;
};

[[noreturn]] void fail(const std::string& sentence, const std::string& directory) {
    throw std::runtime_error(sentence + " (" + directory + ")");
}

Input real_input(const std::string& data, bool several) {
    const auto file = [&](const char* stock) {
        return data + "/sse/" + stock + ".SH_commands.csv.zst";
    };
    if (!several) return {file("600536"), "sse", 66'531};
    return {file("600536") + "," + file("600961") + "," + file("605580"), "sse", 150'630};
}

Input generated_input(const Folder& folder, bool several) {
    const std::uint32_t instruments = several ? 3 : 1;
    const std::uint64_t commands = 50'000 * instruments;
    const std::string path = folder.path("day" + std::to_string(instruments) + ".csv");
    auto day = cli::generate_day({.commands = commands, .instruments = instruments, .seed = 9});
    std::ofstream file(path);
    if (!cli::write_csv(**day, file)) fail("cannot write the generated day", path);
    return {path, "csv", commands};
}

Input input_for(const Folder& folder, bool several) {
    const char* named = std::getenv("PAWL_DATA");
    const std::string data = named != nullptr ? named : PAWL_SOURCE_DIR "/../shared/data";
    return std::filesystem::exists(data) ? real_input(data, several)
                                         : generated_input(folder, several);
}

class Match {
public:
    Match(const Setting& setting, Input input, std::string directory, std::string trades)
        : input_(std::move(input)), directory_(std::move(directory)), trades_(std::move(trades)) {
        arguments_ = {"match",
                      "--input",
                      input_.files,
                      "--format",
                      input_.format,
                      "--directory",
                      directory_,
                      "--shards",
                      setting.shards,
                      "--durability",
                      setting.durability,
                      "--trades",
                      trades_,
                      "--segment-mib",
                      "1",
                      "--head-mib",
                      "1",
                      "--idle",
                      "park",
                      "--json"};
    }
    std::vector<std::string> slowly(std::uint64_t rate) const {
        std::vector<std::string> arguments = arguments_;
        arguments.insert(arguments.end(), {"--rate", std::to_string(rate)});
        return arguments;
    }
    Ran to_the_end() const {
        Ran ran = run(arguments_);
        // The generated day has rejections in its mix.
        const bool done = ran.exit_code == 0 || (ran.exit_code == 12 && input_.format == "csv");
        if (!done) fail("the run to the end failed: " + ran.err, directory_);
        return ran;
    }
    void verify(int kill) const {
        const Ran ran = run({"journal", "verify", directory_});
        if (ran.exit_code != 0)
            fail("after kill " + std::to_string(kill) + " verify says: " + ran.out + ran.err,
                 directory_);
    }
    std::uint64_t records() const {
        const Ran ran = run({"journal", "stat", directory_, "--json"});
        std::uint64_t records = 0;
        for (std::size_t at = 0; (at = ran.out.find("\"records\"", at)) != std::string::npos; ++at)
            records += std::stoull(json_field(std::string_view(ran.out).substr(at), "records"));
        return records;
    }
    const std::string& trades() const { return trades_; }
    const std::string& directory() const { return directory_; }
    const Input& input() const { return input_; }

private:
    Input input_;
    std::string directory_;
    std::string trades_;
    std::vector<std::string> arguments_;
};

void run_setting(const Setting& setting, const Wish& wish, std::mt19937_64& random) {
    const int kills_wanted = setting.main ? wish.kills : wish.kills_beside;
    const Folder folder;
    const Input input = input_for(folder, setting.several);
    const Match undisturbed(setting, input, folder.path("undisturbed"), folder.path("want.csv"));
    const Ran want = undisturbed.to_the_end();

    const Match killed(setting, input, folder.path("killed"), folder.path("got.csv"));
    // All lives together would come to somewhat more than the day, if starting took no time.
    const std::uint64_t rate =
        input.commands * 6 / 5 * 2'000 /
        (static_cast<std::uint64_t>(kills_wanted) * static_cast<std::uint64_t>(wish.life_ms_max));
    int kills = 0;
    int within = 0;  // kills that found work done by their own run, and left some to do
    std::uint64_t before = 0;
    while (kills < kills_wanted) {
        std::uniform_int_distribution<int> life(1, wish.life_ms_max);
        Running tool(killed.slowly(rate));
        if (tool.ends_within(std::chrono::milliseconds(life(random)))) {
            const Ran ran = tool.wait();
            if (ran.exit_code != 0 && ran.exit_code != 12)
                fail("a run ended by itself: " + ran.err, killed.directory());
        }
        tool.kill_now();
        ++kills;
        if (!std::filesystem::exists(killed.directory() + "/manifest")) continue;
        killed.verify(kills);
        const std::uint64_t now = killed.records();
        within += now > before && now < input.commands ? 1 : 0;
        before = now;
    }
    const Ran got = killed.to_the_end();
    killed.verify(kills);
    if (read_file(killed.trades()) != read_file(undisturbed.trades()))
        fail("the trades differ from an undisturbed run's", killed.directory());
    for (const char* figure : {"state_hash", "commands", "trades", "open_orders", "rejected"})
        if (json_field(got.out, figure) != json_field(want.out, figure))
            fail(std::string(figure) + " is " + json_field(got.out, figure) + ", undisturbed " +
                     json_field(want.out, figure),
                 killed.directory());
    std::printf(
        "%s: %d kills, %d within the work; %s commands, %s sent by the last run, %s trades, state "
        "hash %s: the same\n",
        setting.name, kills, within, json_field(got.out, "commands").c_str(),
        json_field(got.out, "sent").c_str(), json_field(got.out, "trades").c_str(),
        json_field(got.out, "state_hash").c_str());
    std::fflush(stdout);
}

}  // namespace
}  // namespace pawl::tool_test

// match_kill [--kills=N] [--seed=S] [--life-ms=T]
int main(int argc, char** argv) {
    using namespace pawl::tool_test;
    Wish wish;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const std::string value = word.substr(std::min(word.size(), word.find('=') + 1));
        if (word.starts_with("--kills="))
            wish.kills = wish.kills_beside = std::max(1, std::stoi(value));
        if (word.starts_with("--seed=")) wish.seed = std::stoull(value);
        if (word.starts_with("--life-ms=")) wish.life_ms_max = std::max(2, std::stoi(value));
    }
    std::printf("seed %llu\n", static_cast<unsigned long long>(wish.seed));
    std::mt19937_64 random(wish.seed);
    try {
        for (const Setting& setting : settings) run_setting(setting, wish, random);
    } catch (const std::exception& error) {
        std::printf("%s\n", error.what());
        return 1;
    }
    return 0;
}
