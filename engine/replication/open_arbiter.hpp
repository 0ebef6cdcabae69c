// From an address to an arbiter. Knows which kinds there are.
#pragma once

#include <memory>
#include <string_view>

#include "engine/replication/arbiter.hpp"
#include "engine/replication/arbiter_options.hpp"
#include "journal/storage.hpp"

namespace pawl::replication {

// `storage` is where a file:// lives; it outlives the arbiter. May wait for the name service.
Result<std::unique_ptr<Arbiter>> open_arbiter(std::string_view address,
                                              const ArbiterOptions& options,
                                              journal::Storage& storage);

}  // namespace pawl::replication
