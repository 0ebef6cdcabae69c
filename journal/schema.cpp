// Parses the schema text; says whether one text continues another.
#include "journal/schema.hpp"

#include <charconv>
#include <set>
#include <utility>

namespace pawl::journal {
namespace {

constexpr std::uint64_t count_limit = std::uint64_t{1} << 24;
constexpr int depth_limit = 16;

struct Scalar {
    std::string_view word;
    SchemaType::Kind kind;
    std::uint64_t size_bytes;
};
using Kind = SchemaType::Kind;
constexpr Scalar scalars[] = {
    {"bool", Kind::boolean, 1}, {"char", Kind::character, 1}, {"i8", Kind::i8, 1},
    {"i16", Kind::i16, 2},      {"i32", Kind::i32, 4},        {"i64", Kind::i64, 8},
    {"u8", Kind::u8, 1},        {"u16", Kind::u16, 2},        {"u32", Kind::u32, 4},
    {"u64", Kind::u64, 8},      {"f32", Kind::f32, 4},        {"f64", Kind::f64, 8},
};

// Reads one line. `ok` turns false at the first thing that is not right.
class LineParser {
public:
    explicit LineParser(std::string_view text) : text_(text) {}

    bool ok = true;
    bool at_end() const { return text_.empty(); }

    std::string_view word() {
        const auto space = text_.find(' ');
        const auto front = text_.substr(0, space);
        text_ = space == std::string_view::npos ? std::string_view{} : text_.substr(space + 1);
        if (front.empty()) ok = false;
        return front;
    }
    std::uint32_t number() {
        std::uint32_t value = 0;
        const auto text = word();
        const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (fault != std::errc{} || stop != text.data() + text.size()) ok = false;
        return value;
    }
    void fields(SchemaType& structure, char separator) {
        structure.kind = Kind::structure;
        structure.size_bytes = 0;
        while (ok && !text_.empty() && text_.front() != '}') {
            const auto colon = text_.find(':');
            if (colon == 0 || colon == std::string_view::npos) {
                ok = false;
                return;
            }
            SchemaField field;
            field.name = text_.substr(0, colon);
            text_.remove_prefix(colon + 1);
            field.type = type();
            if (!ok) return;
            structure.size_bytes += field.type->size_bytes;
            structure.fields.push_back(std::move(field));
            if (structure.size_bytes > count_limit) ok = false;
            if (text_.empty() || text_.front() != separator) return;
            text_.remove_prefix(1);
        }
    }

private:
    bool eat(std::string_view word) {
        if (text_.substr(0, word.size()) != word) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    std::uint64_t count_until(char end) {
        std::uint64_t value = 0;
        const auto at = text_.find(end);
        if (at == std::string_view::npos) {
            ok = false;
            return 0;
        }
        const auto [stop, fault] = std::from_chars(text_.data(), text_.data() + at, value);
        if (fault != std::errc{} || stop != text_.data() + at || value > count_limit) ok = false;
        text_.remove_prefix(at + 1);
        return value;
    }

    std::shared_ptr<const SchemaType> type() {
        auto made = std::make_shared<SchemaType>();
        if (++depth_ > depth_limit) {
            ok = false;
        } else if (eat("{")) {
            fields(*made, ',');
            if (!eat("}")) ok = false;
        } else if (eat("[")) {
            made->kind = Kind::array;
            made->element = type();
            if (!eat(";")) ok = false;
            if (ok) made->count = count_until(']');
            made->size_bytes = made->element->size_bytes * made->count;
            if (made->size_bytes > count_limit) ok = false;
        } else if (eat("text<") || eat("bytes<")) {
            made->kind = text_.data()[-2] == 't' ? Kind::text : Kind::bytes;
            made->count = count_until('>');
            made->size_bytes = sizeof(std::uint16_t) + made->count;
        } else {
            scalar(*made);
        }
        --depth_;
        return made;
    }
    void scalar(SchemaType& made) {
        std::size_t length = 0;
        while (length < text_.size() &&
               std::string_view(" ,;}]").find(text_[length]) == std::string_view::npos)
            ++length;
        for (const auto& known : scalars) {
            if (text_.substr(0, length) != known.word) continue;
            made.kind = known.kind;
            made.size_bytes = known.size_bytes;
            text_.remove_prefix(length);
            return;
        }
        ok = false;
    }

    std::string_view text_;
    int depth_ = 0;
};

Error bad_line(std::size_t number, std::string_view line) {
    return Error{ErrorCode::bad_input, "schema: line " + std::to_string(number) +
                                           " cannot be read: '" + std::string(line) + "'"};
}

// Calls visit(line, number) for each line; stops when it returns false.
template <class Visit>
void for_each_line(std::string_view text, Visit&& visit) {
    std::size_t number = 1;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (!visit(text.substr(0, end), number++)) return;
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
}

const SchemaMessage* find(const std::vector<SchemaMessage>& messages, std::uint32_t aggregate,
                          std::uint32_t index) noexcept {
    for (const auto& message : messages)
        if (message.aggregate == aggregate && message.index == index) return &message;
    return nullptr;
}

}  // namespace

Result<Schema> Schema::parse(std::string_view text) {
    Schema schema;
    std::size_t bad_number = 0;
    std::string_view bad;
    for_each_line(text, [&](std::string_view line, std::size_t number) {
        LineParser parser(line);
        const auto word = parser.word();
        if (number == 1) {
            parser.ok = line == "pawl-schema 1";
        } else if (word == "aggregate") {
            if (parser.number() != schema.aggregates_.size()) parser.ok = false;
            schema.aggregates_.emplace_back(parser.word());
        } else if (word == "command" || word == "event") {
            SchemaMessage message;
            message.aggregate = parser.number();
            message.index = parser.number();
            message.name = parser.word();
            parser.fields(message.body, ' ');
            parser.ok = parser.ok && parser.at_end();
            auto& list = word == "command" ? schema.commands_ : schema.events_;
            if (parser.ok) list.push_back(std::move(message));
        } else {
            parser.ok = false;
        }
        if (parser.ok) return true;
        bad_number = number;
        bad = line;
        return false;
    });
    if (text.empty()) return bad_line(1, "");
    if (bad_number != 0) return bad_line(bad_number, bad);
    return schema;
}

const std::string* Schema::aggregate(std::uint32_t index) const noexcept {
    return index < aggregates_.size() ? &aggregates_[index] : nullptr;
}
const SchemaMessage* Schema::command(std::uint32_t aggregate, std::uint32_t index) const noexcept {
    return find(commands_, aggregate, index);
}
const SchemaMessage* Schema::event(std::uint32_t aggregate, std::uint32_t index) const noexcept {
    return find(events_, aggregate, index);
}
const SchemaMessage* Schema::command_by_global_index(std::uint32_t index) const noexcept {
    for (const auto& message : commands_)
        if (message.index == index) return &message;
    return nullptr;
}

Status schema_continues(std::string_view older, std::string_view newer) {
    std::set<std::string_view> lines;
    for_each_line(newer, [&](std::string_view line, std::size_t) {
        lines.insert(line);
        return true;
    });
    // Commands are not in the journal: only their numbers are. Aggregates and events must stay what
    // they were.
    std::string missing;
    for_each_line(older, [&](std::string_view line, std::size_t) {
        if (line.substr(0, 8) == "command " || lines.contains(line)) return true;
        missing = line;
        return false;
    });
    if (missing.empty()) return Done{};
    const auto name_end = missing.find(' ', missing.find(' ', missing.find(' ') + 1) + 1);
    const std::string stem = missing.substr(0, name_end);
    std::string now = "no such line";
    for (const auto line : lines)
        if (line.substr(0, stem.size()) == stem) now = std::string("'").append(line).append("'");
    return Error{ErrorCode::mismatch,
                 "schema '" + missing + "' here, " + now +
                     " in this program; event types may only be appended: open it with the program "
                     "that wrote it, or put the type back"};
}

}  // namespace pawl::journal
