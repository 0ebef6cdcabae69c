// Addresses, options, base64, and what etcd says: all without a connection.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "engine/replication/arbiter_address.hpp"
#include "engine/replication/arbiter_options.hpp"
#include "engine/replication/base64.hpp"
#include "engine/replication/etcd_messages.hpp"

namespace pawl::replication {
namespace {

// ---- addresses

TEST(ArbiterAddress, names_a_cluster_and_a_key) {
    const auto address = parse_arbiter_address("etcd://10.0.0.1:2379,etcd-2:80,[::1]:9/pawl/books");
    ASSERT_TRUE(address.ok()) << address.error().sentence;
    const EtcdAddress expected{{{"10.0.0.1", 2379}, {"etcd-2", 80}, {"::1", 9}}, "pawl/books"};
    EXPECT_EQ(std::get<EtcdAddress>(*address), expected);
    EXPECT_EQ(print_arbiter_address(*address), "etcd://10.0.0.1:2379,etcd-2:80,[::1]:9/pawl/books");
}

TEST(ArbiterAddress, names_a_folder) {
    const auto address = parse_arbiter_address("file:///var/lib/a b/arbiter//");
    ASSERT_TRUE(address.ok()) << address.error().sentence;
    EXPECT_EQ(std::get<FileAddress>(*address).folder, "/var/lib/a b/arbiter");
    EXPECT_EQ(print_arbiter_address(*address), "file:///var/lib/a b/arbiter");
}

TEST(ArbiterAddress, each_wrong_form_is_a_sentence_that_shows_the_right_one) {
    struct Wrong {
        std::string text;
        const char* what;
    };
    const std::vector<Wrong> all{
        {"", "it is empty"},
        {"127.0.0.1:2379", "it begins neither with etcd:// nor with file://"},
        {"http://127.0.0.1:2379/k", "it begins neither"},
        {"ETCD://127.0.0.1:2379/k", "it begins neither"},
        {"etcd://127.0.0.1:2379", "it names no key"},
        {"etcd://127.0.0.1:2379/", "it names no key"},
        {"etcd:///k", "a host is missing"},
        {"etcd://a:1,/k", "a host is missing"},
        {"etcd://,a:1/k", "a host is missing"},
        {"etcd://a/k", "'a' has no port"},
        {"etcd://a:/k", "has no port between 1 and 65535"},
        {"etcd://a:0/k", "has no port between 1 and 65535"},
        {"etcd://a:65536/k", "has no port between 1 and 65535"},
        {"etcd://a:99999999999/k", "has no port between 1 and 65535"},
        {"etcd://a:12x/k", "has no port between 1 and 65535"},
        {"etcd://a:-1/k", "has no port between 1 and 65535"},
        {"etcd://a:02379/k", "leading zeros"},
        {"etcd://:2379/k", "has no name of a host"},
        {"etcd://a b:2379/k", "has no name of a host"},
        {"etcd://::1:2379/k", "IPv6 address without brackets"},
        {"etcd://[::1]/k", "has no port"},
        {"etcd://[a]:1/k", "no IPv6 address between its brackets"},
        {"etcd://[]:1/k", "no IPv6 address between its brackets"},
        {"etcd://user:word@a:1/k", "user and password are not supported"},
        {"etcd://a:1,b:1,a:1/k", "twice"},
        {"etcd://a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9/k", "more than 8 hosts"},
        {"etcd://a:1/k?x=1", "the key may have"},
        {"etcd://a:1/k%20", "the key may have"},
        {"etcd://a:1/k k", "the key may have"},
        {"etcd://a:1/k\n", "the key may have"},
        {"etcd://a:1/k/", "the key ends with '/'"},
        {"etcd://" + std::string(254, 'a') + ":1/k", "longer than a host's name"},
        {"etcd://a:1/" + std::string(1024, 'k'), "more than 1024 bytes"},
        {"file://arbiter", "does not begin with '/'"},
        {"file://", "does not begin with '/'"},
        {"file:///", "the root is no folder of its own"},
        {"file:///a\nb", "a control character"},
    };
    for (const Wrong& each : all) {
        const auto address = parse_arbiter_address(each.text);
        ASSERT_FALSE(address.ok()) << each.text;
        EXPECT_EQ(address.error().code, ErrorCode::usage);
        const std::string& sentence = address.error().sentence;
        EXPECT_NE(sentence.find(each.what), std::string::npos) << each.text << "\n" << sentence;
        EXPECT_NE(sentence.find(": write "), std::string::npos) << sentence;
    }
}

// ---- options

TEST(ArbiterOptions, out_of_range_are_refused_by_name_and_number) {
    EXPECT_TRUE(ArbiterOptions{}.check().ok());
    const auto sentence = [](const ArbiterOptions& options) {
        const auto status = options.check();
        return status.ok() ? std::string("ok") : status.error().sentence;
    };
    EXPECT_EQ(sentence({.attempt_timeout_ns = 0}),
              "arbiter option attempt_timeout: 0 ms is out of range: 1 to 60000");
    EXPECT_EQ(sentence({.attempt_timeout_ns = -5'000'000}),
              "arbiter option attempt_timeout: 0 ms is out of range: 1 to 60000");
    EXPECT_EQ(sentence({.request_timeout_ns = 200'000'000}),
              "arbiter option request_timeout: 200 ms is out of range: 300 to 600000");
    EXPECT_EQ(sentence({.answer_bytes_max = 1}),
              "arbiter option answer_bytes_max: 1 bytes is out of range: 4096 to 1048576");
}

// ---- base64

TEST(Base64, is_the_one_of_the_standard) {
    const std::vector<std::pair<std::string, std::string>> vectors{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
        {"\xfb\xef\xbe", "++++"},
    };
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
}

TEST(Base64, has_one_text_for_each_value) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "====", "Z===", "Zg==Zg==",
                             "Zm 9", "Zm9v\n", "Zm-_", "=Zg="})
        EXPECT_FALSE(from_base64(text)) << text;
}

RC_GTEST_PROP(Base64, comes_back_as_it_went, (const std::string& bytes)) {
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

RC_GTEST_PROP(Base64, takes_no_second_spelling, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AQgw/+=")));
    if (const auto bytes = from_base64(text)) RC_ASSERT(to_base64(*bytes) == text);
}

// ---- what is asked

TEST(EtcdMessages, ask_for_one_key) {
    EXPECT_EQ(etcd_range_request("pawl/x"), R"({"key":"cGF3bC94"})");
    EXPECT_EQ(etcd_swap_request("k", 0, "v"),
              R"({"compare":[{"result":"EQUAL","target":"CREATE","create_revision":"0",)"
              R"("key":"aw=="}],"success":[{"request_put":{"key":"aw==","value":"dg=="}}],)"
              R"("failure":[{"request_range":{"key":"aw=="}}]})");
    EXPECT_NE(etcd_swap_request("k", 7, "v").find(R"("target":"MOD","mod_revision":"7")"),
              std::string::npos);
}

// ---- what is answered. The good ones are a real server's.

const std::string head = R"({"header":{"cluster_id":"9","member_id":"8","revision":"5"})";
const std::string one = R"({"key":"aw==","create_revision":"2","mod_revision":"4","version":"2",)"
                        R"("value":"dg=="})";

TEST(EtcdMessages, a_read_finds_the_key_or_does_not) {
    const auto found = parse_etcd_range(head + R"(,"kvs":[)" + one + R"(],"count":"1"})", "k");
    ASSERT_TRUE(found.ok()) << found.error().sentence;
    EXPECT_EQ(found->cluster, 9U);
    EXPECT_EQ(found->revision, 5U);
    EXPECT_EQ(found->key_revision, 4U);
    EXPECT_EQ(found->value, "v");
    for (const char* rest : {"}", R"(,"count":"0"})", R"(,"kvs":[]})"}) {
        const auto absent = parse_etcd_range(head + rest, "k");
        ASSERT_TRUE(absent.ok()) << absent.error().sentence;
        EXPECT_EQ(absent->key_revision, 0U);
        EXPECT_FALSE(absent->value);
    }
}

TEST(EtcdMessages, a_swap_happened_or_shows_what_is_there) {
    const std::string put = R"(,"succeeded":true,"responses":[{"response_put":{}}]})";
    const auto done = parse_etcd_swap(head + put, "k", 4);
    ASSERT_TRUE(done.ok()) << done.error().sentence;
    EXPECT_TRUE(done->swapped);
    EXPECT_EQ(done->key_revision, 5U);
    const auto not_done = parse_etcd_swap(
        head + R"(,"responses":[{"response_range":{"kvs":[)" + one + "]}}]}", "k", 3);
    ASSERT_TRUE(not_done.ok()) << not_done.error().sentence;
    EXPECT_FALSE(not_done->swapped);
    EXPECT_EQ(not_done->key_revision, 4U);
    const auto gone = parse_etcd_swap(head + R"(,"responses":[{"response_range":{}}]})", "k", 3);
    ASSERT_TRUE(gone.ok()) << gone.error().sentence;
    EXPECT_EQ(gone->key_revision, 0U);
}

TEST(EtcdMessages, what_etcd_would_not_say_is_not_believed) {
    const std::string kvs = R"(,"kvs":[)";
    const std::vector<std::string> reads{
        "",
        "{",
        "[]",
        "null",
        "{}",
        R"({"header":5})",
        R"({"header":{"revision":"5"}})",
        R"({"header":{"cluster_id":"9"}})",
        R"({"header":{"cluster_id":9,"revision":5}})",
        R"({"header":{"cluster_id":"9","revision":"-5"}})",
        R"({"header":{"cluster_id":"9","revision":"5x"}})",
        R"({"header":{"cluster_id":"9","revision":"99999999999999999999"}})",
        head + R"(,"count":"1"})",
        head + R"(,"count":1})",
        head + R"(,"kvs":{}})",
        head + R"(,"kvs":null})",
        head + kvs + one + "," + one + "]}",
        head + kvs + "5]}",
        head + kvs + R"({"key":"eA==","mod_revision":"4"}]})",
        head + kvs + R"({"key":"aw","mod_revision":"4"}]})",
        head + kvs + R"({"key":"aw=="}]})",
        head + kvs + R"({"key":"aw==","mod_revision":"0"}]})",
        head + kvs + R"({"key":"aw==","mod_revision":"6"}]})",
        head + kvs + R"({"key":"aw==","mod_revision":"4","value":"?"}]})",
        head + kvs + R"({"key":"aw==","mod_revision":"4","value":7}]})",
        head + "}}",
        head + "} x",
        std::string(100'000, '['),
    };
    for (const std::string& body : reads) {
        const auto answer = parse_etcd_range(body, "k");
        ASSERT_FALSE(answer.ok()) << body.substr(0, 200);
        EXPECT_FALSE(answer.error().sentence.empty());
    }
    const std::vector<std::string> swaps{
        head + "}",
        head + R"(,"succeeded":true})",
        head + R"(,"succeeded":"true","responses":[{"response_put":{}}]})",
        head + R"(,"succeeded":true,"responses":[]})",
        head + R"(,"succeeded":true,"responses":[{"response_range":{}}]})",
        head + R"(,"succeeded":true,"responses":[{"response_put":{}},{"response_put":{}}]})",
        head + R"(,"responses":[{"response_put":{}}]})",
        head + R"(,"responses":[{"response_range":{"kvs":[)" + one + "]}}]}",
        head + R"(,"responses":[7]})",
    };
    for (const std::string& body : swaps) EXPECT_FALSE(parse_etcd_swap(body, "k", 4).ok()) << body;
    const std::string put = R"(,"succeeded":true,"responses":[{"response_put":{}}]})";
    EXPECT_FALSE(parse_etcd_swap(head + put, "k", 5).ok()) << "the revision did not grow";
}

TEST(EtcdMessages, a_complaint_is_short_and_printable) {
    EXPECT_EQ(etcd_complaint(R"({"error":"x","message":"etcdserver: no leader","code":14})"),
              "etcdserver: no leader");
    EXPECT_EQ(etcd_complaint("Not Found\n"), "Not Found");
    EXPECT_EQ(etcd_complaint(std::string(5000, 'x')).size(), 200U);
    EXPECT_EQ(etcd_complaint("\x1b[31m"), "[31m");
}

}  // namespace
}  // namespace pawl::replication
