// Names to readers. The only place where a format's word meets its reader.
#include "cli/input/open_input.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/input/byte_source.hpp"
#include "cli/input/merge.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli {

namespace {

struct FormatWord {
    std::string_view word;
    Format format;
};
constexpr std::array<FormatWord, 4> format_words{{{"sse", Format::sse},
                                                  {"lobster", Format::lobster},
                                                  {"itch", Format::itch},
                                                  {"csv", Format::csv}}};

Result<NamedBytes> open_named(const std::string& file) {
    auto bytes = open_bytes(file);
    if (!bytes.ok()) return bytes.error();
    return NamedBytes{spoken_name(file), std::move(bytes).value()};
}

Result<std::unique_ptr<InstructionSource>> open_one(const InputOptions& options,
                                                    const std::string& file) {
    auto input = open_named(file);
    if (!input.ok()) return input.error();
    switch (options.format) {
        case Format::sse:
            return sse_reader(std::move(input).value());
        case Format::itch:
            return itch_reader(std::move(input).value(),
                               {.one_instrument = options.files.size() > 1});
        case Format::csv:
            return csv_reader(std::move(input).value(),
                              {.one_instrument = options.files.size() > 1});
        case Format::lobster:
            break;
    }
    if (options.seed.empty()) return lobster_reader(std::move(input).value());
    auto seed = open_named(options.seed);
    if (!seed.ok()) return seed.error();
    return lobster_reader(std::move(input).value(), std::move(seed).value());
}

Error usage(std::string sentence) {
    return {ErrorCode::usage, std::move(sentence)};
}

Status check(const InputOptions& options) {
    if (options.files.empty())
        return usage("no input: name at least one file, or - for standard input");
    int standard_input_count = options.seed == "-" ? 1 : 0;
    for (const std::string& file : options.files) standard_input_count += file == "-" ? 1 : 0;
    if (standard_input_count > 1) return usage("standard input (-) can be read only once");
    if (options.seed.empty()) return Done{};
    if (options.format != Format::lobster) return usage("a seed is for the format lobster only");
    if (options.files.size() > 1) {
        return usage(fmt::format("one seed for {} files: name one file", options.files.size()));
    }
    return Done{};
}

}  // namespace

Result<Format> format_from(std::string_view word) {
    for (const FormatWord& entry : format_words) {
        if (entry.word == word) return entry.format;
    }
    return usage(fmt::format("format '{}': expected sse, lobster, itch or csv", word));
}

Result<std::unique_ptr<InstructionSource>> open_input(const InputOptions& options) {
    if (const auto checked = check(options); !checked.ok()) return checked.error();
    std::vector<std::unique_ptr<InstructionSource>> sources;
    for (const std::string& file : options.files) {
        auto one = open_one(options, file);
        if (!one.ok()) return one.error();
        sources.push_back(std::move(one).value());
    }
    if (sources.size() == 1) return std::move(sources.front());
    return merge(std::move(sources));
}

std::string file_stem(std::string_view file) {
    if (file == "-") return "stdin";
    if (const std::size_t slash = file.rfind('/'); slash != std::string_view::npos) {
        file.remove_prefix(slash + 1);
    }
    constexpr std::array<std::string_view, 2> compressions{".gz", ".zst"};
    constexpr std::array<std::string_view, 4> formats{".csv", ".txt", ".itch50", ".itch"};
    for (const std::string_view end : compressions) {
        if (file.size() > end.size() && file.ends_with(end)) file.remove_suffix(end.size());
    }
    for (const std::string_view end : formats) {
        if (file.size() > end.size() && file.ends_with(end)) file.remove_suffix(end.size());
    }
    return std::string(file);
}

}  // namespace pawl::cli
