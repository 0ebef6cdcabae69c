// One line for each kind of arbiter.
#include "engine/replication/open_arbiter.hpp"

#include <utility>
#include <variant>

#include "engine/replication/arbiter_address.hpp"
#include "engine/replication/etcd_arbiter.hpp"
#include "engine/replication/file_arbiter.hpp"

namespace pawl::replication {
namespace {

template <class Kind>
Result<std::unique_ptr<Arbiter>> as_arbiter(Result<std::unique_ptr<Kind>> opened) {
    if (!opened.ok()) return opened.error();
    return std::unique_ptr<Arbiter>(std::move(opened).value());
}

}  // namespace

Result<std::unique_ptr<Arbiter>> open_arbiter(std::string_view address,
                                              const ArbiterOptions& options,
                                              journal::Storage& storage) {
    auto parsed = parse_arbiter_address(address);
    if (!parsed.ok()) return parsed.error();
    if (const auto* const file = std::get_if<FileAddress>(&parsed.value()))
        return as_arbiter(FileArbiter::open(storage, file->folder, options));
    return as_arbiter(EtcdArbiter::open(*std::get_if<EtcdAddress>(&parsed.value()), options));
}

}  // namespace pawl::replication
