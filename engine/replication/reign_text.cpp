// A reign as one line of text. There is one text for each value, so the reader expects that text
// and takes nothing else: no blank, no other order, no second spelling of a number.
#include <algorithm>
#include <charconv>
#include <functional>
#include <string>
#include <utility>

#include "engine/replication/reign.hpp"
#include "engine/replication/reign_maker.hpp"
#include "journal/manifest.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::replication {
namespace {

constexpr std::uint64_t version = 1;

// Goes through the text from the left. After the first fault it only stands still.
class Scan {
public:
    explicit Scan(std::string_view text) : text_(text) {}

    void expect(std::string_view literal) {
        if (!wrong_.empty()) return;
        if (!text_.substr(at_).starts_with(literal)) return fail("'" + std::string(literal) + "'");
        at_ += literal.size();
    }
    bool next_is(char c) const { return wrong_.empty() && at_ < text_.size() && text_[at_] == c; }

    std::uint64_t number() {
        std::uint64_t value = 0;
        if (!wrong_.empty()) return value;
        const char* const begin = text_.data() + at_;
        const char* const end = text_.data() + text_.size();
        const auto [stop, fault] = std::from_chars(begin, end, value);
        if (fault != std::errc{}) {
            fail("a number below 2^64");
            return 0;
        }
        if (*begin == '0' && stop - begin > 1) fail("a number without leading zeros");
        at_ += static_cast<std::size_t>(stop - begin);
        return value;
    }

    std::uint64_t hex() {
        constexpr std::size_t digits = 16;
        std::uint64_t value = 0;
        if (!wrong_.empty()) return value;
        const std::string_view word = text_.substr(at_, digits);
        const auto [stop, fault] =
            std::from_chars(word.data(), word.data() + word.size(), value, 16);
        // the way back finds capital letters, and a word that is too short
        if (fault != std::errc{} || journal::to_hex(value) != word) {
            fail("16 hexadecimal digits");
            return 0;
        }
        at_ += digits;
        return value;
    }

    std::string name() {
        if (!wrong_.empty()) return {};
        const auto end = text_.find('"', at_);
        const auto word = text_.substr(at_, end == text_.npos ? end : end - at_);
        if (!is_node_name(word)) {
            fail("the name of a node");
            return {};
        }
        at_ += word.size();
        return std::string(word);
    }

    void end() {
        if (wrong_.empty() && at_ != text_.size()) fail("the end");
    }
    // Empty: nothing was wrong.
    const std::string& wrong() const { return wrong_; }

private:
    void fail(const std::string& wanted) {
        wrong_ = "at byte " + std::to_string(at_) + " there should be " + wanted;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string wrong_;
};

}  // namespace

std::string print_reign(const Reign& reign) {
    std::string text = "{\"reign\":" + std::to_string(version) +
                       ",\"epoch\":" + std::to_string(reign.epoch()) + ",\"primary\":\"" +
                       reign.primary().node + "\",\"boot\":\"" +
                       journal::to_hex(reign.primary().boot) + "\",\"in_sync\":[";
    const char* separator = "\"";
    for (const std::string& node : reign.in_sync()) {
        text += separator + node + "\"";
        separator = ",\"";
    }
    text += "]}";
    PAWL_ASSERT(text.size() <= reign_text_bytes_max);
    return text;
}

Result<Reign> parse_reign(std::string_view text, std::string_view where) {
    const auto damaged = [&](const std::string& what) {
        return Error{ErrorCode::damaged,
                     std::string(where) + ": this is no reign as pawl writes it: " + what +
                         ": see who else writes there, then put the value back or use another key"};
    };
    if (text.size() > reign_text_bytes_max)
        return damaged(std::to_string(text.size()) + " bytes, at most " +
                       std::to_string(reign_text_bytes_max) + " are possible");
    Scan scan(text);
    scan.expect("{\"reign\":");
    const std::uint64_t found = scan.number();
    if (scan.wrong().empty() && found != version)
        return Error{ErrorCode::mismatch, std::string(where) + ": a reign of version " +
                                              std::to_string(found) + ", this program reads " +
                                              std::to_string(version) +
                                              ": run the same release of pawl on every node"};
    scan.expect(",\"epoch\":");
    const std::uint64_t epoch = scan.number();
    scan.expect(",\"primary\":\"");
    NodeBoot primary;
    primary.node = scan.name();
    scan.expect("\",\"boot\":\"");
    primary.boot = scan.hex();
    scan.expect("\",\"in_sync\":[");
    std::vector<std::string> in_sync;
    do {
        if (!in_sync.empty()) scan.expect(",");
        scan.expect("\"");
        in_sync.push_back(scan.name());
        scan.expect("\"");
    } while (scan.next_is(','));
    scan.expect("]}");
    scan.end();
    if (!scan.wrong().empty()) return damaged(scan.wrong());
    if (epoch == 0) return damaged("epoch 0, the first is 1");
    if (primary.boot == 0) return damaged("boot 0 is none");
    if (in_sync.size() > in_sync_max)
        return damaged(std::to_string(in_sync.size()) + " nodes in sync, at most " +
                       std::to_string(in_sync_max) + " are possible");
    if (std::adjacent_find(in_sync.begin(), in_sync.end(), std::greater_equal<>{}) != in_sync.end())
        return damaged("the in-sync set is not sorted, or has a node twice");
    if (!std::binary_search(in_sync.begin(), in_sync.end(), primary.node))
        return damaged("the primary " + primary.node + " is not in the in-sync set");
    return ReignMaker::make(epoch, std::move(primary), std::move(in_sync));
}

}  // namespace pawl::replication
