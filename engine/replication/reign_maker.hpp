// The one door through which a Reign comes into being, so that an illegal one cannot. Private to
// reign*.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/replication/reign.hpp"

namespace pawl::replication {

class ReignMaker {
public:
    // Sorts the set. The parts are legal: asserted, not judged.
    static Reign make(std::uint64_t epoch, NodeBoot primary, std::vector<std::string> in_sync);
};

}  // namespace pawl::replication
