// What an open directory is made of. Private to directory*.cpp.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "journal/directory.hpp"

namespace pawl::journal {

struct Directory::Parts {
    struct Shard {
        ShardEnd end;
        std::unique_ptr<Head> head;
        std::unique_ptr<SegmentPreparer> preparer;
        std::unique_ptr<BlockWriter> writer;
        std::unique_ptr<Journaler> journaler;
    };

    Parts(Storage& s, const DirectoryOptions& o) : storage(s), options(o) {}

    Status lock_it();
    Status finish_changes();
    Status load_or_create();
    Status create();
    Status recover(const SinkOf& sinks);
    void make_head_memories();
    Result<std::unique_ptr<Head>> make_head(std::uint32_t shard);
    Status begin_epoch();
    Status declare_kept(std::uint32_t shard, const Kept& kept);

    Storage& storage;
    DirectoryOptions options;
    bool new_folder = false;  // there was no such directory before
    std::unique_ptr<FileLock> lock;
    mutable std::mutex
        manifest_mutex;  // guards manifest.kept and the file, from opening to close()
    Manifest manifest;
    RecoveryReport report;
    std::vector<Shard> shards;
    std::vector<HeadMemory>
        head_memories;  // made meanwhile: of the first shards, until begin_epoch
};

}  // namespace pawl::journal
