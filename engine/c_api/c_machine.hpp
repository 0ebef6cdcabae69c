// The machine behind the C interface: states and commands are bytes, rules are function pointers.
// Knows no engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "pawl/detail/decision.hpp"
#include "pawl/detail/machine.hpp"
#include "pawl/pawl.h"

// What a C decide holds in its hands.
struct pawl_context {
    pawl::detail::Decision& decision;
    std::uint16_t event_types;
    bool full = false;
};

namespace pawl::detail {

class ByteMachine final : public Machine {
public:
    ByteMachine(const pawl_domain& domain, std::uint32_t shard, std::pmr::memory_resource* memory);
    ~ByteMachine() override;
    ByteMachine(const ByteMachine&) = delete;
    ByteMachine& operator=(const ByteMachine&) = delete;

    std::size_t decide(Work* work, std::size_t count, Stage& stage) override;
    std::size_t apply(const std::byte* records, std::size_t bytes) noexcept override;
    void ask(std::uint8_t aggregate_type, Id id, Question& question) noexcept override;
    // C programs read with pawl_read.
    std::shared_ptr<const ViewCell> watch(std::uint8_t, Id, Time) override { return nullptr; }
    void publish_views(Time) noexcept override {}
    std::uint64_t state_hash() const noexcept override;
    std::size_t aggregate_count() const noexcept override { return slots_.size(); }
    std::string layout_text() const override;
    bool save_some(SaveArchive& archive, StatePass& pass, std::size_t bytes_about) const override;
    bool load_some(LoadArchive& archive, StatePass& pass, std::uint32_t tables,
                   std::size_t bytes_about) override;

private:
    struct Slot {
        Version version;
        void* state = nullptr;
    };
    using Slots = std::pmr::unordered_map<Id, Slot>;
    Slot& find_or_create(Id id);
    std::uint64_t hash_of(Id id, const Slot& slot) const noexcept;
    void decide_one(Work& work, Stage& stage);
    bool apply_record(const RecordView& record) noexcept;
    bool apply_event(const EventView& event) noexcept;

    const pawl_domain domain_;
    const std::uint32_t shard_;
    std::pmr::memory_resource* memory_;
    Slots slots_;
    std::pmr::vector<const Slots::value_type*> by_age_;  // the map's nodes never move
    void* blank_;                                        // zeroed: the state of what never happened
};

// The journal's schema for a domain of bytes.
std::string schema_text(const pawl_domain& domain);

}  // namespace pawl::detail
