// The small language of the engine's tests: a temporary directory, a small engine, a world of its
// own. Knows the engine's inside.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "engine/platform/clock.hpp"
#include "engine/runtime/engine_core.hpp"
#include "journal/posix_storage.hpp"
#include "pawl/engine.hpp"
#include "tests/unit/engine/domain.hpp"

namespace pawl::testing {

using Bank = Engine<Account, Book>;

// A directory that is gone with the test.
class TempDirectory {
public:
    explicit TempDirectory(const std::filesystem::path& where = ::testing::TempDir()) {
        std::string name = where / "pawl-XXXXXX";
        const char* made = mkdtemp(name.data());
        PAWL_ASSERT(made != nullptr);
        path_ = name;
    }
    ~TempDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// Small enough that heads wrap and segments change within a test.
inline EngineOptions small(const std::string& directory, std::uint32_t shards = 1) {
    EngineOptions options;
    options.directory = directory;
    options.shards = shards;
    options.segment_bytes = 256U << 10;
    options.head_bytes = 256U << 10;
    return options;
}

inline Bank open(const EngineOptions& options) {
    return Bank::open(options).value();
}

// An engine on a storage and a clock of the test's own. Both outlive it.
inline Result<Bank> open_in(const EngineOptions& options, journal::Storage& storage,
                            detail::Clock& clock) {
    auto core =
        detail::EngineCore::open(options, Bank::domain(), detail::Environment{storage, clock});
    if (!core) return core.error();
    return Bank::on(std::move(core).value());
}

inline Reply ask(Bank& bank, Id id, const auto& command, const SubmitOptions& options = {}) {
    return bank.submit(id, command, options, use_future).get();
}

inline std::int64_t balance(Bank& bank, Id id) {
    return bank.query(id, [](const Account& account) { return account.balance; }, use_future).get();
}

inline SubmitOptions as(const std::string& session, std::uint64_t number) {
    SubmitOptions options;
    options.session = session_id(session);
    options.number = CommandNumber{number};
    return options;
}

// Runs `step` until it says true; ends the test when the world stands still for too long. Rented
// disks were seen to stand still for a minute.
template <class Step>
void until(Step&& step) {
    const auto begin = std::chrono::steady_clock::now();
    while (!step()) {
        if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(100)) {
            ADD_FAILURE() << "waited in vain";
            return;
        }
        std::this_thread::yield();
    }
}

}  // namespace pawl::testing
