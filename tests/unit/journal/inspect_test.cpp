// Dump, verify and stat on real files: closed, open, killed, changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "journal/inspect_feed.hpp"
#include "journal/inspect_fields.hpp"
#include "journal/posix_storage.hpp"
#include "kit.hpp"
#include "pawl/journal.hpp"

namespace pawl::journal::testing {
namespace {

// Records written through a real directory.
class Inspect : public ::testing::Test {
protected:
    Inspect() {
        std::string name = ::testing::TempDir() + "pawl-inspect-XXXXXX";
        folder = ::mkdtemp(name.data());
        options = small_options(folder + "/journal");
        options.heads = folder;
    }
    ~Inspect() override {
        directory.reset();
        std::filesystem::remove_all(folder);
    }

    void open() {
        auto opened = Directory::open(storage, options,
                                      [&](std::uint32_t) -> RecordSink& { return collector; });
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        directory = std::move(opened).value();
        position = directory->end(0).end;
        checksum = directory->end(0).last_checksum;
        sequence = directory->end(0).last_sequence.value;
    }
    void append(int n) {
        Head& head = directory->head(0);
        for (int i = 0; i < n; ++i) {
            head.announce(Position{position.value + 80});
            build_record(head.at(position), ++sequence, 8, checksum);
            checksum = reinterpret_cast<detail::RecordHeader*>(head.at(position))->checksum;
            position.value += 80;
            head.publish(position, checksum);
        }
    }
    void sync() { ASSERT_TRUE(directory->journaler(0).drain(0).ok()); }
    VerifyReport verify() {
        auto report = journal_verify(options.path);
        EXPECT_TRUE(report.ok()) << report.error().sentence;
        return report.ok() ? report.value() : VerifyReport{};
    }
    std::vector<std::string> dump(const DumpOptions& wish = {}) {
        std::vector<std::string> lines;
        auto count = journal_dump(options.path, wish,
                                  [&](std::string_view line) { lines.emplace_back(line); });
        EXPECT_TRUE(count.ok()) << count.error().sentence;
        EXPECT_TRUE(!count.ok() || count.value() == lines.size());
        return lines;
    }

    std::string folder;
    DirectoryOptions options;
    PosixStorage storage;
    Collector collector;
    std::unique_ptr<Directory> directory;
    Position position;
    std::uint32_t checksum = 0;
    std::uint64_t sequence = 0;
};

TEST_F(Inspect, a_closed_journal_is_clean_and_counted) {
    open();
    append(100);
    ASSERT_TRUE(directory->close().ok());
    directory.reset();
    const auto report = verify();
    EXPECT_TRUE(report.clean);
    EXPECT_FALSE(report.live);
    EXPECT_EQ(report.shards[0].found, "clean_end");
    EXPECT_EQ(report.shards[0].records, 100U);
    EXPECT_EQ(report.shards[0].end, Position{8000});
    auto stat = journal_stat(options.path);
    ASSERT_TRUE(stat.ok());
    EXPECT_TRUE(stat->closed_clean);
    EXPECT_EQ(stat->shards[0].events, 100U);
    EXPECT_EQ(stat->shards[0].last, Time{100});
}

TEST_F(Inspect, an_open_journal_is_judged_up_to_what_is_durable) {
    open();
    append(100);
    sync();
    append(50);
    const auto report = verify();
    EXPECT_TRUE(report.clean);
    EXPECT_TRUE(report.live);
    EXPECT_EQ(report.shards[0].found, "live_tail");
    EXPECT_EQ(report.shards[0].end, Position{8000});
    EXPECT_EQ(report.shards[0].head_bytes, 4000U);
    EXPECT_EQ(report.shards[0].records, 150U);
    EXPECT_EQ(dump().size(), 150U);
}

TEST_F(Inspect, a_journal_that_is_being_written_is_clean_at_any_moment) {
    open();
    std::atomic<bool> done{false};
    std::thread writer([&] {
        while (!done.load(std::memory_order_relaxed)) {
            append(60);
            sync();
        }
    });
    std::uint64_t seen = 0;
    while (seen < 200'000 && !HasFailure()) {
        const auto report = verify();
        EXPECT_TRUE(report.clean) << seen;
        EXPECT_TRUE(report.live);
        EXPECT_GE(report.shards[0].end.value, seen);
        seen = report.shards[0].end.value;
    }
    done.store(true, std::memory_order_relaxed);
    writer.join();
}

TEST_F(Inspect, a_killed_journal_is_clean_and_its_head_is_shown) {
    open();
    append(100);
    sync();
    append(50);
    directory.reset();
    const auto report = verify();
    EXPECT_TRUE(report.clean);
    EXPECT_FALSE(report.live);
    EXPECT_EQ(report.shards[0].head_bytes, 4000U);
    EXPECT_EQ(dump().size(), 150U);
    open();
    EXPECT_EQ(collector.history.size(), 150U);
}

TEST_F(Inspect, a_changed_byte_is_damage_with_its_position) {
    open();
    for (int i = 0; i < 3; ++i) {
        append(10);
        sync();
    }
    ASSERT_TRUE(directory->close().ok());
    directory.reset();
    {
        std::fstream file(segment_path(options.path, 0, 1),
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(8192 + 300);
        file.put('!');
    }
    const auto report = verify();
    EXPECT_FALSE(report.clean);
    EXPECT_EQ(report.shards[0].found, "damage");
    EXPECT_EQ(report.shards[0].end, Position{800});
    ASSERT_FALSE(report.shards[0].sentences.empty());
    EXPECT_NE(report.shards[0].sentences[0].find("position 800"), std::string::npos);
}

TEST_F(Inspect, a_dump_names_fields_and_takes_filters) {
    options.schema_text =
        "pawl-schema 1\naggregate 0 Box\ncommand 0 0 Put\nevent 0 0 Filled value:u64\n";
    open();
    append(30);
    ASSERT_TRUE(directory->close().ok());
    directory.reset();
    const auto lines = dump();
    ASSERT_EQ(lines.size(), 30U);
    EXPECT_NE(lines[4].find("\"kind\":\"accepted\",\"sequence\":5,\"aggregate_type\":\"Box\","
                            "\"aggregate\":5,\"version\":5,\"command\":\"Put\""),
              std::string::npos)
        << lines[4];
    EXPECT_NE(lines[4].find("\"events\":[{\"type\":\"Filled\",\"data\":{\"value\":"),
              std::string::npos)
        << lines[4];
    DumpOptions some;
    some.sequence_min = 10;
    some.sequence_max = 12;
    EXPECT_EQ(dump(some).size(), 3U);
    DumpOptions one;
    one.aggregate = 3;
    EXPECT_EQ(dump(one).size(), 3U);
    DumpOptions none;
    none.session = "nobody";
    EXPECT_TRUE(dump(none).empty());
    DumpOptions wrong;
    wrong.shard = 9;
    EXPECT_FALSE(journal_dump(options.path, wrong, [](std::string_view) {}).ok());
}

TEST_F(Inspect, what_is_no_journal_is_a_sentence) {
    const auto report = journal_verify(folder + "/nothing");
    ASSERT_FALSE(report.ok());
    EXPECT_NE(report.error().sentence.find("manifest"), std::string::npos);
}

TEST_F(Inspect, a_journal_killed_while_it_writes_is_clean_each_time_and_loses_nothing_committed) {
    for (int round = 0; round < 12; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(::pipe(pipe_ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            // Writes as fast as it can and tells after each batch how far it has committed.
            open();
            for (;;) {
                while (position.value + 8000 > directory->head(0).writable_end().value)
                    directory->journaler(0).do_work(0), directory->preparer(0).do_work(0);
                append(100);
                directory->journaler(0).demand(position);
                directory->journaler(0).do_work(0);
                directory->preparer(0).do_work(0);
                if (::write(pipe_ends[1], &sequence, sizeof sequence) != sizeof sequence)
                    ::_exit(1);
            }
        }
        ASSERT_GT(child, 0);
        ::close(pipe_ends[1]);
        std::uint64_t told = 0;
        for (int batch = 0; batch < 40 + round * 17; ++batch)
            ASSERT_EQ(::read(pipe_ends[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
        ::kill(child, SIGKILL);
        std::uint64_t late = 0;
        while (::read(pipe_ends[0], &late, sizeof late) == static_cast<ssize_t>(sizeof late))
            told = late;
        ::waitpid(child, nullptr, 0);
        ::close(pipe_ends[0]);
        const auto report = verify();
        EXPECT_TRUE(report.clean) << (report.shards[0].sentences.empty()
                                          ? ""
                                          : report.shards[0].sentences[0]);
        collector.history.clear();
        open();
        ASSERT_GE(sequence, told);
        ASSERT_EQ(collector.history.size(), sequence);
        ASSERT_EQ(directory->report().shards[0].head, HeadFound::used);
        directory.reset();
    }
}

// What is asked for ends where the journal ended when somebody began to read.
TEST_F(Inspect, a_journal_that_goes_on_and_closes_behind_a_readers_end_is_not_damaged) {
    open();
    append(50);
    sync();
    ShardFeed feed(storage, options.path, 0);
    Collector read;
    while (feed.read_on(read).value()) continue;
    append(50);
    ASSERT_TRUE(directory->close().ok());
    directory.reset();
    EXPECT_FALSE(feed.read_on(read).value());
    EXPECT_TRUE(feed.end_status().ok()) << feed.end_status().error().sentence;
    EXPECT_EQ(read.history.size(), 50U);
    feed.look_anew();
    while (feed.read_on(read).value()) continue;
    EXPECT_TRUE(feed.end_status().ok());
    EXPECT_EQ(read.history.size(), 100U);
}

// Opened and closed as fast as it goes; whoever looks sees at least what was closed before.
TEST_F(Inspect, a_journal_that_is_opened_and_closed_meanwhile_is_read_whole_and_clean) {
    std::atomic<std::uint64_t> closed{0};
    std::atomic<bool> done{false};
    open();
    append(1);
    ASSERT_TRUE(directory->close().ok());
    directory.reset();
    closed.store(1);
    std::thread owner([&] {
        while (!done.load(std::memory_order_relaxed)) {
            open();
            append(20);
            ASSERT_TRUE(directory->close().ok());
            directory.reset();
            closed.store(sequence);
        }
    });
    for (int look = 0; look < 300; ++look) {
        const std::uint64_t least = closed.load();
        EXPECT_GE(dump().size(), least);
        const auto report = verify();
        EXPECT_TRUE(report.clean) << (report.shards[0].sentences.empty()
                                          ? ""
                                          : report.shards[0].sentences[0]);
    }
    done.store(true, std::memory_order_relaxed);
    owner.join();
}

// A naive reader: true when `text` is one JSON string in UTF-8 and nothing else.
bool is_json_string(const std::string& text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == '"') return false;
        if (byte == '\\') {
            const char next = text[++i];
            if (next == 'u')
                for (int digit = 0; digit < 4; ++digit)
                    if (std::isxdigit(static_cast<unsigned char>(text[++i])) == 0) return false;
            if (std::string_view("\"\\ntu").find(next) == std::string_view::npos) return false;
        } else if (byte >= 0x80) {
            const int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC2 ? 1 : -1;
            if (more < 0) return false;
            for (int k = 0; k < more; ++k)
                if ((static_cast<unsigned char>(text[++i]) & 0xC0U) != 0x80U) return false;
        }
    }
    return true;
}

RC_GTEST_PROP(InspectText, whatever_its_bytes_a_text_is_valid_json, (std::string text)) {
    std::string out;
    append_json_string(text, out);
    RC_ASSERT(is_json_string(out));
}

TEST(InspectText, every_pair_of_bytes_is_valid_json) {
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            std::string out;
            append_json_string(std::string{static_cast<char>(a), static_cast<char>(b)}, out);
            ASSERT_TRUE(is_json_string(out)) << a << " " << b << " " << out;
        }
}

TEST(InspectText, a_line_is_taken_apart_into_fields_with_their_paths) {
    using Fields = std::vector<std::pair<std::string, std::string>>;
    const Fields expected{{"a", "1"},         {"b.c", "\"x\\\"}\""}, {"b.d", "[]"},
                          {"e[0].f", "true"}, {"e[1]", "{}"},        {"g", "-2.5"}};
    EXPECT_EQ(json_fields("{\"a\":1,\"b\":{\"c\":\"x\\\"}\",\"d\":[]},\"e\":[{\"f\":true},{}],"
                          "\"g\":-2.5}"),
              expected);
    for (const char* broken : {"", "{", "{\"a", "{\"a\":", "[1,", "{\"a\":\"x\\", "}", "[[[["})
        static_cast<void>(json_fields(broken));
    EXPECT_TRUE(json_fields(std::string(10'000, '[')).size() < 2);
}

}  // namespace
}  // namespace pawl::journal::testing
