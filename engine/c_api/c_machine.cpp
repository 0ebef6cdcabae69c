// Deciding and applying through C function pointers.
#include "engine/c_api/c_machine.hpp"

#include <cstring>

#include "pawl/detail/recording.hpp"

namespace pawl::detail {

namespace {
constexpr std::size_t state_alignment = 16;
}

ByteMachine::ByteMachine(const pawl_domain& domain, std::uint32_t shard,
                         std::pmr::memory_resource* memory)
    : domain_(domain),
      shard_(shard),
      memory_(memory),
      slots_(memory),
      by_age_(memory),
      blank_(memory->allocate(domain.state_bytes, state_alignment)) {
    std::memset(blank_, 0, domain.state_bytes);
}

ByteMachine::~ByteMachine() {
    for (auto& [id, slot] : slots_)
        memory_->deallocate(slot.state, domain_.state_bytes, state_alignment);
    memory_->deallocate(blank_, domain_.state_bytes, state_alignment);
}

ByteMachine::Slot& ByteMachine::find_or_create(Id id) {
    const auto [place, is_new] = slots_.try_emplace(id);
    Slot& slot = place->second;
    if (is_new) {
        slot.state = memory_->allocate(domain_.state_bytes, state_alignment);
        std::memset(slot.state, 0, domain_.state_bytes);
        by_age_.push_back(&*place);
    }
    return slot;
}

std::size_t ByteMachine::decide(Work* work, std::size_t count, Stage& stage) {
    for (std::size_t i = 0; i < count; ++i) {
        if (static_cast<std::size_t>(stage.limit - stage.cursor) < stage.record_bytes_max) return i;
        if (!work[i].skip) decide_one(work[i], stage);
    }
    return count;
}

void ByteMachine::decide_one(Work& work, Stage& stage) {
    const MessageHeader& message = work.message.header();
    const auto found = slots_.find(message.aggregate);
    const bool exists = found != slots_.end();
    const Version before = exists ? found->second.version : Version{};
    if (work.refuse != Refusal{}) return refuse(work, stage, work.refuse, before);
    if (message.kind == MessageKind::fact || message.aggregate_type != 0 ||
        message.command_type >= domain_.command_types)
        return refuse(work, stage, Refusal::unknown_command, before);
    if (work.message.has(message_has_expected) && work.message.expected_version() != before.value)
        return refuse(work, stage, Refusal::version_conflict, before);

    std::byte* const events = stage.cursor + header_bytes(work);
    Decision decision = open_decision(work, stage, events, before, shard_);
    pawl_context context{decision, domain_.event_types};
    const std::uint16_t reason =
        domain_.decide(exists ? found->second.state : blank_, message.command_type,
                       work.message.payload(), message.payload_bytes, &context, domain_.user);
    if (context.full) return refuse(work, stage, Refusal::record_too_large, before);
    if (reason != 0) return reject(work, stage, reason, before);
    if (message.kind == MessageKind::trial) return close_trial(work, stage, decision, before);

    const std::byte* at = events;
    while (at < decision.cursor) {
        EventView event;
        event.header = reinterpret_cast<const EventHeader*>(at);
        event.target = message.aggregate;
        event.payload = at + sizeof(EventHeader);
        const bool known = apply_event(event);
        PAWL_ASSERT(known);
        at = event.payload + padded(event.header->size);
    }
    const auto after = slots_.find(message.aggregate);
    close_accepted(work, stage, decision,
                   after != slots_.end() ? after->second.version : Version{});
}

bool ByteMachine::apply_event(const EventView& event) noexcept {
    if (event.header->aggregate_type != 0 || event.header->type >= domain_.event_types)
        return false;
    Slot& slot = find_or_create(event.target);
    const bool counts = hash_ != nullptr && slot.version.value != 0;
    const std::uint64_t before = counts ? hash_of(event.target, slot) : 0;
    domain_.apply(slot.state, event.header->type, event.payload, event.header->size, domain_.user);
    ++slot.version.value;
    if (hash_ != nullptr) hash_->note(before, hash_of(event.target, slot));
    return true;
}

std::size_t ByteMachine::apply(const std::byte* records, std::size_t bytes) noexcept {
    std::size_t done = 0;
    while (done < bytes && apply_record(RecordView(records + done)))
        done += RecordView(records + done).length();
    return done;
}

bool ByteMachine::apply_record(const RecordView& record) noexcept {
    if (!has_events(record.header().kind())) return true;
    bool known = true;
    const bool whole =
        record.for_each_event([&](const EventView& event) { known = known && apply_event(event); });
    if (!whole || !known) return false;
    const auto found = slots_.find(record.header().aggregate);
    return (found != slots_.end() ? found->second.version.value : 0) == record.header().version;
}

void ByteMachine::ask(std::uint8_t, Id id, Question& question) noexcept {
    const auto found = slots_.find(id);
    const bool exists = found != slots_.end();
    question.answer(exists ? found->second.state : nullptr,
                    exists ? found->second.version : Version{});
}

std::uint64_t ByteMachine::hash_of(Id id, const Slot& slot) const noexcept {
    HashArchive archive;
    archive.value(id);
    archive.value(slot.version.value);
    archive.bytes(slot.state, domain_.state_bytes);
    return archive.result();
}

std::uint64_t ByteMachine::state_hash() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [id, slot] : slots_) sum += hash_of(id, slot);
    return sum;
}

std::string ByteMachine::layout_text() const {
    return std::string(domain_.name) + " bytes<" + std::to_string(domain_.state_bytes) + "> v" +
           std::to_string(domain_.snapshot_version == 0 ? 1 : domain_.snapshot_version) + "\n";
}

bool ByteMachine::save_some(SaveArchive& archive, StatePass& pass, std::size_t bytes_about) const {
    const std::uint64_t enough = archive.bytes_done() + bytes_about;
    if (pass.table != 0) return true;
    if (!pass.in_table) archive.count(by_age_.size());
    pass.in_table = true;
    for (; pass.slot < by_age_.size() && archive.bytes_done() < enough; ++pass.slot) {
        const auto& [id, slot] = *by_age_[pass.slot];
        archive.value(id);
        archive.value(slot.version.value);
        archive.bytes(slot.state, domain_.state_bytes);
        pass.state_hash += hash_of(id, slot);
    }
    if (pass.slot == by_age_.size()) pass.table = 1;
    return pass.table == 1;
}

bool ByteMachine::load_some(LoadArchive& archive, StatePass& pass, std::uint32_t tables,
                            std::size_t bytes_about) {
    PAWL_ASSERT(tables <= 1);
    if (pass.table == tables) return true;
    const std::uint64_t before = archive.left();
    if (!pass.in_table) pass.slot_count = archive.count(0);
    pass.in_table = true;
    for (; pass.slot < pass.slot_count && before - archive.left() < bytes_about; ++pass.slot) {
        Id id = 0;
        Version version;
        archive.value(id);
        archive.value(version.value);
        if (slots_.contains(id)) archive.fail();
        if (archive.failed()) return true;
        Slot& slot = find_or_create(id);
        slot.version = version;
        archive.bytes(slot.state, domain_.state_bytes);
        pass.state_hash += hash_of(id, slot);
    }
    if (pass.slot == pass.slot_count) pass.table = 1;
    return pass.table == 1 || archive.failed();
}

std::string schema_text(const pawl_domain& domain) {
    std::string text = "pawl-schema 1\naggregate 0 ";
    text += domain.name;
    text += '\n';
    if (domain.schema != nullptr) {
        text += domain.schema;
        if (text.back() != '\n') text += '\n';
    }
    return text;
}

}  // namespace pawl::detail
