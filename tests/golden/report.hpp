// How a golden journal is opened, and what its engine shows. Knows the public headers only.
#pragma once

#include <cinttypes>
#include <cstdio>
#include <string>

#include "pawl/engine.hpp"
#include "tests/golden/ledger.hpp"

namespace pawl::golden {

using Book = Engine<Ledger, Vault>;

inline EngineOptions options_of(const std::string& directory) {
    EngineOptions options;
    options.directory = directory;
    options.shards = 2;
    options.segment_bytes = 64U << 10;
    options.head_bytes = 64U << 10;
    options.record_bytes_max = 8192;
    options.heads = "heads";  // below the present folder, so that it can be kept beside
    return options;
}

// Every state as text.
inline std::string report(Book& book) {
    char line[128];
    std::string text;
    const auto add = [&](int bytes) { text.append(line, static_cast<std::size_t>(bytes)); };
    add(std::snprintf(line, sizeof line, "state_hash %016" PRIx64 "\naggregates %" PRIu64 "\n",
                      book.state_hash(), book.aggregate_count()));
    for (Id id = 1; id <= 16; ++id) {
        const auto ask = [](const Ledger& ledger) { return ledger; };
        const Ledger state = book.query(id, ask, use_future).get();
        add(std::snprintf(line, sizeof line,
                          "ledger %" PRIu64 " %" PRId64 " %016" PRIx64 " %" PRIu64 "\n", id,
                          state.balance, state.chance, state.notes));
    }
    for (Id id = 1; id <= 4; ++id) {
        const auto ask = [](const Vault& vault) { return vault; };
        const Vault state = book.query(id, ask, use_future).get();
        add(std::snprintf(line, sizeof line, "vault %" PRIu64 " %" PRId64 " %" PRId64 "\n", id,
                          state.open, state.sum));
    }
    return text;
}

}  // namespace pawl::golden
