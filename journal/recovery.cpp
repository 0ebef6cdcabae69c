// Words for what recovery found, and the sink that takes no snapshot.
#include "journal/recovery.hpp"

namespace pawl::journal {

Status RecordSink::on_snapshot(SnapshotReader&) {
    return Error{ErrorCode::mismatch, "this reader takes records only"};
}

void RecordSink::on_records(std::span<const std::byte> records, Position first) {
    for (std::size_t at = 0; at < records.size();) {
        const detail::RecordView record(records.data() + at);
        on_record(record, Position{first.value + at});
        at += record.length();
    }
}

const char* to_string(HeadFound found) noexcept {
    switch (found) {
        case HeadFound::not_needed:
            return "not_needed";
        case HeadFound::used:
            return "used";
        case HeadFound::absent:
            return "absent";
        case HeadFound::stale:
            return "stale";
        case HeadFound::foreign:
            return "foreign";
        case HeadFound::damaged:
            return "damaged";
    }
    return "unknown";
}

}  // namespace pawl::journal
