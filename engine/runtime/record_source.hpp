// One shard's records, one after the other, from segments and then from the head. Knows bytes and
// positions; not what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/block.hpp"
#include "journal/inspect.hpp"
#include "journal/storage.hpp"
#include "pawl/result.hpp"
#include "pawl/types.hpp"

namespace pawl::detail {

// Reads only, beside whoever holds the directory. One thread. `storage` and `looked` outlive it.
class RecordSource {
public:
    // Sees what was committed when it was made.
    RecordSource(journal::Storage& storage, const journal::Looked& looked, std::uint32_t shard);

    // Empty: the segments before it are what it says; else the reason why they are not.
    Result<std::string> place_fault(const journal::WalkFrom& from) const {
        return journal::place_fault(storage_, walk_, from);
    }
    // Begins here instead of at the first record. Before the first peek().
    void begin_at(const journal::WalkFrom& from);
    // The next record; null: nothing is left. Lives until the next peek() after pop(). An error:
    // what was durable cannot be read.
    Result<const std::byte*> peek();
    void pop() noexcept;
    // Of the record that peek() gives, or the end.
    Position position() const noexcept { return position_; }

private:
    Status fill();
    Status fill_from_segments();
    Status begin_at_first_kept();
    Status fill_from_head();
    bool copy_from_head(Position end);
    void look_at_head();
    Error damaged(const std::string& why) const;

    journal::Storage& storage_;
    const journal::Looked& looked_;
    const std::uint32_t shard_;
    journal::WalkOptions walk_;
    std::unique_ptr<journal::SegmentWalk> slices_;  // stands at walk_.from, while it goes well
    journal::HeadRemains head_;
    bool head_current_ = false;
    bool segments_done_ = false;
    Position end_{~std::uint64_t{0}};  // of a live directory: what was committed at the beginning
    Position durable_;                 // up to here it must be readable
    Position position_;
    Position next_;               // behind records_
    journal::RecordPoint point_;  // the chain there
    std::vector<std::byte> records_;
    std::size_t used_ = 0;
};

}  // namespace pawl::detail
