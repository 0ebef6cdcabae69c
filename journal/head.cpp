// Makes heads, finds what an earlier life left of one, copies from under a running writer.
#include "journal/head.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include "journal/hash.hpp"
#include "journal/manifest.hpp"
#include "journal/racing_copy.hpp"

namespace pawl::journal {
namespace {

// How far the shard announces ahead of need, as a part of the ring: readers that lag by almost the
// whole ring fall back to the segments this much earlier, and the shard pays for an announcement
// once per so many bytes.
constexpr std::uint64_t announce_slack_part = 64;

using Cell = std::atomic<std::uint64_t>;
static_assert(Cell::is_always_lock_free && sizeof(Cell) == sizeof(std::uint64_t));

Cell* cell_at(std::byte* page, std::size_t offset) noexcept {
    return reinterpret_cast<Cell*>(page + offset);
}

std::uint64_t load_cell(SharedRing& memory, std::size_t offset) noexcept {
    return cell_at(memory.page(), offset)->load(std::memory_order_acquire);
}

std::uint64_t hash_of(HeadHeader header) noexcept {
    header.header_hash = 0;
    return hash64(&header, sizeof header);
}

bool copy_checked(SharedRing& memory, std::uint64_t base, Position from,
                  std::span<std::byte> to) noexcept {
    PAWL_ASSERT(from.value % 8 == 0 && to.size() % 8 == 0);
    PAWL_ASSERT(reinterpret_cast<std::uintptr_t>(to.data()) % 8 == 0);
    const std::uint64_t capacity = memory.capacity_bytes();
    if (from.value < base || to.size() > capacity) return false;
    if (load_cell(memory, head_announced_offset) > from.value + capacity) return false;
    copy_racing(memory.ring() + (from.value & (capacity - 1)), to.data(), to.size());
    copied();  // pairs with the fence in announce_ahead()
    return load_cell(memory, head_announced_offset) <= from.value + capacity;
}

std::string unborn(const std::string& path) {
    return path + ".new";
}

Error cannot_make(StorageStatus status, const std::string& path, std::uint64_t capacity_bytes) {
    Error error = storage_error(
        status, "make the head of " + std::to_string(capacity_bytes) + " bytes", path);
    if (status.fault == StorageFault::locked) error.code = ErrorCode::head_foreign;
    if (status.fault == StorageFault::no_space)
        error.sentence += ": choose a smaller head_bytes or another folder for heads";
    return error;
}

}  // namespace

std::string head_name(const Identity& identity, std::uint32_t shard) {
    return "pawl-" + to_hex(identity) + "-" + std::to_string(shard);
}

Head::Head(std::unique_ptr<SharedRing> memory, const HeadOptions& options)
    : memory_(std::move(memory)),
      ring_(memory_->ring()),
      mask_(memory_->capacity_bytes() - 1),
      committed_value_(cell_at(memory_->page(), head_committed_offset)),
      checksum_value_(reinterpret_cast<std::atomic<std::uint32_t>*>(
          memory_->page() + head_committed_offset + sizeof(Cell))),
      announced_value_(cell_at(memory_->page(), head_announced_offset)),
      synced_value_(cell_at(memory_->page(), head_synced_offset)),
      base_(options.base),
      epoch_(options.epoch),
      path_(options.path) {
    PAWL_ASSERT(std::has_single_bit(mask_ + 1));
    PAWL_ASSERT(base_.value % 8 == 0);
}

Result<HeadMemory> HeadMemory::make(Storage& storage, const std::string& path,
                                    std::uint64_t capacity_bytes) {
    HeadMemory memory(storage, unborn(path));
    const auto status =
        storage.map_ring(memory.path_, capacity_bytes, RingMode::create, memory.ring_);
    if (!status.ok()) return cannot_make(status, path, capacity_bytes);
    return memory;
}

HeadMemory::~HeadMemory() {
    if (ring_ != nullptr) static_cast<void>(storage_.remove(path_));
}

Result<std::unique_ptr<Head>> Head::create(Storage& storage, const HeadOptions& options) {
    auto memory = HeadMemory::make(storage, options.path, options.capacity_bytes);
    if (!memory.ok()) return memory.error();
    return create(std::move(memory).value(), options);
}

Result<std::unique_ptr<Head>> Head::create(HeadMemory memory, const HeadOptions& options) {
    Storage& storage = memory.storage_;
    PAWL_ASSERT(memory.path_ == unborn(options.path));
    PAWL_ASSERT(memory.ring_->capacity_bytes() == options.capacity_bytes);
    // Whoever still holds the name is alive; anything else is replaced.
    std::unique_ptr<SharedRing> older;
    const auto status = storage.map_ring(options.path, 0, RingMode::recover, older);
    older.reset();
    if (status.fault == StorageFault::locked)
        return cannot_make(status, options.path, options.capacity_bytes);
    HeadHeader header{};
    header.magic = head_magic;
    header.identity = options.identity;
    header.capacity_bytes = options.capacity_bytes;
    header.base_position = options.base.value;
    header.epoch = options.epoch;
    header.format = format_version;
    header.shard = options.shard;
    header.base_checksum = options.base_checksum;
    header.header_hash = hash_of(header);
    memory.ring_->will_be_written_from(options.base.value & (options.capacity_bytes - 1));
    std::unique_ptr<Head> head(new Head(std::move(memory.ring_), options));
    head->synced_value_->store(options.base.value, std::memory_order_relaxed);
    head->announced_value_->store(options.base.value, std::memory_order_relaxed);
    head->checksum_value_->store(options.base_checksum, std::memory_order_relaxed);
    head->committed_value_->store(options.base.value, std::memory_order_relaxed);
    std::memcpy(head->memory_->page(), &header, sizeof header);
    // It gets its name when it is whole: a process that is killed meanwhile leaves the older one,
    // or none, but never half a head.
    if (const auto named = storage.rename(unborn(options.path), options.path); !named.ok())
        return storage_error(named, "name the new head", options.path);
    return head;
}

void Head::announce_ahead(Position end) noexcept {
    const std::uint64_t limit = writable_end().value;
    PAWL_ASSERT(end.value <= limit);
    const std::uint64_t wish = end.value + capacity_bytes() / announce_slack_part;
    // release: pairs with the acquire in find(): who sees the announcement sees the `synced` that
    // allows it
    announced_value_->store(wish < limit ? wish : limit, std::memory_order_release);
    // release: pairs with copied(): who sees a new word of the ring sees the announcement. An
    // exchange instead, whatever its order, lets later stores pass on machines that reorder them.
    std::atomic_thread_fence(std::memory_order_release);
}

bool Head::copy(Position from, std::span<std::byte> to) const noexcept {
    PAWL_ASSERT(from.value + to.size() <= committed().value);
    return copy_checked(*memory_, base_.value, from, to);
}

bool HeadRemains::copy(Position from, std::span<std::byte> to) const noexcept {
    PAWL_ASSERT(state_ == State::ours);
    PAWL_ASSERT(from.value + to.size() <= committed_.value);
    return copy_checked(*memory_, first_.value, from, to);
}

const std::byte* HeadRemains::at(Position p) const noexcept {
    PAWL_ASSERT(state_ == State::ours);
    PAWL_ASSERT(p >= first_ && p <= committed_);
    return memory_->ring() + (p.value & (memory_->capacity_bytes() - 1));
}

HeadRemains HeadRemains::find(Storage& storage, const std::string& path, const Identity& identity,
                              std::uint32_t shard, RingMode mode) {
    PAWL_ASSERT(mode != RingMode::create);
    HeadRemains remains;
    const auto status = storage.map_ring(path, 0, mode, remains.memory_);
    if (!status.ok()) {
        if (status.fault == StorageFault::missing) return remains;
        remains.state_ = status.fault == StorageFault::locked       ? State::held
                         : status.fault == StorageFault::wrong_size ? State::damaged
                                                                    : State::unreadable;
        remains.why_ = storage_error(status, "map the head", path).sentence;
        return remains;
    }
    const auto refuse = [&](State state, const char* why) {
        remains.state_ = state;
        remains.why_ = "head " + path + ": " + why;
        remains.memory_.reset();
    };
    SharedRing& memory = *remains.memory_;
    HeadHeader header{};
    std::memcpy(&header, memory.page(), sizeof header);
    const std::uint64_t capacity = memory.capacity_bytes();
    if (header.magic != head_magic || header.header_hash != hash_of(header)) {
        refuse(State::damaged, "its first bytes are not a head's");
        return remains;
    }
    if (header.identity != identity || header.shard != shard) {
        refuse(State::foreign, "it belongs to another directory");
        return remains;
    }
    if (header.format != format_version || header.capacity_bytes != capacity) {
        refuse(State::damaged, "its size or format is not what it says");
        return remains;
    }
    // In this order each one is at most the next, whatever the owner does meanwhile; the last one
    // may have come past `announced` since.
    const std::uint64_t synced = load_cell(memory, head_synced_offset);
    const std::uint64_t committed = load_cell(memory, head_committed_offset);
    const std::uint64_t announced = load_cell(memory, head_announced_offset);
    const std::uint64_t synced_later = load_cell(memory, head_synced_offset);
    const bool ordered = header.base_position <= synced && synced <= committed &&
                         committed <= announced &&
                         (announced <= synced_later || announced - synced_later <= capacity);
    if (!ordered || synced % 8 != 0 || committed % 8 != 0) {
        refuse(State::damaged, "its positions contradict each other");
        return remains;
    }
    const std::uint64_t overwritten = announced > capacity ? announced - capacity : 0;
    remains.state_ = State::ours;
    remains.epoch_ = header.epoch;
    remains.first_ =
        Position{overwritten > header.base_position ? overwritten : header.base_position};
    remains.committed_ = Position{committed};
    remains.synced_ = Position{synced};
    remains.announced_ = Position{announced};
    remains.last_checksum_ = reinterpret_cast<std::atomic<std::uint32_t>*>(
                                 memory.page() + head_committed_offset + sizeof(Cell))
                                 ->load(std::memory_order_relaxed);
    return remains;
}

}  // namespace pawl::journal
