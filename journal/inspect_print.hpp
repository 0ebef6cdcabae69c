// Records as JSON, one object each, with the names that schemas and sessions have in the stream.
// Knows no file and no filter.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "journal/schema.hpp"
#include "pawl/detail/record.hpp"
#include "pawl/types.hpp"

namespace pawl::journal {

// What is known of one shard's names. It must see every record that is there, in order.
class RecordNames {
public:
    // `schema_text` holds until the stream brings another one; one that cannot be read is no names.
    explicit RecordNames(std::string_view schema_text);

    void learn(const detail::RecordView& record);

    const Schema& schema() const noexcept { return schemas_.back(); }
    // All that held at some time: a name may be an earlier one's only.
    const std::vector<Schema>& schemas() const noexcept { return schemas_; }

    struct Session {
        SessionId id;
        std::string name;  // empty: it was opened by its id alone
    };
    // Null: anonymous, or opened before the records that were seen.
    const Session* session(const detail::RecordView& record) const;
    std::string aggregate(std::uint8_t type) const;  // the number when there is no name
    std::string command(std::uint16_t type) const;
    std::string event(const detail::EventHeader& event) const;

private:
    void learn_schema(std::string_view text);

    std::vector<Schema> schemas_;
    std::string text_;  // of the last one
    std::map<std::uint32_t, Session> sessions_;
};

const char* to_string(detail::RecordKind kind) noexcept;

// Appends one JSON object.
void print_record(const RecordNames& names, std::uint32_t shard, const detail::RecordView& record,
                  Position position, std::string& out);

}  // namespace pawl::journal
