// Real files and real shared memory: what the operating system does for the journal.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>

#include "journal/segment.hpp"
#include "kit.hpp"
#include "tests/page_faults.hpp"

namespace pawl::journal::testing {
namespace {

using pawl::testing::page_faults_of_this_thread;

class RealFiles : public ::testing::Test {
protected:
    RealFiles() {
        std::string name = ::testing::TempDir() + "pawl-journal-XXXXXX";
        folder = ::mkdtemp(name.data());
    }
    ~RealFiles() override { std::filesystem::remove_all(folder); }
    Result<std::unique_ptr<Directory>> open_directory(const DirectoryOptions& options) {
        EXPECT_TRUE(storage.make_directory(options.heads).ok());
        return Directory::open(storage, options,
                               [&](std::uint32_t) -> RecordSink& { return sink; });
    }
    std::vector<std::string> files_in(const std::string& path) {
        std::vector<std::string> names;
        EXPECT_TRUE(storage.list(path, names).ok());
        return names;
    }
    std::string folder;
    PosixStorage storage;
    Collector sink;
};

TEST_F(RealFiles, a_durable_write_is_read_back) {
    std::unique_ptr<File> file;
    ASSERT_TRUE(storage.open(folder + "/a", OpenMode::create, file).ok());
    AlignedBuffer buffer(8192);
    std::memset(buffer.data(), 7, 8192);
    ASSERT_TRUE(file->write_durable(4096, {buffer.data(), 8192}).ok());
    std::vector<std::byte> back(100);
    std::size_t got = 0;
    ASSERT_TRUE(file->read_at(4096 + 8192 - 50, back, got).ok());
    EXPECT_EQ(got, 50U);
    EXPECT_EQ(back[0], std::byte{7});
    EXPECT_EQ(storage.open(folder + "/a", OpenMode::create, file).fault, StorageFault::exists);
    EXPECT_EQ(storage.open(folder + "/b", OpenMode::read, file).fault, StorageFault::missing);
}

// Written in either way, read in either way: the bytes are the same, and the end of the file is
// where it is, whether a direct read could end there or not.
TEST_F(RealFiles, what_is_read_once_is_what_stands_there) {
    std::mt19937 random(1);
    AlignedBuffer written(64U << 10);
    for (std::size_t i = 0; i < written.size(); ++i)
        written.data()[i] = static_cast<std::byte>(random());
    for (const std::uint64_t file_bytes : {65'536U, 61'440U, 60'001U, 4'095U, 1U}) {
        std::unique_ptr<File> file;
        const std::string name = folder + "/f" + std::to_string(file_bytes);
        ASSERT_TRUE(storage.open(name, OpenMode::create, file).ok());
        ASSERT_TRUE(file->write_at(0, {written.data(), file_bytes}).ok());
        if (file_bytes == 65'536U) {
            ASSERT_TRUE(file->write_durable(8192, {written.data() + 8192, 8192}).ok());
        }
        std::unique_ptr<File> reader;
        ASSERT_TRUE(storage.open(name, OpenMode::read, reader).ok());
        for (const std::uint64_t offset : {0U, 4096U, 8192U, 57'344U, 65'536U}) {
            AlignedBuffer back(20'480);
            std::size_t got = 1;
            ASSERT_TRUE(reader->read_once(offset, {back.data(), back.size()}, got).ok());
            ASSERT_EQ(got, file_bytes <= offset ? 0 : std::min(file_bytes - offset, back.size()));
            ASSERT_EQ(std::memcmp(back.data(), written.data() + offset, got), 0);
        }
    }
}

// No descriptor is left for a direct read: it is read another way, now and from then on.
TEST_F(RealFiles, what_cannot_be_read_directly_is_read_all_the_same) {
    std::unique_ptr<File> file;
    ASSERT_TRUE(storage.open(folder + "/a", OpenMode::create, file).ok());
    AlignedBuffer bytes(8192);
    std::memset(bytes.data(), 7, bytes.size());
    ASSERT_TRUE(file->write_at(0, {bytes.data(), bytes.size()}).ok());
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const int free_one = ::dup(0);
    ASSERT_GE(free_one, 0);
    ::close(free_one);
    const rlimit none{static_cast<rlim_t>(free_one), limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    AlignedBuffer back(8192);
    std::size_t got = 0;
    const StorageStatus first = file->read_once(0, {back.data(), back.size()}, got);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(got, bytes.size());
    EXPECT_EQ(std::memcmp(back.data(), bytes.data(), bytes.size()), 0);
    ASSERT_TRUE(file->read_once(4096, {back.data(), 4096}, got).ok());
    EXPECT_EQ(got, 4096U);
}

// While the journaler has room, zeros are written ahead; when it has none, the rest is only
// reserved. Nobody can tell the two apart by reading.
TEST_F(RealFiles, a_segment_that_is_late_is_reserved) {
    constexpr std::uint64_t bytes = 8U << 20;
    ASSERT_TRUE(storage.make_directory(shard_path(folder, 0)).ok());
    SegmentPreparer preparer(storage, {.directory = folder, .segment_bytes = bytes});
    ASSERT_NE(preparer.do_work(0), 0U);
    ASSERT_EQ(preparer.take().file, nullptr) << "filled in one step: not late, and yet reserved";
    preparer.hurry();
    ASSERT_NE(preparer.do_work(0), 0U);
    const SegmentPreparer::Prepared late = preparer.take();
    if (late.file == nullptr) GTEST_SKIP() << "this file system reserves nothing";
    std::uint64_t size = 0;
    ASSERT_TRUE(late.file->size(size).ok());
    EXPECT_EQ(size, bytes);
    std::vector<std::byte> all(bytes, std::byte{1});
    std::size_t got = 0;
    ASSERT_TRUE(late.file->read_at(0, all, got).ok());
    EXPECT_EQ(got, bytes);
    EXPECT_EQ(std::count(all.begin(), all.end(), std::byte{0}), static_cast<long>(bytes));
    // A block between two that were never written is found there, and nothing else.
    AlignedBuffer block(4096);
    std::memset(block.data(), 7, 4096);
    ASSERT_TRUE(late.file->write_durable(bytes - 8192, {block.data(), 4096}).ok());
    ASSERT_TRUE(late.file->read_at(bytes - 8192, {all.data(), 8192}, got).ok());
    EXPECT_EQ(all[0], std::byte{7});
    EXPECT_EQ(all[4096], std::byte{0});
}

TEST_F(RealFiles, a_path_through_a_file_is_said_in_words) {
    std::unique_ptr<File> file;
    ASSERT_TRUE(storage.open(folder + "/a", OpenMode::create, file).ok());
    for (const auto status :
         {storage.make_directory(folder + "/a"), storage.make_directory(folder + "/a/b"),
          storage.open(folder + "/a/b", OpenMode::create, file)}) {
        ASSERT_EQ(status.fault, StorageFault::no_folder);
        EXPECT_NE(storage_error(status, "make it", "x").sentence.find("is a file, not a folder"),
                  std::string::npos);
    }
}

TEST_F(RealFiles, a_limit_on_file_sizes_is_said_in_words) {
    std::unique_ptr<File> file;
    ASSERT_TRUE(storage.open(folder + "/a", OpenMode::create, file).ok());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 4096;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto status = file->write_at(8192, std::vector<std::byte>(10));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    static_cast<void>(std::signal(SIGXFSZ, handler));
    ASSERT_EQ(status.fault, StorageFault::too_large);
    EXPECT_NE(storage_error(status, "write", "x").sentence.find("ulimit -f"), std::string::npos);
}

TEST_F(RealFiles, a_lock_is_exclusive_and_says_who_holds_it) {
    std::unique_ptr<FileLock> lock, second;
    std::string holder;
    EXPECT_TRUE(storage.probe_lock(folder + "/lock", holder).ok());
    ASSERT_TRUE(storage.lock(folder + "/lock", lock, holder).ok());
    EXPECT_EQ(storage.lock(folder + "/lock", second, holder).fault, StorageFault::locked);
    EXPECT_NE(holder.find("pid " + std::to_string(::getpid())), std::string::npos) << holder;
    EXPECT_EQ(storage.probe_lock(folder + "/lock", holder).fault, StorageFault::locked);
    lock.reset();
    EXPECT_TRUE(storage.probe_lock(folder + "/lock", holder).ok());
}

TEST_F(RealFiles, a_ring_is_the_same_memory_twice_in_a_row) {
    std::unique_ptr<SharedRing> ring, other;
    ASSERT_TRUE(storage.map_ring(folder + "/ring", 65536, RingMode::create, ring).ok());
    ring->ring()[10] = std::byte{1};
    EXPECT_EQ(ring->ring()[65536 + 10], std::byte{1});
    EXPECT_EQ(storage.map_ring(folder + "/ring", 0, RingMode::recover, other).fault,
              StorageFault::locked);
    EXPECT_EQ(storage.map_ring(folder + "/ring", 65536, RingMode::create, other).fault,
              StorageFault::locked);
    ASSERT_TRUE(storage.map_ring(folder + "/ring", 0, RingMode::look, other).ok());
    EXPECT_EQ(other->ring()[10], std::byte{1});
    ring.reset();
    other.reset();
    std::filesystem::resize_file(folder + "/ring", 10'000);
    EXPECT_EQ(storage.map_ring(folder + "/ring", 0, RingMode::recover, other).fault,
              StorageFault::wrong_size);
}

TEST_F(RealFiles, a_shrunk_head_is_recognised) {
    HeadOptions options;
    options.path = folder + "/head";
    options.capacity_bytes = head_bytes_min;
    ASSERT_TRUE(Head::create(storage, options).ok());
    EXPECT_EQ(HeadRemains::find(storage, options.path, {}, 0, RingMode::recover).state(),
              HeadRemains::State::ours);
    std::filesystem::resize_file(options.path, 20'000);
    EXPECT_EQ(HeadRemains::find(storage, options.path, {}, 0, RingMode::recover).state(),
              HeadRemains::State::damaged);
    EXPECT_EQ(HeadRemains::find(storage, folder + "/none", {}, 0, RingMode::recover).state(),
              HeadRemains::State::absent);
}

// From where the stream goes on, not from the ring's first byte.
TEST_F(RealFiles, a_new_head_is_present_before_it_is_written) {
    if (!pawl::testing::system_makes_memory_present()) GTEST_SKIP() << "an old kernel";
    constexpr std::uint64_t mib = std::uint64_t{1} << 20;
    HeadOptions options;
    options.path = folder + "/head";
    options.capacity_bytes = 16 * mib;
    options.base = Position{(5 * 16 + 14) * mib};
    const auto made = Head::create(storage, options);
    ASSERT_TRUE(made.ok()) << made.error().sentence;
    Head& head = **made;
    // Of [at, at + bytes), which the head maps in a row.
    const auto faults_of = [](std::byte* at, std::uint64_t bytes) {
        const long before = page_faults_of_this_thread();
        for (std::uint64_t i = 0; i < bytes; i += head_page_bytes) at[i] = std::byte{1};
        return page_faults_of_this_thread() - before;
    };
    // A sanitizer's own memory takes an eighth of them.
    const auto few_of = [](std::uint64_t bytes) {
        return static_cast<long>(bytes / head_page_bytes / 4);
    };
    EXPECT_LT(faults_of(head.at(options.base), 2 * mib), few_of(2 * mib));
    int parts = 0;
    while (head.make_present()) ++parts;
    EXPECT_GT(parts, 10);
    const Position next_lap{(6 * 16) * mib};
    EXPECT_LT(faults_of(head.at(next_lap), 16 * mib), few_of(16 * mib));
    // What a batch writes beyond the ring's end.
    EXPECT_LT(faults_of(head.at(Position{next_lap.value - head_page_bytes}), mib), few_of(mib));
    EXPECT_FALSE(head.make_present());
}

// The memory was made meanwhile where the heads were.
TEST_F(RealFiles, heads_move_while_nothing_was_committed) {
    DirectoryOptions options = small_options(folder + "/dir");
    options.parallel_recovery = true;
    for (const char* heads : {"/heads", "/elsewhere"}) {
        options.heads = folder + heads;
        const auto opened = open_directory(options);
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        EXPECT_TRUE((*opened)->head(0).path().starts_with(options.heads + "/"));
    }
    const auto left = files_in(folder + "/heads");
    EXPECT_TRUE(left.empty()) << left.front();
}

// An opening that fails would leave it to nobody: the next one may never come.
TEST_F(RealFiles, memory_that_was_made_for_a_head_goes_when_the_opening_fails) {
    DirectoryOptions options = small_options(folder + "/dir");
    options.heads = folder + "/heads";
    options.parallel_recovery = true;
    {
        const auto opened = open_directory(options);
        ASSERT_TRUE(opened.ok()) << opened.error().sentence;
        Directory& directory = **opened;
        Head& head = directory.head(0);
        const std::uint32_t first = directory.end(0).last_checksum;
        head.announce(Position{96});
        const auto length = build_record(head.at(Position{0}), 1, 24, first);
        const auto& made = *reinterpret_cast<detail::RecordHeader*>(head.at(Position{0}));
        head.publish(Position{length}, made.checksum);
        ASSERT_TRUE(directory.close().ok());
    }
    std::filesystem::resize_file(segment_path(options.path, 0, 1), 5000);
    const auto opened = open_directory(options);
    ASSERT_FALSE(opened.ok());
    const auto left = files_in(options.heads);
    EXPECT_TRUE(left.empty()) << left.front();
}

}  // namespace
}  // namespace pawl::journal::testing
