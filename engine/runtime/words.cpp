// The readable words for enumerators, session ids, and how an assertion ends the program.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "pawl/archive.hpp"
#include "pawl/detail/assert.hpp"
#include "pawl/options.hpp"
#include "pawl/role.hpp"
#include "pawl/types.hpp"
#include "pawl/verdict.hpp"

namespace pawl {

namespace detail {
void assertion_failed(const char* what, const char* file, int line) noexcept {
    std::fprintf(stderr, "pawl: assertion failed: %s at %s:%d\n", what, file, line);
    std::abort();
}
}  // namespace detail

const char* to_string(Durability durability) noexcept {
    switch (durability) {
        case Durability::decided:
            return "decided";
        case Durability::journaled:
            return "journaled";
        case Durability::synced:
            return "synced";
        case Durability::replicated:
            return "replicated";
        case Durability::replicated_synced:
            return "replicated_synced";
    }
    return "unknown durability";
}

const char* to_string(Offer offer) noexcept {
    switch (offer) {
        case Offer::accepted:
            return "accepted";
        case Offer::back_pressured:
            return "back_pressured";
        case Offer::not_primary:
            return "not_primary";
        case Offer::closed:
            return "closed";
        case Offer::disk_full:
            return "disk_full";
        case Offer::malformed:
            return "malformed";
        case Offer::unavailable:
            return "unavailable";
    }
    return "unknown offer";
}

const char* to_string(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::accepted:
            return "accepted";
        case Outcome::rejected:
            return "rejected";
        case Outcome::refused:
            return "refused";
    }
    return "unknown outcome";
}

const char* to_string(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::version_conflict:
            return "version_conflict";
        case Refusal::decision_threw:
            return "decision_threw";
        case Refusal::record_too_large:
            return "record_too_large";
        case Refusal::foreign_shard:
            return "foreign_shard";
        case Refusal::number_forgotten:
            return "number_forgotten";
        case Refusal::too_many_sessions:
            return "too_many_sessions";
        case Refusal::unknown_command:
            return "unknown_command";
        case Refusal::closed:
            return "closed";
        case Refusal::disk_full:
            return "disk_full";
        case Refusal::malformed:
            return "malformed";
        case Refusal::back_pressured:
            return "back_pressured";
        case Refusal::engine_failed:
            return "engine_failed";
        case Refusal::foreign_type:
            return "foreign_type";
        case Refusal::unavailable:
            return "unavailable";
        case Refusal::outcome_unknown:
            return "outcome_unknown";
    }
    return "unknown refusal";
}

SessionId session_id(std::string_view name) noexcept {
    if (name.empty()) return SessionId{};
    detail::HashArchive archive;
    archive.bytes(name.data(), name.size());
    const std::uint64_t hash = archive.result();
    return SessionId{hash != 0 ? hash : 1};  // 0 means anonymous
}

const char* to_string(Role role) noexcept {
    switch (role) {
        case Role::waiting:
            return "waiting";
        case Role::learner:
            return "learner";
        case Role::standby:
            return "standby";
        case Role::taking_over:
            return "taking over";
        case Role::opening:
            return "opening";
        case Role::primary:
            return "primary";
        case Role::handing_over:
            return "handing over";
    }
    return "unknown";
}

}  // namespace pawl
