// The arbiter's one value: who writes, in which epoch, and who could take over without a loss.
// Knows which value may follow which; not where it is kept, no time, no connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/replication/node_name.hpp"
#include "pawl/result.hpp"

namespace pawl::replication {

inline constexpr std::size_t in_sync_max = 16;             // nodes
inline constexpr std::size_t reign_text_bytes_max = 2048;  // a whole text is never longer

// 1 to 64 letters, digits, '.', '-' and '_', the first a letter or digit: a word that needs no
// quoting anywhere.
bool is_node_name(std::string_view name) noexcept;

// One life of one node. The boot is a random number of this process; 0 is none.
struct NodeBoot {
    std::string node;
    std::uint64_t boot = 0;
    friend bool operator==(const NodeBoot&, const NodeBoot&) = default;
};

// A value that is legal in itself: epoch at least 1, names that are names, the primary one of the
// in-sync set. There is no other way to get one than parse_reign() and the steps below. Copies.
class Reign {
public:
    std::uint64_t epoch() const noexcept { return epoch_; }
    const NodeBoot& primary() const noexcept { return primary_; }
    // Sorted, each once: those that hold everything that was ever acknowledged as replicated.
    const std::vector<std::string>& in_sync() const noexcept { return in_sync_; }
    bool is_in_sync(std::string_view node) const noexcept;

    friend bool operator==(const Reign&, const Reign&) = default;

private:
    friend class ReignMaker;
    Reign() = default;

    std::uint64_t epoch_ = 0;
    NodeBoot primary_;
    std::vector<std::string> in_sync_;
};

// What the arbiter has said, and when in the life of its key.
struct KnownReign {
    Reign reign;
    std::uint64_t revision = 0;
};

// ---- text: one line of JSON without a line end, always the same for the same value
//   {"reign":1,"epoch":3,"primary":"a","boot":"00000000000000ff","in_sync":["a","b"]}

std::string print_reign(const Reign& reign);
// Takes only what print_reign() writes, byte for byte. Anything else is an error of kind `damaged`
// (or `mismatch`: a later version) whose sentence begins with `where`; never a crash.
Result<Reign> parse_reign(std::string_view text, std::string_view where);

// ---- steps: the value that may follow, or the reason (of kind `mismatch`) why this one may not.
// What they cannot see is what each node holds: that is said below, and is the caller's to keep.

// Where there was no value. `epoch_seen` is the highest epoch in self's own journal, so that no
// epoch comes twice. Only a node that knows that no other has acknowledged anything may do this.
Result<Reign> first(const NodeBoot& self, std::uint64_t epoch_seen);

// A member of the in-sync set becomes primary of the next epoch, alone in the set: the others come
// back as learners. Also the way of a primary that was started again (its boot is another). The
// caller has stopped acknowledging the old epoch before, and holds all that it ever acknowledged.
Result<Reign> take_over(const Reign& now, const NodeBoot& self);

// An operator accepts that what the set's members had is gone: any node may do this. Who comes back
// sets its tail aside.
Result<Reign> take_over_at_a_loss(const Reign& now, const NodeBoot& self);

// The primary goes on without `standby`, and counts on the others' acknowledgements alone only
// after this is in the arbiter. The epoch stays.
Result<Reign> remove_standby(const Reign& now, const NodeBoot& by, std::string_view standby);

// The primary alone does this, and requires the standby's acknowledgements before it tries.
Result<Reign> add_standby(const Reign& now, const NodeBoot& by, std::string_view standby);

// A planned switchover: the primary names its successor, who has caught up and gets the rest. The
// old primary stays in the set and steps down, and the successor requires its acknowledgements; or
// it leaves the set, so that nobody waits for it.
enum class OldPrimary : std::uint8_t { leaves, stays };
Result<Reign> hand_over(const Reign& now, const NodeBoot& by, const NodeBoot& to, OldPrimary old);

// Whether `read` can be what became of `known` by any number of steps. If not, the arbiter's memory
// went back (an old copy was restored), and nobody's role may be founded on it.
Status may_follow(const Reign& known, const Reign& read);

// For people: "epoch 3, primary a (boot 00000000000000ff), in sync: a b".
std::string describe(const Reign& reign);

}  // namespace pawl::replication
