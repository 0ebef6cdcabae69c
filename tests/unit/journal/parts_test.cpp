// The small parts: checksums, the judge's table, the manifest's text, schemas.
#include <algorithm>
#include <random>

#include "journal/block.hpp"
#include "journal/hash.hpp"
#include "journal/hash_avx2.hpp"
#include "journal/judge.hpp"
#include "journal/schema.hpp"
#include "kit.hpp"

namespace pawl::journal::testing {
namespace {

TEST(Crc32c, known_vectors) {
    EXPECT_EQ(crc32c(0, "123456789", 9), 0xE306'9283U);
    const std::vector<std::byte> zeros(32);
    EXPECT_EQ(crc32c(0, zeros.data(), 32), 0x8A91'36AAU);
    const std::vector<std::byte> ones(32, std::byte{0xFF});
    EXPECT_EQ(crc32c(0, ones.data(), 32), 0x62A8'AB43U);
}

TEST(Crc32c, both_ways_agree_at_any_length_and_offset) {
    if (!crc32c_hardware_present()) GTEST_SKIP() << "no instruction here";
    std::mt19937 random(1);
    std::vector<std::byte> bytes(600);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    for (std::size_t offset = 0; offset < 16; ++offset)
        for (std::size_t length = 0; length < 500; ++length)
            ASSERT_EQ(crc32c_hardware(7, bytes.data() + offset, length),
                      crc32c_table(7, bytes.data() + offset, length));
}

TEST(Crc32c, a_records_checksum_leaves_out_only_its_own_field) {
    std::vector<std::byte> record(256);
    build_record(record.data(), 9, 100, 12345);
    const auto length = reinterpret_cast<detail::RecordHeader*>(record.data())->length;
    const auto parts = crc32c(crc32c(12345, record.data(), 4), record.data() + 8, length - 8);
    EXPECT_EQ(crc32c_record(12345, record.data(), length), parts);
    const auto& header = *reinterpret_cast<detail::RecordHeader*>(record.data());
    EXPECT_TRUE(sealed_correctly(header, 12345));
    EXPECT_FALSE(sealed_correctly(header, 12346));
    for (std::size_t at = 0; at < length; ++at) {
        if (at == 0 || at == 1 || at == 2 || at == 3) continue;  // the length is checked before
        record[at] ^= std::byte{4};
        EXPECT_FALSE(sealed_correctly(header, 12345)) << at;
        record[at] ^= std::byte{4};
    }
}

#ifdef __x86_64__
TEST(Hash128, is_the_same_with_wide_vectors) {
    if (__builtin_cpu_supports("avx2") == 0) GTEST_SKIP() << "no such vectors here";
    std::mt19937 random(2);
    std::vector<std::byte> bytes(20'000);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 50) {
        Hash128 wide;
        hash128_avx2(bytes.data(), length, wide.low, wide.high);
        StreamHash128 portable;
        portable.add(bytes.data(), length);
        ASSERT_EQ(wide, portable.value()) << length;
    }
}
#endif

// The stream's hash is always the portable one.
TEST(Hash128, a_whole_and_its_pieces_are_the_same_at_any_length_and_offset) {
    std::mt19937 random(1);
    std::vector<std::byte> bytes((std::size_t{1} << 20) + 40);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    const auto check = [&](std::size_t offset, std::size_t length) {
        StreamHash128 pieces;
        pieces.add(bytes.data() + offset, length / 3);
        pieces.add(bytes.data() + offset + length / 3, length - length / 3);
        ASSERT_EQ(hash128(bytes.data() + offset, length), pieces.value()) << length;
    };
    for (std::size_t length = 0; length < 3000; ++length) check(length % 37, length);
    check(33, std::size_t{1} << 20);
}

TEST(RecordCheck, each_field_that_must_follow_is_checked) {
    std::vector<std::byte> bytes(256);
    const RecordPoint point{77, 8, 0};
    const auto length = build_record(bytes.data(), 9, 24, 77);
    auto& header = *reinterpret_cast<detail::RecordHeader*>(bytes.data());
    const auto check = [&] { return check_record(bytes.data(), length, point); };
    EXPECT_EQ(check(), RecordFault::none);
    EXPECT_EQ(check_record(bytes.data(), length - 8, point), RecordFault::length);
    EXPECT_EQ(check_record(bytes.data(), length, RecordPoint{78, 8, 0}), RecordFault::checksum);
    header.sequence = 10;
    seal(header, 77);
    EXPECT_EQ(check(), RecordFault::sequence);
    header.sequence = 9;
    header.kind_and_flags = 0;
    seal(header, 77);
    EXPECT_EQ(check(), RecordFault::kind);
    for (const std::uint32_t impossible : {0U, 8U, 63U, 100U, 0xFFFF'FFF8U}) {
        header.length = impossible;
        EXPECT_EQ(check(), RecordFault::length) << impossible;
    }
}

TEST(Judge, every_combination_matches_exactly_one_row) {
    for (const auto seen : {Seen::nothing, Seen::bad, Seen::disagrees})
        for (const bool durable : {false, true})
            for (const auto beyond : {Beyond::nothing, Beyond::near, Beyond::far}) {
                const Evidence evidence{seen, durable, beyond};
                int rows = 0;
                for (const auto& row : judge_table()) rows += row.matches(evidence) ? 1 : 0;
                EXPECT_EQ(rows, 1) << static_cast<int>(seen) << durable << static_cast<int>(beyond);
            }
}

TEST(Judge, durable_bytes_are_never_cut) {
    for (const auto seen : {Seen::nothing, Seen::bad})
        for (const auto beyond : {Beyond::nothing, Beyond::near, Beyond::far})
            EXPECT_EQ(judge({seen, true, beyond}).which, Case::damage);
    EXPECT_EQ(judge({Seen::nothing, false, Beyond::nothing}).which, Case::clean_end);
    EXPECT_EQ(judge({Seen::bad, false, Beyond::near}).which, Case::torn_tail);
    EXPECT_EQ(judge({Seen::bad, false, Beyond::far}).which, Case::suspect);
    EXPECT_EQ(judge({Seen::disagrees, false, Beyond::nothing}).which, Case::divergent);
}

Manifest full_manifest() {
    Manifest m;
    m.identity = {0x0123456789ABCDEF, 42};
    m.shards = 2;
    m.router_hash = 77;
    m.heads = "/dev/shm";
    m.schema_text = "pawl-schema 1\naggregate 0 Box\n";
    m.epochs = {{1, {Position{0}, Position{0}}}, {2, {Position{96}, Position{192}}}};
    m.clean = {{Position{960}, 5}, {Position{1920}, 6}};
    return m;
}

TEST(ManifestText, what_is_printed_is_read_back) {
    const Manifest m = full_manifest();
    auto parsed = parse_manifest(print_manifest(m), "dir/manifest");
    ASSERT_TRUE(parsed.ok()) << parsed.error().sentence;
    EXPECT_EQ(parsed->identity, m.identity);
    EXPECT_EQ(parsed->schema_text, m.schema_text);
    EXPECT_EQ(parsed->epochs[1].positions[1], Position{192});
    EXPECT_EQ(parsed->clean[1].checksum, 6U);
    EXPECT_EQ(print_manifest(parsed.value()), print_manifest(m));
}

TEST(ManifestText, a_changed_or_missing_byte_is_a_sentence) {
    const std::string text = print_manifest(full_manifest());
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        const auto parsed = parse_manifest(changed, "dir/manifest");
        ASSERT_FALSE(parsed.ok()) << at;
        EXPECT_NE(parsed.error().sentence.find("dir/manifest"), std::string::npos);
        EXPECT_FALSE(parse_manifest(text.substr(0, at), "dir/manifest").ok()) << at;
    }
}

TEST(ManifestText, a_death_while_it_is_replaced_leaves_the_old_one_or_the_new_one) {
    for (std::uint64_t n = 1; n < 12; ++n) {
        MemoryStorage storage;
        ASSERT_TRUE(storage.make_directory("dir").ok());
        Manifest m = full_manifest();
        ASSERT_TRUE(write_manifest(storage, "dir", m).ok());
        m.router_hash = 78;
        storage.die_at_call(n);
        const bool done = write_manifest(storage, "dir", m).ok();
        storage.revive();
        storage.cut_power(Unsynced::every_other_sector);
        auto read = read_manifest(storage, "dir");
        ASSERT_TRUE(read.ok()) << n << ": " << read.error().sentence;
        EXPECT_TRUE(read->router_hash == 78 || (!done && read->router_hash == 77)) << n;
    }
}

TEST(SchemaText, an_event_of_every_type_becomes_json) {
    auto schema = Schema::parse(
        "pawl-schema 1\naggregate 0 Box\ncommand 0 0 Put\nevent 0 0 Filled a:i64 b:u8 c:bool "
        "d:text<5> e:bytes<3> f:[u16;2] g:{x:i8,y:char} h:f64\nevent 0 1 Emptied\n");
    ASSERT_TRUE(schema.ok()) << schema.error().sentence;
    const auto* filled = schema->event(0, 0);
    ASSERT_NE(filled, nullptr);
    EXPECT_EQ(filled->body.size_bytes, 8U + 1 + 1 + 7 + 5 + 4 + 2 + 8);
    std::vector<std::byte> payload(filled->body.size_bytes);
    std::byte* at = payload.data();
    const auto put = [&](const auto& value) {
        std::memcpy(at, &value, sizeof value);
        at += sizeof value;
    };
    put(std::int64_t{-5});
    put(std::uint8_t{200});
    put(std::uint8_t{1});
    put(std::uint16_t{2});
    std::memcpy(at, "a\"xxx", 5);
    at += 5;
    put(std::uint16_t{2});
    std::memcpy(at, "\x01\xFF\x00", 3);
    at += 3;
    put(std::uint16_t{1});
    put(std::uint16_t{2});
    put(std::int8_t{-1});
    put('q');
    put(0.5);
    std::string json;
    to_json(*filled, payload, json);
    EXPECT_EQ(
        json,
        R"({"a":-5,"b":200,"c":true,"d":"a\"","e":"01ff","f":[1,2],"g":{"x":-1,"y":"q"},"h":0.5})");
    json.clear();
    to_json(*schema->event(0, 1), {}, json);
    EXPECT_EQ(json, "{}");
    json.clear();
    to_json(*filled, std::span(payload).first(2), json);
    EXPECT_EQ(json, R"({"hex":"fbff"})");
}

TEST(SchemaText, a_line_that_cannot_be_read_is_named) {
    for (const char* bad :
         {"event 0 0 A x", "event 0 0 A x:", "event 0 0 A x:u9", "event 0 0 A x:[u8;", "wrong",
          "event 0 0 A x:{y:u8", "event 0 0 A x:text<9999999999>", "event z 0 A", "aggregate 5 A",
          "event 0 0 A x:[[u64;9999999];9999999]"}) {
        const auto parsed = Schema::parse(std::string("pawl-schema 1\n") + bad + "\n");
        ASSERT_FALSE(parsed.ok()) << bad;
        EXPECT_NE(parsed.error().sentence.find("line 2"), std::string::npos);
    }
    EXPECT_FALSE(Schema::parse("").ok());
    std::string deep = "pawl-schema 1\nevent 0 0 A x:";
    for (int i = 0; i < 100'000; ++i) deep += '[';
    EXPECT_FALSE(Schema::parse(deep).ok());
}

TEST(SchemaText, only_appending_continues_a_journal) {
    const std::string base = "pawl-schema 1\naggregate 0 A\nevent 0 0 X v:u8\n";
    EXPECT_TRUE(schema_continues(base, base).ok());
    EXPECT_TRUE(schema_continues(base, base + "event 0 1 Y\n").ok());
    EXPECT_FALSE(schema_continues(base + "event 0 1 Y\n", base).ok());
    const auto changed =
        schema_continues(base, "pawl-schema 1\naggregate 0 A\nevent 0 0 X v:u16\n");
    ASSERT_FALSE(changed.ok());
    EXPECT_NE(changed.error().sentence.find("v:u8"), std::string::npos);
    EXPECT_NE(changed.error().sentence.find("v:u16"), std::string::npos);
}

}  // namespace
}  // namespace pawl::journal::testing
