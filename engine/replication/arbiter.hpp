// The third party that decides who is primary, as a node sees it: one key, read and swapped. Knows
// questions and answers; not what keeps the key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/replication/reign.hpp"

namespace pawl::replication {

struct ArbiterAnswer {
    enum class Kind : std::uint8_t {
        found,     // read: the value and its revision
        absent,    // read: there is no key
        swapped,   // swap: done; `reign` is what was wanted, `revision` its own
        conflict,  // swap: not done, and it never will be; `reign` is what is there (nothing: no
                   // key) under `revision`
        refused,   // not done, and it never will be; asking again is useless until somebody has
                   // done what `why` says
        unknown,   // read: nothing learnt. swap: it may have happened, may not have, and MAY STILL
                   // HAPPEN LATER
    };
    Kind kind = Kind::unknown;
    std::optional<Reign> reign;
    std::uint64_t revision = 0;  // never 0 where there is a key
    std::string why;             // a sentence, for refused and unknown
};

const char* to_string(ArbiterAnswer::Kind kind) noexcept;

// One node's way to the one key. One thread. At most one request is under way; its one answer comes
// out of do_work. Destroying it while busy() leaves a swap as `unknown` does.
//
// A revision names one value for good: it grows with each swap and none comes twice. Reads are
// linearizable: what is found was there at some moment between read() and the answer.
//
// After `unknown` to a swap a read that still finds the expected revision proves nothing, since the
// swap may be on its way. Only another revision settles it: whoever must be sure swaps again from
// the same expected revision. At most one of the two can ever happen.
class Arbiter {
public:
    virtual ~Arbiter() = default;

    virtual void read() = 0;
    // Replaces the value if its revision is still the expected one; 0: if there is no key yet.
    virtual void compare_and_swap(std::uint64_t expected_revision, const Reign& wanted) = 0;
    virtual bool busy() const noexcept = 0;
    // Never waits for another machine. `now_ns` is monotonic; time-outs begin with the first call
    // after the request.
    virtual std::optional<ArbiterAnswer> do_work(std::int64_t now_ns) = 0;

    // For sentences: "etcd://127.0.0.1:2379/books", "file:///var/lib/books/arbiter".
    virtual const std::string& address() const noexcept = 0;
};

}  // namespace pawl::replication
