// Encodes, decodes and checks messages. Knows bytes and ranges; not sockets, not records.
#include "engine/replication/protocol.hpp"

namespace pawl::replication {

const char* to_string(MessageType type) noexcept {
    switch (type) {
        case MessageType::hello:
            return "hello";
    }
    return "unknown";
}

}  // namespace pawl::replication
