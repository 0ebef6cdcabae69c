// A small reader of JSON; it checks nothing that print_record() guarantees.
#include "journal/inspect_fields.hpp"

namespace pawl::journal {
namespace {

constexpr int depth_max = 64;

class Fields {
public:
    explicit Fields(std::string_view json) : json_(json) {}

    void value(const std::string& path, int depth = 0) {
        if (at_ >= json_.size() || depth > depth_max) return;
        const char open = json_[at_];
        const bool empty =
            at_ + 1 < json_.size() && (json_[at_ + 1] == '}' || json_[at_ + 1] == ']');
        if ((open != '{' && open != '[') || empty) {
            found.emplace_back(path, scalar());
            return;
        }
        ++at_;
        for (std::size_t i = 0; at_ < json_.size(); ++i) {
            if (open == '{') {
                const std::string name = text();
                ++at_;  // the colon
                value(path.empty() ? name : path + "." + name, depth + 1);
            } else {
                value(path + "[" + std::to_string(i) + "]", depth + 1);
            }
            if (at_ >= json_.size() || json_[at_++] != ',') return;  // the closing bracket
        }
    }

    std::vector<std::pair<std::string, std::string>> found;

private:
    // A quoted text without its quotes, escapes as they are.
    std::string text() {
        const std::size_t begin = ++at_;
        while (at_ < json_.size() && json_[at_] != '"')
            at_ += json_[at_] == '\\' ? std::size_t{2} : 1;
        const std::size_t end = at_ < json_.size() ? at_ : json_.size();
        at_ = end + 1;
        return std::string(json_.substr(begin < end ? begin : end, end - begin));
    }
    std::string scalar() {
        const std::size_t begin = at_;
        if (json_[at_] == '"') {
            static_cast<void>(text());
        } else if (json_[at_] == '{' || json_[at_] == '[') {
            at_ += 2;
        } else {
            while (at_ < json_.size() &&
                   std::string_view(",}]").find(json_[at_]) == std::string_view::npos)
                ++at_;
        }
        if (at_ == begin) ++at_;
        return std::string(json_.substr(begin, at_ - begin));
    }

    std::string_view json_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> json_fields(std::string_view json) {
    Fields fields(json);
    fields.value("");
    return std::move(fields.found);
}

}  // namespace pawl::journal
