// Any bytes as any input format: never a crash, and what is read makes sense. Knows the readers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/input/generated_day.hpp"
#include "cli/input/readers.hpp"

namespace pawl::cli {
namespace {

enum class Choice : std::uint8_t { sse, csv, lobster, lobster_with_seed, itch };
constexpr std::uint8_t choice_count = 5;
// Compressed input can hold far more than a fuzzer should wait for.
constexpr std::size_t instructions_max = 20'000;

struct Outcome {
    std::vector<Instruction> instructions;
    std::string sentence;
};

NamedBytes in_memory(std::string bytes, std::size_t piece_bytes) {
    auto source = bytes_from_memory("input", std::move(bytes), piece_bytes);
    PAWL_ASSERT(source.ok());
    return {"input", std::move(source).value()};
}

struct Files {
    std::string messages;
    std::string seed;  // only for lobster_with_seed
};

// The seed is the first line, the messages are the rest.
Files files_of(Choice choice, std::string bytes) {
    if (choice != Choice::lobster_with_seed) return {std::move(bytes), ""};
    const std::size_t end = bytes.find('\n');
    if (end == std::string::npos) return {"", std::move(bytes)};
    return {bytes.substr(end + 1), bytes.substr(0, end)};
}

bool is_compressed(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd");
}

Result<std::unique_ptr<InstructionSource>> open(Choice choice, const Files& files,
                                                std::size_t piece_bytes) {
    NamedBytes messages = in_memory(files.messages, piece_bytes);
    switch (choice) {
        case Choice::sse:
            return sse_reader(std::move(messages));
        case Choice::csv:
            return csv_reader(std::move(messages));
        case Choice::lobster:
            return lobster_reader(std::move(messages));
        case Choice::itch:
            return itch_reader(std::move(messages));
        case Choice::lobster_with_seed:
            break;
    }
    return lobster_reader(std::move(messages), in_memory(files.seed, piece_bytes));
}

void check(Choice choice, const Instruction& one) {
    using Kind = Instruction::Kind;
    PAWL_ASSERT(one.side == 'B' || one.side == 'S' || one.side == '-');
    PAWL_ASSERT(one.price >= 0 && one.quantity >= 0 && one.time_ns >= 0);
    const bool is_order = one.kind == Kind::add || one.kind == Kind::follow_add;
    if (is_order) PAWL_ASSERT(one.side != '-' && one.price > 0 && one.quantity > 0);
    if (choice == Choice::sse && one.kind == Kind::add) PAWL_ASSERT(one.price % 100 == 0);
    if (one.kind == Kind::follow_execute || one.kind == Kind::follow_replace) {
        PAWL_ASSERT(one.side != '-' && one.quantity > 0);
    }
}

Outcome read(Choice choice, const Files& files, std::size_t piece_bytes) {
    Outcome outcome;
    auto source = open(choice, files, piece_bytes);
    if (!source.ok()) {
        outcome.sentence = source.error().sentence;
        PAWL_ASSERT(!outcome.sentence.empty());
        return outcome;
    }
    while (outcome.instructions.size() < instructions_max) {
        Instruction one;
        const auto got = source.value()->next(one);
        if (!got.ok()) {
            outcome.sentence = got.error().sentence;
            PAWL_ASSERT(!outcome.sentence.empty());
            return outcome;
        }
        if (!got.value()) return outcome;
        check(choice, one);
        outcome.instructions.push_back(one);
    }
    return outcome;
}

class Replayed final : public InstructionSource {
public:
    explicit Replayed(const std::vector<Instruction>& all) : all_(all) {}
    Result<bool> next(Instruction& out) override {
        if (given_ == all_.size()) return false;
        out = all_[given_++];
        return true;
    }
    Progress progress() const override { return {given_, all_.size()}; }

private:
    const std::vector<Instruction>& all_;
    std::size_t given_ = 0;
};

// What was read, written and read again is the same but for its lines.
void check_round_trip(std::vector<Instruction> all) {
    Replayed source(all);
    std::ostringstream text;
    PAWL_ASSERT(write_csv(source, text).ok());
    Outcome again = read(Choice::csv, {text.str(), ""}, 1U << 18U);
    PAWL_ASSERT(again.sentence.empty());
    for (Instruction& one : all) one.line = 0;
    for (Instruction& one : again.instructions) one.line = 0;
    PAWL_ASSERT(again.instructions == all);
}

void check_one_begins_the_other(const std::vector<Instruction>& a,
                                const std::vector<Instruction>& b) {
    const auto common = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
    PAWL_ASSERT(std::equal(a.begin(), a.begin() + common, b.begin()));
}

}  // namespace
}  // namespace pawl::cli

// The first byte chooses the format and how the bytes are cut into pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pawl::cli;
    if (size == 0) return 0;
    const auto choice = static_cast<Choice>(data[0] % choice_count);
    const std::size_t piece_bytes = 1 + data[0] / choice_count;
    const Files files = files_of(choice, {reinterpret_cast<const char*>(data) + 1, size - 1});
    const Outcome cut = read(choice, files, piece_bytes);
    const Outcome whole = read(choice, files, 1U << 18U);
    if (is_compressed(files.messages) || is_compressed(files.seed)) {
        // How much a decoder gives out before it tells of damage depends on how it is fed.
        check_one_begins_the_other(cut.instructions, whole.instructions);
    } else {
        PAWL_ASSERT(cut.instructions == whole.instructions);
        PAWL_ASSERT(cut.sentence == whole.sentence);
    }
    if (choice == Choice::sse || choice == Choice::csv) check_round_trip(whole.instructions);
    return 0;
}
