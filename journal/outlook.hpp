// A look ahead along records in memory, for a sink that can prepare. Knows records; not where they
// come from.
#pragma once

#include <cstddef>
#include <cstdint>

#include "journal/recovery.hpp"
#include "pawl/detail/record.hpp"

namespace pawl::journal {

// Tells the sink of the records of one run some way ahead: what they will touch can be fetched.
// Nothing is believed of them yet.
class Outlook {
public:
    Outlook(RecordSink& sink, const std::byte* begin, std::uint64_t bytes) noexcept
        : sink_(sink), at_(begin), end_(begin + bytes) {
        for (int i = 0; i < records_ahead; ++i) look_on();
    }
    void look_on() noexcept {
        const auto left = static_cast<std::size_t>(end_ - at_);
        if (left < sizeof(detail::RecordHeader)) return;
        const detail::RecordView record(at_);
        if (record.length() < sizeof(detail::RecordHeader) || record.length() > left ||
            record.length() % detail::record_alignment != 0)
            return;
        sink_.on_expected(record);
        at_ += record.length();
    }

private:
    static constexpr int records_ahead = 16;
    RecordSink& sink_;
    const std::byte* at_;
    const std::byte* const end_;
};

}  // namespace pawl::journal
