// Which records somebody asked for. Knows the conditions and the names they use; prints nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "journal/inspect_print.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/journal.hpp"
#include "pawl/result.hpp"

namespace pawl::journal {

// Whether the record meets every condition but `matches`, which is about its line.
bool wanted(const DumpOptions& options, const RecordNames& names, const detail::RecordView& record);

// A kind that does not exist, or a range without anything in it: before any work.
Status check_filter(const DumpOptions& options);
Status check_shard(const std::optional<std::uint32_t>& wish, std::uint32_t shards,
                   const std::string& directory);

// Names of types that no schema here has had: nothing can have met such a condition. `names` are
// those of the shards that were read; `directory` is for the sentence.
class UnknownNames {
public:
    explicit UnknownNames(const DumpOptions& options);
    void cross_out(const RecordNames& names);
    Status status(const std::string& directory) const;

private:
    enum class Part : std::uint8_t { aggregate, command, event };
    struct Wish {
        Part part;
        std::string name;
        bool known = false;
    };
    void offer(Part part, const std::string& name);

    std::vector<Wish> wishes_;
    std::set<std::string> offers_[3];  // by part: what there is
};

}  // namespace pawl::journal
