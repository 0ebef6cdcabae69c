// What a replay's templates call and the runtime defines. Knows handles only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pawl/detail/core.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/result.hpp"
#include "pawl/until.hpp"

namespace pawl {

struct ReplayOptions {
    std::string directory{};  // read only: it may be open elsewhere, killed, or a copy
    Until until = Until::end();
    bool snapshots = true;  // begin at the newest ones before the cut; false: at the first record
};

namespace detail {

// One thread at a time.
class ReplayCore {
public:
    virtual ~ReplayCore() = default;
    virtual std::uint32_t shard_count() const noexcept = 0;
    virtual Machine& machine(std::uint32_t shard) noexcept = 0;
    // Applies the next record of all shards, in order of journal time; it lives until the next
    // call. false: there is none.
    virtual Result<bool> step(StreamRecord& record) = 0;
    virtual Status advance(const Until& until) = 0;
    // Every record of a shard that is kept and applied, in order.
    virtual Status scan(std::uint32_t shard,
                        const std::function<void(const StreamRecord&)>& visit) = 0;
    virtual std::vector<Position> positions() const = 0;
    virtual std::uint64_t records() const noexcept = 0;
    virtual Time time() const noexcept = 0;
    virtual const std::vector<std::string>& sentences() const noexcept = 0;
};

Result<std::unique_ptr<ReplayCore>> open_replay(const ReplayOptions& options, Domain domain);

}  // namespace detail
}  // namespace pawl
