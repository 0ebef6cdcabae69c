// Real sockets, real files, a thread for each side: the streams are equal while the primary writes
// as fast as it can.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "engine/replication/handshake.hpp"
#include "engine/replication/tcp_network.hpp"
#include "journal/posix_storage.hpp"
#include "node.hpp"

namespace pawl::replication::testing {

// --mebibytes=N: of stream, half of it there before the standby comes.
std::uint64_t mebibytes = sanitized ? 4 : 24;

namespace {

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::int64_t monotonic_ns() noexcept {
    return now_ns();
}

// A directory of real files and the thread that writes its segments.
class Machine {
public:
    explicit Machine(const std::string& name)
        : root_(std::filesystem::temp_directory_path() /
                ("pawl-" + name + "-" + std::to_string(std::random_device{}()))) {
        std::filesystem::create_directories(root_ / "heads");
    }
    ~Machine() {
        stop();
        directory.reset();
        std::filesystem::remove_all(root_);
    }
    journal::DirectoryOptions options() const {
        journal::DirectoryOptions options = small_options((root_ / "dir").string());
        options.heads = heads();
        options.shards = 1;
        options.segment_bytes = std::uint64_t{4} << 20;
        options.head_bytes = std::uint64_t{1} << 20;
        options.inflight_bytes_max = std::size_t{256} << 10;
        options.monotonic_ns = &monotonic_ns;
        return options;
    }
    std::string heads() const { return (root_ / "heads").string(); }
    void open() {
        auto opened = journal::Directory::open(
            storage, options(), [this](std::uint32_t) -> journal::RecordSink& { return sink; });
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        directory = std::move(opened).value();
        writing_ = true;
        writer_ = std::thread([this] {
            while (writing_.load(std::memory_order_relaxed)) {
                const auto now = now_ns();
                if (directory->journaler(0).do_work(now) + directory->preparer(0).do_work(now) == 0)
                    std::this_thread::yield();
            }
        });
    }
    void stop() {
        writing_ = false;
        if (writer_.joinable()) writer_.join();
    }

    journal::PosixStorage storage;
    Collector sink;
    std::unique_ptr<journal::Directory> directory;

private:
    const std::filesystem::path root_;
    std::atomic<bool> writing_{false};
    std::thread writer_;
};

// The primary's shard: seals and publishes records as fast as the head takes them.
class Shard {
public:
    explicit Shard(journal::Directory& directory) : head_(directory.head(0)) {
        const journal::ShardEnd& end = directory.end(0);
        position_ = end.end;
        checksum_ = end.last_checksum;
        const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::EpochRecord);
        head_.announce(Position{position_.value + length});
        std::byte* const at = head_.at(position_);
        std::memset(at, 0, length);
        auto& header = *reinterpret_cast<detail::RecordHeader*>(at);
        header.length = static_cast<std::uint32_t>(length);
        header.command_type = detail::no_command_type;
        header.kind_and_flags = static_cast<std::uint8_t>(detail::RecordKind::epoch);
        const detail::EpochRecord body{1, 1};
        std::memcpy(at + sizeof header, &body, sizeof body);
        journal::seal(header, checksum_);
        publish(at, length);
    }
    bool append(std::size_t payload_bytes) {
        const std::size_t length = sizeof(detail::RecordHeader) + sizeof(detail::EventHeader) +
                                   detail::padded(payload_bytes);
        if (position_.value + length > head_.writable_end().value) return false;
        head_.announce(Position{position_.value + length});
        std::byte* const at = head_.at(position_);
        build_record(at, ++sequence_, payload_bytes, checksum_);
        publish(at, length);
        return true;
    }
    void append_bytes(std::uint64_t bytes, std::size_t payload_bytes) {
        const std::uint64_t end = position_.value + bytes;
        while (position_.value < end)
            if (!append(payload_bytes)) std::this_thread::yield();
    }

private:
    void publish(const std::byte* at, std::size_t length) {
        checksum_ = detail::RecordView(at).header().checksum;
        position_.value += length;
        head_.publish(position_, checksum_);
    }
    journal::Head& head_;
    Position position_;
    std::uint32_t checksum_ = 0;
    std::uint64_t sequence_ = 0;
};

std::uint64_t random_word() {
    static thread_local std::mt19937_64 engine{std::random_device{}()};
    return engine();
}

LinkOptions link_options(std::uint64_t boot) {
    LinkOptions options;
    options.boot = boot;
    return options;
}

HandshakeOptions handshake_options(const std::string& name, std::uint64_t boot) {
    HandshakeOptions options;
    options.name = name;
    options.boot = boot;
    options.epoch = boot == 1 ? 1 : 0;
    options.secret = "a secret of more than enough bytes to be one";
    return options;
}

TalkOptions patient() {
    TalkOptions options;
    options.silent_ns = 20'000'000'000;  // a sanitizer on a busy machine
    return options;
}

// The primary's side on its own thread: accepts, greets, sends, until it is told to stop.
void serve(Machine& machine, Listener& listener, std::atomic<bool>& stop,
           std::atomic<std::uint64_t>& received) {
    std::unique_ptr<Link> link;
    std::unique_ptr<Handshake> handshake;
    std::unique_ptr<Sender> sender;
    while (!stop.load()) {
        const auto now = now_ns();
        if (sender != nullptr) {
            if (sender->do_work(now) == 0) std::this_thread::yield();
            received.store(sender->positions(0).received.load());
            if (sender->state() == SenderState::over) sender.reset();
            continue;
        }
        if (link == nullptr) {
            link = listener.accept();
            if (link == nullptr) std::this_thread::yield();
            if (link != nullptr)
                handshake = std::make_unique<Handshake>(*link, Side::called,
                                                        handshake_options("a", 1), random_word);
            continue;
        }
        const auto met = handshake->do_work(now);
        if (met == HandshakeState::running) continue;
        handshake.reset();
        if (met == HandshakeState::admitted) {
            SenderOptions options;
            options.talk = patient();
            options.talk.epoch = 1;
            sender = std::make_unique<Sender>(
                machine.storage, *machine.directory, std::move(link), options, [](std::uint32_t) {
                    return journal::EpochLog(std::vector<journal::EpochStart>{{1, Position{0}}});
                });
        }
        link.reset();
    }
}

// The standby's side, on the caller's thread, until its streams end at `end()`.
template <class End>
void follow(Machine& machine, TcpNetwork& network, const std::string& address, End&& end) {
    std::unique_ptr<StandbyStreams> streams;
    for (int meeting = 0; meeting < 5; ++meeting) {
        auto link = network.connect(address);
        Handshake handshake(*link, Side::caller, handshake_options("b", 2), random_word);
        while (handshake.do_work(now_ns()) == HandshakeState::running) std::this_thread::yield();
        ASSERT_EQ(handshake.state(), HandshakeState::admitted) << handshake.why();
        ReceiverOptions options;
        options.talk = patient();
        options.directory = machine.options().path;
        Receiver receiver(machine.storage, streams.get(), std::move(link), options);
        while (receiver.state() != ReceiverState::over) {
            if (receiver.do_work(now_ns()) == 0) std::this_thread::yield();
            if (streams != nullptr && streams->applied(0) == end() && streams->synced(0) == end())
                return receiver.stop("everything is here");
        }
        ASSERT_EQ(receiver.todo(), Todo::adopt) << receiver.why();
        journal::AdoptOptions adopt;
        adopt.path = machine.options().path;
        adopt.origin = receiver.origin();
        adopt.heads = machine.heads();
        adopt.begins = receiver.begins();
        adopt.inflight_bytes_max = machine.options().inflight_bytes_max;
        const auto adopted = journal::adopt_directory(machine.storage, adopt);
        ASSERT_TRUE(adopted.ok()) << adopted.error().sentence;
        machine.open();
        StandbyStreamsOptions streams_options;
        streams_options.sinks = [&](std::uint32_t) -> journal::RecordSink& { return machine.sink; };
        streams = std::make_unique<StandbyStreams>(*machine.directory, streams_options);
    }
    FAIL() << "five meetings, and still not everything is here";
}

// The machine's own limit, in the same run: memory to memory, too large for a cache.
double copies_per_second(std::uint64_t bytes) {
    std::vector<std::byte> from(std::size_t{64} << 20, std::byte{7});
    std::vector<std::byte> to(from.size());
    const auto begun = now_ns();
    std::uint64_t done = 0;
    for (; done < bytes; done += from.size()) {
        std::memcpy(to.data(), from.data(), from.size());
        from[0] = to[from.size() - 1];
    }
    return static_cast<double>(done) * 1e3 / static_cast<double>(now_ns() - begun + 1);
}

TEST(StreamsOverTcp, a_copy_on_the_same_machine_needs_heads_of_its_own) {
    Machine primary("primary");
    primary.open();
    Machine standby("standby");
    journal::AdoptOptions adopt;
    adopt.path = standby.options().path;
    adopt.origin = journal::origin_of(primary.directory->manifest());
    adopt.heads = primary.heads();
    adopt.begins = {Position{0}};
    const auto refused = journal::adopt_directory(standby.storage, adopt);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::head_foreign);
    EXPECT_NE(refused.error().sentence.find("choose another folder for the heads"),
              std::string::npos)
        << refused.error().sentence;
    adopt.heads = standby.heads();
    EXPECT_TRUE(journal::adopt_directory(standby.storage, adopt).ok());
}

TEST(StreamsOverTcp, are_equal_while_the_primary_writes_as_fast_as_it_can) {
    const std::uint64_t bytes = mebibytes << 20;
    Machine primary("primary");
    Machine standby("standby");
    primary.open();
    Shard shard(*primary.directory);
    shard.append_bytes(bytes / 2, 200);  // to catch up with
    auto network = TcpNetwork::create(link_options(1), random_word);
    ASSERT_TRUE(network.ok());
    auto listener = (*network)->listen("127.0.0.1:0");
    ASSERT_TRUE(listener.ok()) << listener.error().sentence;
    std::atomic<bool> stop{false};
    std::atomic<bool> written{false};
    std::atomic<std::uint64_t> received{0};
    std::thread sending([&] { serve(primary, **listener, stop, received); });
    std::thread writing([&] {
        shard.append_bytes(bytes / 2, 200);
        written = true;
    });
    auto caller = TcpNetwork::create(link_options(2), random_word);
    ASSERT_TRUE(caller.ok());
    const auto begun = now_ns();
    follow(standby, **caller, (*listener)->address(), [&] {
        return written ? primary.directory->head(0).committed() : Position{~std::uint64_t{0}};
    });
    const auto took = now_ns() - begun;
    // What was acknowledged before the goodbye arrives before it.
    const Position last = primary.directory->head(0).committed();
    while (!HasFatalFailure() && received < last.value && now_ns() - begun < 60'000'000'000)
        std::this_thread::yield();
    stop = true;
    sending.join();
    writing.join();
    if (!HasFatalFailure()) {
        std::printf(
            "%.0f MB/s beside a writing primary, every record checked, synced, applied; "
            "memcpy in the same run: %.0f MB/s\n",
            static_cast<double>(bytes) * 1e3 / static_cast<double>(took), copies_per_second(bytes));
        primary.stop();
        standby.stop();
        const Position end = primary.directory->head(0).committed();
        EXPECT_EQ(received.load(), end.value);
        ASSERT_TRUE(primary.directory->close().ok());
        ASSERT_TRUE(standby.directory->close().ok());
        // Both once more from disk, byte by byte.
        primary.directory.reset();
        standby.directory.reset();
        primary.sink.history.clear();
        const Past applied = std::move(standby.sink.history);
        standby.sink.history.clear();
        primary.open();
        standby.open();
        EXPECT_TRUE(
            is_prefix(standby.sink.history, primary.sink.history, primary.sink.history.size()));
        EXPECT_TRUE(is_prefix(applied, primary.sink.history, primary.sink.history.size()));
    }
    listener->reset();
}

}  // namespace
}  // namespace pawl::replication::testing

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i)
        if (std::strncmp(argv[i], "--mebibytes=", 12) == 0)
            pawl::replication::testing::mebibytes = std::strtoull(argv[i] + 12, nullptr, 10);
    return RUN_ALL_TESTS();
}
