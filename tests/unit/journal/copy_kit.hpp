// The language of copies: a second life that adopts the first one's identity and takes its records.
#pragma once

#include "journal/adopt.hpp"
#include "journal/cut.hpp"
#include "journal/incoming_snapshot.hpp"
#include "journal/stream_appender.hpp"
#include "kit.hpp"

namespace pawl::journal::testing {

// Entries [first, last) of a history as one run.
struct Piece {
    Piece(const History& history, std::size_t first, std::size_t last, std::uint32_t seed) {
        position = history.at(first).position;
        checksum_before =
            first == 0 ? seed
                       : detail::RecordView(history[first - 1].bytes.data()).header().checksum;
        for (std::size_t i = first; i < last; ++i)
            bytes.insert(bytes.end(), history[i].bytes.begin(), history[i].bytes.end());
    }
    StreamRun stream(std::uint64_t epoch = ~std::uint64_t{0}) const {
        return {position, checksum_before, bytes, epoch};
    }
    Position position;
    std::uint32_t checksum_before = 0;
    std::vector<std::byte> bytes;
};

inline std::uint32_t seed_of(const Life& life) {
    return chain_seed(const_cast<Life&>(life).directory().manifest().identity, 0);
}

// The body of a snapshot of `from` is given to `to`, as a peer would.
inline Status take_snapshot(Life& from, Life& to, const std::string& path) {
    const Identity identity = from.directory().manifest().identity;
    auto reader = SnapshotReader::open(from.storage, path, identity, 0);
    if (!reader.ok()) return reader.error();
    auto incoming =
        IncomingSnapshot::create(to.storage, {to.options().path, 0, identity}, (*reader)->facts());
    if (!incoming.ok()) return incoming.error();
    StreamHash128 hash;
    std::vector<std::byte> piece;
    while ((*reader)->left() != 0) {
        piece.resize(std::min<std::uint64_t>((*reader)->left(), 5000));
        if (auto status = (*reader)->read(piece); !status.ok()) return status;
        hash.add(piece.data(), piece.size());
        if (auto status = (*incoming)->write(piece); !status.ok()) return status;
    }
    return (*incoming)->finish(hash.value());
}

inline Status adopt(Life& from, Life& to, Position begin) {
    AdoptOptions options;
    options.path = to.options().path;
    options.origin = origin_of(from.directory().manifest());
    options.heads = to.options().heads;
    options.inflight_bytes_max = to.options().inflight_bytes_max;
    options.begins = {begin};
    return adopt_directory(to.storage, options);
}

// Everything that `from` has from the end of `to` on, synced now and then.
inline bool follow(const Life& from, Life& to, std::size_t run_records = 7) {
    StreamAppender appender(to.directory(), 0);
    std::size_t next = 0;
    while (next < from.written.size() && from.written[next].position < appender.end()) ++next;
    while (next < from.written.size()) {
        const std::size_t last = std::min(next + run_records, from.written.size());
        const Piece run(from.written, next, last, seed_of(from));
        if (!appender.offer(run.stream()).ok()) return false;
        while (appender.waiting_bytes() != 0)
            if (appender.take_some() == 0 && !to.journaler().drain(0).ok()) return false;
        next = last;
    }
    return true;
}

}  // namespace pawl::journal::testing
