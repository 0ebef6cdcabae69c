// A day that goes over the network: an engine that listens, a feed that finds it again whatever
// happens to either.
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "tests/tool/match_case.hpp"

namespace pawl::tool_test {
namespace {

class Listening : public ::testing::Test {
protected:
    // Port 0: any.
    void listen(const std::string& address, const std::vector<std::string>& more = {}) {
        server_.reset();
        server_ = std::make_unique<Running>(
            with({"match", "--listen", address, "--directory", directory_, "--idle", "park",
                  "--segment-mib", "1", "--head-mib", "1"},
                 more));
        const std::string before = "listening on ";
        while (server_->printed().find('\n') == std::string::npos)
            if (server_->ends_within(std::chrono::milliseconds(10))) {
                FAIL() << server_->wait().err;
            }
        const std::string line = server_->printed();
        ASSERT_TRUE(line.starts_with(before)) << line;
        address_ = line.substr(before.size(), line.find('\n') - before.size());
    }
    Ran stop() {
        ::kill(server_->pid(), SIGTERM);
        const Ran ran = server_->wait();
        server_.reset();
        return ran;
    }
    std::vector<std::string> feed(const std::vector<std::string>& more = {}) const {
        return with({"feed", "--to", address_, "--session", "desk", "--input", input_, "--format",
                     "csv", "--acknowledged", acknowledged_},
                    more);
    }
    void make_day(int pairs) {
        std::string day = "number,command,order,side,price,quantity\n1,phase,,continuous,,\n";
        for (int i = 1; i <= pairs; ++i) {
            const std::string n = std::to_string(2 * i);
            const std::string m = std::to_string(2 * i + 1);
            day += n + ",add," + n + ",B,100000,100\n" + m + ",add," + m + ",S,100000,60\n";
        }
        input_ = folder_.write("day.csv", day);
        commands_ = static_cast<std::size_t>(2 * pairs + 2);
    }
    std::size_t acknowledged_lines() const {
        std::ifstream list(acknowledged_);
        std::size_t lines = 0;
        for (std::string line; std::getline(list, line);) ++lines;
        return lines;
    }
    // Each command once, and the state that the same day has without a network.
    void expect_whole_day() {
        std::ifstream list(acknowledged_);
        std::map<std::uint64_t, int> numbers;
        for (std::string line; std::getline(list, line);) {
            std::istringstream words(line);
            std::uint64_t number = 0;
            std::string outcome;
            words >> number >> outcome;
            ++numbers[number];
            EXPECT_EQ(outcome, "accepted") << line;
        }
        EXPECT_EQ(numbers.size(), commands_);
        for (const auto& [number, times] : numbers) EXPECT_EQ(times, 1) << number;
        const Ran replayed = run({"replay", directory_, "--json"});
        const Ran local = run(match(input_, "csv", folder_.path("local")));
        EXPECT_EQ(json_field(replayed.out, "state_hash"), json_field(local.out, "state_hash"));
        EXPECT_NE(json_field(local.out, "state_hash"), "");
        EXPECT_EQ(run({"journal", "verify", directory_}).exit_code, 0);
    }

    Folder folder_;
    const std::string directory_ = folder_.path("journal");
    const std::string acknowledged_ = folder_.path("acknowledged");
    std::string input_ = folder_.write("day.csv", small_day);
    std::size_t commands_ = 6;  // the instrument is added, too
    std::string address_;
    std::unique_ptr<Running> server_;
};

TEST_F(Listening, a_day_over_the_network_is_the_same_day) {
    listen(":0");
    const Ran fed = run(feed());
    EXPECT_EQ(fed.exit_code, 0) << fed.err;
    EXPECT_EQ(json_field(fed.out, "accepted"), "6");
    const Ran again = run(feed());
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(json_field(again.out, "earlier"), "6");
    EXPECT_EQ(stop().exit_code, 0);
    expect_whole_day();
}

TEST_F(Listening, an_engine_that_is_killed_and_comes_back_costs_nothing) {
    make_day(2'000);
    listen(":0");
    Running feeding(feed({"--rate", "8000"}));
    for (std::size_t kills = 1; kills <= 3; ++kills) {
        while (acknowledged_lines() < kills * 800)
            ASSERT_FALSE(feeding.ends_within(std::chrono::milliseconds(1)));
        server_->kill_now();
        ASSERT_NO_FATAL_FAILURE(listen(address_));
    }
    const Ran fed = feeding.wait();
    EXPECT_EQ(fed.exit_code, 0) << fed.err;
    EXPECT_EQ(stop().exit_code, 0);
    expect_whole_day();
}

TEST_F(Listening, a_feed_that_is_killed_and_comes_back_goes_on) {
    make_day(1'500);
    listen(":0");
    for (std::size_t kills = 1; kills <= 3; ++kills) {
        Running feeding(feed({"--rate", "8000"}));
        while (acknowledged_lines() < kills * 700)
            ASSERT_FALSE(feeding.ends_within(std::chrono::milliseconds(1)));
        feeding.kill_now();
    }
    std::ofstream(acknowledged_, std::ios::app) << "4711 accep";  // as a kill may leave it
    const Ran fed = run(feed());
    EXPECT_EQ(fed.exit_code, 0) << fed.err;
    EXPECT_EQ(stop().exit_code, 0);
    expect_whole_day();
}

TEST_F(Listening, who_does_not_know_the_secret_is_told) {
    const std::string secret = folder_.write("secret", "0123456789abcdef\n");
    listen(":0", {"--secret-file", secret});
    expect_sentence(run(feed()), 7, {"secret"});
    EXPECT_EQ(run(feed({"--secret-file", secret})).exit_code, 0);
    expect_sentence(run(feed({"--secret-file", folder_.path("none")})), 4, {"openssl rand"});
    EXPECT_EQ(stop().exit_code, 0);
}

TEST_F(Listening, nobody_there_is_a_sentence) {
    address_ = "127.0.0.1:1";
    expect_sentence(run(feed({"--open-within", "1"})), 11, {"no server has welcomed"});
    address_ = "localhost";
    expect_sentence(run(feed()), 2, {"no port"});
    listen(":0");
    expect_sentence(run({"match", "--listen", address_, "--directory", folder_.path("other")}), 4,
                    {address_});
}

}  // namespace
}  // namespace pawl::tool_test
