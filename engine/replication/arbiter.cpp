// Words for the arbiter's answers.
#include "engine/replication/arbiter.hpp"

namespace pawl::replication {

const char* to_string(ArbiterAnswer::Kind kind) noexcept {
    switch (kind) {
        case ArbiterAnswer::Kind::found:
            return "found";
        case ArbiterAnswer::Kind::absent:
            return "absent";
        case ArbiterAnswer::Kind::swapped:
            return "swapped";
        case ArbiterAnswer::Kind::conflict:
            return "conflict";
        case ArbiterAnswer::Kind::refused:
            return "refused";
        case ArbiterAnswer::Kind::unknown:
            return "unknown";
    }
    return "?";
}

}  // namespace pawl::replication
