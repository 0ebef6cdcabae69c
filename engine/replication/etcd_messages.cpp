// Requests are put together by hand, since no letter in them needs an escape; answers are read with
// Boost.JSON and then doubted.
#include "engine/replication/etcd_messages.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "engine/replication/base64.hpp"

namespace pawl::replication {
namespace {

namespace json = boost::json;

constexpr std::size_t complaint_bytes_max = 200;
constexpr std::size_t depth_max = 16;

Error bad(std::string what) {
    return {ErrorCode::bad_input, std::move(what)};
}

json::value parse(std::string_view body, std::string& fault) {
    json::parse_options options;
    options.max_depth = depth_max;
    json::error_code code;
    json::value value = json::parse({body.data(), body.size()}, code, {}, options);
    if (code) fault = "its answer is no JSON (" + code.message() + ")";
    return value;
}

// Null when there is no such field, or `object` is null.
const json::value* field(const json::object* object, const char* name) {
    return object == nullptr ? nullptr : object->if_contains(name);
}
const json::object* object_in(const json::object* object, const char* name) {
    const auto* const value = field(object, name);
    return value == nullptr ? nullptr : value->if_object();
}
const json::array* array_in(const json::object* object, const char* name) {
    const auto* const value = field(object, name);
    return value == nullptr ? nullptr : value->if_array();
}
// 64-bit numbers come as text. 0 when it is none: no number that is asked for here can be 0.
std::uint64_t number_in(const json::object* object, const char* name) {
    const auto* const value = field(object, name);
    const auto* const text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) return 0;
    std::uint64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, fault] = std::from_chars(text->data(), end, number);
    return fault == std::errc{} && stop == end ? number : 0;
}
std::optional<std::string> bytes_in(const json::object* object, const char* name) {
    const auto* const value = field(object, name);
    const auto* const text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) return std::nullopt;
    return from_base64({text->data(), text->size()});
}

// Fills cluster and revision. Empty, or what is wrong.
std::string read_header(const json::object* root, EtcdAnswer& answer) {
    const auto* const header = object_in(root, "header");
    answer.cluster = number_in(header, "cluster_id");
    answer.revision = number_in(header, "revision");
    if (answer.cluster == 0) return "its answer names no cluster_id";
    if (answer.revision == 0) return "its answer names no revision";
    return {};
}

// What a range over one key found. Empty, or what is wrong.
std::string read_range(const json::object* range, std::string_view key, EtcdAnswer& answer) {
    const auto* const values = field(range, "kvs");
    if (values == nullptr) {
        // a count without the values would be an answer that was cut
        const auto* const count = field(range, "count");
        if (count != nullptr && (!count->is_string() || count->get_string() != "0"))
            return "its answer counts keys and shows none";
        return {};
    }
    const auto* const list = values->if_array();
    if (list == nullptr || list->size() > 1) return "its answer has more than the one key";
    if (list->empty()) return {};
    const auto* const one = list->front().if_object();
    if (bytes_in(one, "key") != key) return "its answer is about another key";
    answer.key_revision = number_in(one, "mod_revision");
    if (answer.key_revision == 0) return "its answer gives the key no mod_revision";
    if (answer.key_revision > answer.revision)
        return "its answer has a key newer than the whole store";
    // no field: a value of no bytes
    answer.value = field(one, "value") == nullptr ? std::string{} : bytes_in(one, "value");
    if (!answer.value) return "its answer has a value that is no base64";
    return {};
}

}  // namespace

std::string etcd_range_request(std::string_view key) {
    return "{\"key\":\"" + to_base64(key) + "\"}";
}

std::string etcd_swap_request(std::string_view key, std::uint64_t expected_revision,
                              std::string_view value) {
    const std::string name = "\"key\":\"" + to_base64(key) + "\"";
    const std::string compare =
        expected_revision == 0
            ? R"("target":"CREATE","create_revision":"0")"
            : R"("target":"MOD","mod_revision":")" + std::to_string(expected_revision) + "\"";
    return "{\"compare\":[{\"result\":\"EQUAL\"," + compare + "," + name +
           "}],\"success\":[{\"request_put\":{" + name + ",\"value\":\"" + to_base64(value) +
           "\"}}],\"failure\":[{\"request_range\":{" + name + "}}]}";
}

Result<EtcdAnswer> parse_etcd_range(std::string_view body, std::string_view key) {
    std::string fault;
    const json::value root = parse(body, fault);
    EtcdAnswer answer;
    if (fault.empty()) fault = read_header(root.if_object(), answer);
    if (fault.empty()) fault = read_range(root.if_object(), key, answer);
    if (!fault.empty()) return bad(std::move(fault));
    return answer;
}

Result<EtcdAnswer> parse_etcd_swap(std::string_view body, std::string_view key,
                                   std::uint64_t expected_revision) {
    std::string fault;
    const json::value root = parse(body, fault);
    const json::object* const object = root.if_object();
    EtcdAnswer answer;
    if (fault.empty()) fault = read_header(object, answer);
    if (!fault.empty()) return bad(std::move(fault));
    const auto* const succeeded = field(object, "succeeded");
    if (succeeded != nullptr && !succeeded->is_bool())
        return bad("its answer does not say whether it swapped");
    const bool swapped = succeeded != nullptr && succeeded->get_bool();
    const auto* const responses = array_in(object, "responses");
    if (responses == nullptr || responses->size() != 1)
        return bad("its answer is not about one operation");
    const auto* const response = responses->front().if_object();
    if (swapped) {
        if (object_in(response, "response_put") == nullptr)
            return bad("it swapped and does not say what");
        if (answer.revision <= expected_revision)
            return bad("it swapped and its revision did not grow");
        answer.swapped = true;
        answer.key_revision = answer.revision;
        return answer;
    }
    const auto* const range = object_in(response, "response_range");
    if (range == nullptr) return bad("it did not swap and does not say what is there");
    fault = read_range(range, key, answer);
    if (fault.empty() && answer.key_revision == expected_revision)
        fault = "it did not swap though the revision is the expected one";
    if (!fault.empty()) return bad(std::move(fault));
    return answer;
}

std::string etcd_complaint(std::string_view body) {
    std::string fault;
    const json::value root = parse(body, fault);
    const auto* const message = field(fault.empty() ? root.if_object() : nullptr, "message");
    const auto* const text = message == nullptr ? nullptr : message->if_string();
    std::string said = text == nullptr ? std::string(body.substr(0, complaint_bytes_max))
                                       : std::string(text->data(), text->size());
    if (said.size() > complaint_bytes_max) said.resize(complaint_bytes_max);
    std::erase_if(said, [](char c) { return c < ' ' || c > '~'; });
    return said;
}

}  // namespace pawl::replication
