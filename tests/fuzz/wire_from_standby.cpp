// Arbitrary bytes as what comes from a standby: frames, greeting, messages. Never a crash, nothing
// that is accepted without being looked at whole.
#include "wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pawl::replication;
    fuzz::listen_to(Side::called, std::as_bytes(std::span(data, size)));
    return 0;
}
