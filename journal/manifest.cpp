// The manifest's text: printing, parsing, replacing.
#include "journal/manifest.hpp"

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <utility>

#include "journal/hash.hpp"
#include "pawl/detail/assert.hpp"

namespace pawl::journal {
namespace {

constexpr std::uint32_t shards_limit = 4096;
constexpr std::string_view first_word = "pawl-manifest ";

template <class Number>
bool parse_number(std::string_view text, Number& number, int base = 10) {
    const auto [stop, fault] =
        std::from_chars(text.data(), text.data() + text.size(), number, base);
    return fault == std::errc{} && stop == text.data() + text.size();
}

bool parse_identity(std::string_view text, Identity& identity) {
    return text.size() == 32 && parse_number(text.substr(0, 16), identity.high, 16) &&
           parse_number(text.substr(16), identity.low, 16);
}

// Takes the text up to `end` off the front; nothing when there is no such end.
std::optional<std::string_view> take(std::string_view& text, char end) {
    const auto at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const auto front = text.substr(0, at);
    text.remove_prefix(at + 1);
    return front;
}

// Reads `<name> <number>\n` lines in the order they are printed in; remembers the first that is
// wrong.
class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {}

    std::string_view value(std::string_view name) {
        if (!wrong_.empty()) return {};
        auto rest = text_;
        const auto line = take(rest, '\n');
        if (!line || line->size() <= name.size() || line->substr(0, name.size()) != name ||
            (*line)[name.size()] != ' ') {
            wrong_ = name;
            return {};
        }
        text_ = rest;
        return line->substr(name.size() + 1);
    }
    template <class Number>
    void number(std::string_view name, Number& to, int base = 10) {
        const auto text = value(name);
        if (wrong_.empty() && !parse_number(text, to, base)) wrong_ = name;
    }
    bool next_is(std::string_view name) const { return text_.substr(0, name.size()) == name; }
    std::string_view raw(std::size_t bytes) {
        if (!wrong_.empty() || bytes >= text_.size() || text_[bytes] != '\n') {
            if (wrong_.empty()) wrong_ = "schema";
            return {};
        }
        const auto content = text_.substr(0, bytes);
        text_.remove_prefix(bytes + 1);
        return content;
    }
    void refuse(std::string_view name) {
        if (wrong_.empty()) wrong_ = name;
    }
    const std::string& wrong() const { return wrong_; }
    bool at_end() const { return text_.empty(); }

private:
    std::string_view text_;
    std::string wrong_;
};

void parse_positions(Lines& lines, std::string_view text, EpochBegin& begin) {
    while (lines.wrong().empty() && !text.empty()) {
        const auto space = text.find(' ');
        Position position;
        if (!parse_number(text.substr(0, space), position.value)) lines.refuse("epoch");
        begin.positions.push_back(position);
        text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    }
}

bool sensible(const Manifest& m) {
    const bool shards = m.shards >= 1 && m.shards <= shards_limit;
    const bool segments = m.segment_bytes >= segment_bytes_min &&
                          m.segment_bytes % block_alignment_bytes == 0 &&
                          m.segment_bytes <= segment_bytes_limit;
    const bool inflight = m.inflight_bytes_max >= block_alignment_bytes &&
                          m.inflight_bytes_max <= inflight_bytes_limit &&
                          m.inflight_bytes_max % block_alignment_bytes == 0;
    const bool head = m.head_bytes >= head_bytes_min && (m.head_bytes & (m.head_bytes - 1)) == 0;
    if (!shards || !segments || !inflight || !head) return false;
    std::uint64_t last = 0;
    for (const auto& epoch : m.epochs) {
        if (epoch.epoch <= last || epoch.positions.size() != m.shards) return false;
        last = epoch.epoch;
    }
    for (const auto& kept : m.kept)
        if (kept.segment_index == 0 || kept.position.value % 8 != 0 ||
            (kept.segment_index == 1 && kept.position.value != 0))
            return false;
    return (m.clean.empty() || m.clean.size() == m.shards) &&
           (m.kept.empty() || m.kept.size() == m.shards);
}

// Only what is not the beginning has a line, so that a directory that keeps everything reads as
// before.
void parse_kept(Lines& lines, Manifest& m) {
    std::uint32_t next = 0;
    while (lines.wrong().empty() && lines.next_is("kept ")) {
        auto value = lines.value("kept");
        const auto shard_text = take(value, ' ');
        const auto index_text = take(value, ' ');
        std::uint32_t shard = 0;
        Kept kept;
        if (!shard_text || !index_text || !parse_number(*shard_text, shard) ||
            !parse_number(*index_text, kept.segment_index) ||
            !parse_number(value, kept.position.value) || shard < next || shard >= m.shards ||
            m.shards > shards_limit || kept.segment_index < 2) {
            lines.refuse("kept");
            return;
        }
        m.kept.resize(m.shards);
        m.kept[shard] = kept;
        next = shard + 1;
    }
}

Error damaged(std::string_view path, const std::string& why) {
    return Error{ErrorCode::damaged,
                 std::string(path) + ": " + why +
                     ": restore this one file from a copy of the directory; the segments beside "
                     "it are untouched"};
}

}  // namespace

std::string to_hex(std::uint64_t value) {
    char text[17];
    std::snprintf(text, sizeof text, "%016" PRIx64, value);
    return text;
}

std::string to_hex(const Identity& identity) {
    return to_hex(identity.high) + to_hex(identity.low);
}

std::uint64_t Manifest::schema_hash() const noexcept {
    return hash64(schema_text.data(), schema_text.size());
}

std::string manifest_path(const std::string& directory) {
    return directory + "/manifest";
}

std::string print_manifest(const Manifest& m) {
    PAWL_ASSERT(sensible(m));
    std::string text(first_word);
    const auto line = [&](std::string_view name, const std::string& value) {
        text += name;
        text += ' ';
        text += value;
        text += '\n';
    };
    text += std::to_string(m.format) + "\n";
    line("identity", to_hex(m.identity));
    line("shards", std::to_string(m.shards));
    line("router", to_hex(m.router_hash));
    line("random_seed", to_hex(m.random_seed));
    line("segment_bytes", std::to_string(m.segment_bytes));
    line("head_bytes", std::to_string(m.head_bytes));
    line("inflight_bytes_max", std::to_string(m.inflight_bytes_max));
    line("session_window", std::to_string(m.session_window));
    line("heads", m.heads);
    line("parent", "none");
    line("schema_hash", to_hex(m.schema_hash()));
    line("schema_bytes", std::to_string(m.schema_text.size()));
    text += m.schema_text + "\n";
    for (const auto& begin : m.epochs) {
        std::string value = std::to_string(begin.epoch);
        for (const auto position : begin.positions)
            value.append(1, ' ').append(std::to_string(position.value));
        line("epoch", value);
    }
    for (const auto& mark : m.clean)
        line("clean", std::to_string(mark.position.value) + " " + std::to_string(mark.checksum));
    for (std::uint32_t shard = 0; shard < m.kept.size(); ++shard)
        if (m.kept[shard].segment_index > 1)
            line("kept", std::to_string(shard) + " " + std::to_string(m.kept[shard].segment_index) +
                             " " + std::to_string(m.kept[shard].position.value));
    line("checksum", to_hex(hash64(text.data(), text.size())));
    return text;
}

Result<Manifest> parse_manifest(std::string_view text, std::string_view path) {
    if (text.substr(0, first_word.size()) != first_word)
        return damaged(path, "it does not begin with '" + std::string(first_word) + "'");
    constexpr std::string_view name = "\nchecksum ";
    const auto at = text.rfind(name);
    if (at == std::string_view::npos || text.size() != at + name.size() + 17 || text.back() != '\n')
        return damaged(path, "it is cut short: its last line is not a checksum");
    const auto content = text.substr(0, at + 1);
    // As text: the same number in other letters is another file than the one that was written.
    if (text.substr(at + name.size(), 16) != to_hex(hash64(content.data(), content.size())))
        return damaged(path, "its checksum does not match its content");

    Manifest m;
    Lines lines(content);
    lines.number("pawl-manifest", m.format);
    if (lines.wrong().empty() && m.format != format_version)
        return Error{ErrorCode::mismatch,
                     std::string(path) + ": format " + std::to_string(m.format) +
                         " here, this program reads format " + std::to_string(format_version) +
                         ": use the release that wrote it"};
    if (!parse_identity(lines.value("identity"), m.identity)) lines.refuse("identity");
    lines.number("shards", m.shards);
    lines.number("router", m.router_hash, 16);
    lines.number("random_seed", m.random_seed, 16);
    lines.number("segment_bytes", m.segment_bytes);
    lines.number("head_bytes", m.head_bytes);
    lines.number("inflight_bytes_max", m.inflight_bytes_max);
    lines.number("session_window", m.session_window);
    m.heads = lines.value("heads");
    if (lines.value("parent") != "none") lines.refuse("parent");
    std::uint64_t schema_hash = 0;
    std::size_t schema_bytes = 0;
    lines.number("schema_hash", schema_hash, 16);
    lines.number("schema_bytes", schema_bytes);
    m.schema_text = lines.raw(schema_bytes);
    if (m.schema_hash() != schema_hash) lines.refuse("schema");
    while (lines.wrong().empty() && lines.next_is("epoch ")) {
        auto value = lines.value("epoch");
        const auto space = value.find(' ');
        EpochBegin begin;
        if (space == std::string_view::npos || !parse_number(value.substr(0, space), begin.epoch))
            lines.refuse("epoch");
        else
            parse_positions(lines, value.substr(space + 1), begin);
        m.epochs.push_back(std::move(begin));
    }
    while (lines.wrong().empty() && lines.next_is("clean ")) {
        const auto value = lines.value("clean");
        const auto space = value.find(' ');
        CleanMark mark;
        if (space == std::string_view::npos ||
            !parse_number(value.substr(0, space), mark.position.value) ||
            !parse_number(value.substr(space + 1), mark.checksum))
            lines.refuse("clean");
        m.clean.push_back(mark);
    }
    parse_kept(lines, m);
    if (!lines.wrong().empty()) return damaged(path, "line '" + lines.wrong() + "' is not right");
    if (!lines.at_end() || !sensible(m)) return damaged(path, "its values contradict each other");
    return m;
}

Status write_manifest(Storage& storage, const std::string& directory, const Manifest& manifest) {
    const std::string path = manifest_path(directory);
    const std::string temporary = path + ".new";
    const std::string text = print_manifest(manifest);
    static_cast<void>(storage.remove(temporary));  // left by a crash
    std::unique_ptr<File> file;
    auto status = storage.open(temporary, OpenMode::create, file);
    if (status.ok()) status = file->write_at(0, std::as_bytes(std::span(text.data(), text.size())));
    if (status.ok()) status = file->sync();
    file.reset();
    if (!status.ok()) return storage_error(status, "write the manifest", temporary);
    status = storage.rename(temporary, path);
    if (status.ok()) status = storage.sync_directory(directory);
    if (!status.ok()) return storage_error(status, "replace the manifest", path);
    return Done{};
}

Result<Manifest> read_manifest(Storage& storage, const std::string& directory) {
    const std::string path = manifest_path(directory);
    std::string text;
    const auto status = read_whole(storage, path, text);
    if (!status.ok()) return storage_error(status, "read the manifest", path);
    return parse_manifest(text, path);
}

}  // namespace pawl::journal
