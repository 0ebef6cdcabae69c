// The ways in which a connection ends, as words.
#include "engine/replication/link.hpp"

namespace pawl::replication {

const char* to_string(LinkEnd end) noexcept {
    switch (end) {
        case LinkEnd::none:
            return "none";
        case LinkEnd::by_us:
            return "by us";
        case LinkEnd::by_peer:
            return "by peer";
        case LinkEnd::cut_short:
            return "cut short";
        case LinkEnd::reset:
            return "reset";
        case LinkEnd::silent:
            return "silent";
        case LinkEnd::unreachable:
            return "unreachable";
        case LinkEnd::failed:
            return "failed";
        case LinkEnd::foreign:
            return "foreign";
        case LinkEnd::damaged:
            return "damaged";
        case LinkEnd::oversize:
            return "oversize";
        case LinkEnd::out_of_order:
            return "out of order";
        case LinkEnd::unexpected:
            return "unexpected";
        case LinkEnd::count_of_ends:
            break;
    }
    return "unknown";
}

}  // namespace pawl::replication
