// Reads an engine's counters from the outside.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <memory>

#include "journal/manifest.hpp"
#include "journal/posix_storage.hpp"
#include "pawl/counters.hpp"

namespace pawl {

Result<std::vector<NamedCounter>> read_counters(const std::string& directory) {
    journal::PosixStorage storage;
    Result<journal::Manifest> manifest = journal::read_manifest(storage, directory);
    if (!manifest) return manifest.error();
    const Error nobody{ErrorCode::io, "counters of " + directory +
                                          ": no engine has it open: start one, then look again"};
    // What a killed engine left in memory is not news.
    std::string holder;
    if (storage.probe_lock(directory + "/lock", holder).ok()) return nobody;
    const std::string path =
        manifest->heads + "/pawl-" + journal::to_hex(manifest->identity) + "-counters";
    std::unique_ptr<journal::SharedRing> memory;
    const auto mapped = storage.map_ring(path, 0, journal::RingMode::look, memory);
    if (mapped.fault == journal::StorageFault::missing) return nobody;
    if (!mapped.ok()) return journal::storage_error(mapped, "map the counters", path);

    auto& header = *reinterpret_cast<detail::CounterHeader*>(memory->ring());
    if (header.magic != detail::CounterHeader{}.magic)
        return Error{ErrorCode::head_foreign,
                     path + ": is not a page of counters: remove it if no engine runs"};
    const std::uint64_t room =
        (memory->capacity_bytes() - sizeof header) / sizeof(detail::CounterCell);
    // acquire: pairs with the release in CounterPage::make: the names are there.
    const std::uint64_t count =
        std::min(std::atomic_ref(header.count).load(std::memory_order_acquire), room);
    std::vector<NamedCounter> counters;
    for (std::uint64_t i = 0; i < count; ++i) {
        auto& cell = *reinterpret_cast<detail::CounterCell*>(memory->ring() + sizeof header +
                                                             i * sizeof(detail::CounterCell));
        const std::size_t length = strnlen(cell.name, sizeof cell.name);
        counters.push_back({std::string(cell.name, length),
                            std::atomic_ref(cell.value).load(std::memory_order_relaxed)});
    }
    return counters;
}

}  // namespace pawl
