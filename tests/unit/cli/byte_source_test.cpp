// Bytes from files and memory, plain and compressed, whole and broken.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "inputs.hpp"

namespace pawl::cli::test {
namespace {

using namespace std::string_literals;

const std::string two_lines = "one\ntwo\n";
const std::string two_lines_gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcf\x4b\xe5\x2a\x29\xcf\xe7\x02\x00\xe6\x0b\xba"
    "\x12"
    "\x08\x00\x00\x00"s;
const std::string two_lines_zstd =
    "\x28\xb5\x2f\xfd\x04\x68\x41\x00\x00\x6f\x6e\x65\x0a\x74\x77\x6f\x0a\xe6\xa6\x0e\x40"s;
// 200,000 times "line\n".
const std::string a_million_bytes_zstd =
    "\x28\xb5\x2f\xfd\x04\x68\x6c\x00\x00\x28\x6c\x69\x6e\x65\x0a\x01\x00\xf8\xff\xc8\x8b\x16\x44"
    "\x00"
    "\x00\x00\x01\x00\xfd\xff\xc8\x0b\x10\x44\x00\x00\x00\x01\x00\xfd\xff\x39\x00\x02\x44\x00\x00"
    "\x00"
    "\x01\x00\xfd\xff\x39\x00\x02\x44\x00\x00\x00\x01\x00\xfd\xff\x39\x00\x02\x44\x00\x00\x00\x01"
    "\x00"
    "\xfd\xff\x39\x00\x02\x44\x00\x00\x00\x01\x00\xfd\xff\x39\x00\x02\x45\x00\x00\x00\x01\x00\x3d"
    "\x42"
    "\x39\x00\x02\xb5\xb1\x6c\xee"s;

struct Read {
    std::string bytes;
    std::string sentence;
};

Read read_all(Result<std::unique_ptr<ByteSource>> source) {
    Read read;
    if (!source.ok()) return {"", source.error().sentence};
    while (true) {
        const auto piece = source.value()->next();
        if (!piece.ok()) {
            read.sentence = piece.error().sentence;
            return read;
        }
        if (piece.value().empty()) return read;
        read.bytes += piece.value();
    }
}

Read read_memory(const std::string& bytes, std::size_t piece_bytes = 1U << 18U) {
    return read_all(bytes_from_memory("f", bytes, piece_bytes));
}

TEST(ByteSource, plain_bytes_come_as_they_are) {
    EXPECT_EQ(read_memory(two_lines).bytes, two_lines);
    EXPECT_EQ(read_memory("").bytes, "");
    EXPECT_EQ(read_memory("").sentence, "");
    EXPECT_EQ(read_memory("\x1f").bytes, "\x1f");
}

TEST(ByteSource, compression_is_seen_in_the_bytes_however_small_the_pieces) {
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
        EXPECT_EQ(read_memory(two_lines, piece).bytes, two_lines);
        EXPECT_EQ(read_memory(two_lines_gzip, piece).bytes, two_lines);
        EXPECT_EQ(read_memory(two_lines_zstd, piece).bytes, two_lines);
    }
}

TEST(ByteSource, members_and_frames_in_a_row_are_one_stream) {
    std::string gzip;
    std::string zstd;
    std::string expected;
    for (int i = 0; i < 20'000; ++i) {
        gzip += two_lines_gzip;
        zstd += two_lines_zstd;
        expected += two_lines;
    }
    EXPECT_EQ(read_memory(gzip).bytes, expected);
    EXPECT_EQ(read_memory(zstd).bytes, expected);
}

TEST(ByteSource, a_small_file_may_hold_a_million_bytes) {
    // Without its checksum the last input byte is read long before the last output byte is out.
    std::string unchecked = a_million_bytes_zstd.substr(0, a_million_bytes_zstd.size() - 4);
    unchecked[4] = '\0';
    for (const std::string& file : {a_million_bytes_zstd, unchecked}) {
        const Read read = read_memory(file);
        EXPECT_EQ(read.sentence, "");
        ASSERT_EQ(read.bytes.size(), 1'000'000U);
        for (std::size_t i = 0; i < read.bytes.size(); ++i) {
            ASSERT_EQ(read.bytes[i], "line\n"[i % 5]);
        }
    }
}

TEST(ByteSource, a_minus_is_standard_input) {
    const TemporaryFile file("in", two_lines_gzip);
    const int kept = ::dup(STDIN_FILENO);
    const int replaced = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(replaced, 0);
    ::dup2(replaced, STDIN_FILENO);
    ::close(replaced);
    EXPECT_EQ(read_all(open_bytes("-")).bytes, two_lines);
    ::dup2(kept, STDIN_FILENO);
    ::close(kept);
    EXPECT_EQ(spoken_name("-"), "standard input");
}

TEST(ByteSource, every_truncation_of_compressed_data_is_an_error) {
    for (const std::string& whole : {two_lines_gzip, two_lines_zstd}) {
        for (std::size_t size = 4; size < whole.size(); ++size) {
            const Read read = read_memory(whole.substr(0, size));
            EXPECT_NE(read.sentence.find("ends early; the file is truncated"), std::string::npos)
                << size << ": " << read.sentence;
        }
    }
    EXPECT_EQ(
        read_memory(two_lines_gzip + two_lines_gzip.substr(0, 12)).sentence,
        "f: gzip data: ends early; the file is truncated (9 bytes were decoded before); fetch "
        "the file again");
}

TEST(ByteSource, a_changed_byte_in_compressed_data_is_an_error) {
    std::string gzip = two_lines_gzip;
    gzip[gzip.size() - 7] ^= 1;  // in the checksum
    EXPECT_EQ(read_memory(gzip).bytes, two_lines) << "what was decoded before is kept";
    EXPECT_EQ(
        read_memory(gzip).sentence,
        "f: gzip data: incorrect data check (8 bytes were decoded before); fetch the file again");
    std::string zstd = two_lines_zstd;
    zstd.back() ^= 1;
    const std::string sentence = read_memory(zstd).sentence;
    EXPECT_NE(sentence.find("f: zstd data: "), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("checksum"), std::string::npos) << sentence;
}

TEST(ByteSource, garbage_after_compressed_data_is_an_error) {
    EXPECT_NE(read_memory(two_lines_gzip + "garbage").sentence, "");
    EXPECT_NE(read_memory(two_lines_zstd + "garbage").sentence, "");
}

TEST(ByteSource, the_name_of_a_file_does_not_matter) {
    const TemporaryFile file("plain.gz", two_lines_zstd);
    auto source = open_bytes(file.path());
    ASSERT_TRUE(source.ok());
    EXPECT_EQ(source.value()->progress().total, two_lines_zstd.size());
    EXPECT_EQ(read_all(std::move(source)).bytes, two_lines);
}

TEST(ByteSource, progress_counts_compressed_bytes) {
    auto source = bytes_from_memory("f", two_lines_zstd).value();
    while (!source->next().value().empty()) {
    }
    EXPECT_EQ(source->progress().done, two_lines_zstd.size());
    EXPECT_EQ(source->progress().total, two_lines_zstd.size());
}

TEST(ByteSource, a_missing_file_and_a_directory_are_refused_with_the_next_step) {
    const auto missing = open_bytes("no/such/file.csv");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::io);
    EXPECT_EQ(
        missing.error().sentence,
        "no/such/file.csv: cannot be opened: No such file or directory; check the name and its "
        "permissions");
    const auto directory = open_bytes("/");
    ASSERT_FALSE(directory.ok());
    EXPECT_EQ(directory.error().code, ErrorCode::io);
    EXPECT_EQ(directory.error().sentence, "/: is a directory; name the files in it");
}

}  // namespace
}  // namespace pawl::cli::test
