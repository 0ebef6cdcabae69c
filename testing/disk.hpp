// A simulated machine's storage: what is durable, what is only cached, and everything that may go
// wrong with it. Knows what disks and file systems may do; no layout of ours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "journal/storage.hpp"
#include "testing/chance.hpp"
#include "testing/clock.hpp"
#include "testing/rings.hpp"
#include "testing/trace.hpp"

namespace pawl::sim {

inline constexpr std::size_t sector_bytes = 512;
inline constexpr std::size_t page_bytes = 4096;

// How far the call came in which the process dies.
enum class Dying : std::uint8_t { not_done, half_done, done };

// What a disk says is done, and is not.
enum class Lie : std::uint8_t {
    lost,         // a write that never happens
    misdirected,  // a write that goes to another place
};
enum class Misread : std::uint8_t {
    stale,    // what stood there before it was last overwritten
    flipped,  // one bit is not what it is
};

// Before a write is synced, a power cut may undo it: per sector, in any order. A name is durable
// when its directory was synced. One thread.
class Disk final : public journal::Storage {
public:
    // `clock` may be null: then no call takes time. `trace` may be null. All outlive the disk.
    Disk(RingPool& pool, Clock* clock, Trace* trace);
    ~Disk() override;
    // The same machine once more. Nothing may run on it.
    std::unique_ptr<Disk> copy(Clock* clock, Trace* trace) const;

    // ---- processes
    // The present process is no more: nothing it still does reaches anything. What it had written
    // stays, cached or not; shared memory stays as it is this moment.
    void kill();
    bool dead() const noexcept { return dead_; }
    // Called when the process is killed, in whatever it does at that moment. May be null.
    std::function<void()> on_death;
    // Another process may begin. The one before is dead or has closed everything. Faults that are
    // still to come stay.
    void start();
    // While one of these lives, calls are those of an onlooker: none fails, dies or counts.
    class Onlooker {
    public:
        explicit Onlooker(Disk& disk) noexcept : disk_(disk) { ++disk_.onlookers_; }
        ~Onlooker() { --disk_.onlookers_; }
        Onlooker(const Onlooker&) = delete;
        Onlooker& operator=(const Onlooker&) = delete;

    private:
        Disk& disk_;
    };

    // ---- power
    // What a power cut may lose, one line each: sectors, sizes, names.
    std::vector<std::string> loose() const;
    // Ends the process as well; shared memory is gone. Each sector goes back to any of the states
    // it had since it was last synced.
    void cut_power(Chance& chance);
    // The same, but told: arrived(i) says whether the i-th of loose() made it.
    void cut_power(const std::function<bool(std::size_t)>& arrived);
    void lose_shared_memory();

    // ---- faults to come. Calls and writes are counted from now; 1 is the next.
    std::uint64_t calls() const noexcept { return calls_; }
    std::uint64_t writes() const noexcept { return writes_; }
    std::uint64_t reads() const noexcept { return reads_; }
    void die_at_call(std::uint64_t n, Dying how);
    // `times` calls in a row.
    void fail_call(std::uint64_t n, journal::StorageFault fault, std::uint64_t times = 1);
    // Beside the above: the process dies in its next durable write, half of which arrives.
    void tear_next_write() noexcept { tears_ = true; }
    bool torn() const noexcept { return torn_; }
    void lie_at_write(std::uint64_t n, Lie lie);
    void misread_at(std::uint64_t n, Misread misread);
    void forget_faults();
    // Some fault is still to come, or there is a quota.
    bool troubled() const noexcept {
        return die_at_ > calls_ || (fail_at_ != 0 && calls_ + 1 < fail_until_) ||
               lie_at_ > writes_ || misread_at_ > reads_ || quota_bytes_ != ~std::uint64_t{0};
    }
    // Calls of the present process that failed.
    std::uint64_t failures() const noexcept { return failures_; }
    void set_quota_bytes(std::uint64_t bytes) noexcept { quota_bytes_ = bytes; }
    std::uint64_t used_bytes() const noexcept;
    // Every call takes up to this long.
    void set_slowness_ns(std::uint64_t ns) noexcept { slowness_ns_ = ns; }
    // What the faults above leave to chance.
    void set_chance(std::uint64_t seed) noexcept { chance_ = Chance(seed); }
    // Keeps what is overwritten, so that it can be read again.
    void remember_overwritten() noexcept { remembers_ = true; }

    // ---- looking and tampering. What is changed is durable at once.
    std::vector<std::string> files() const;
    std::uint64_t bytes_of(const std::string& path) const;
    std::vector<std::byte> content(const std::string& path) const;
    void flip_bit(const std::string& path, std::uint64_t bit);
    // The file that the last lie was about, and where in it.
    struct Place {
        std::string path;
        std::uint64_t offset = 0;
        std::uint64_t bytes = 0;
    };
    const Place& last_lie() const noexcept { return last_lie_; }
    // Power was lost before anything else was written to the folder of the last lie: nobody can
    // know of it.
    bool lie_without_witness() const noexcept { return lie_without_witness_; }

    // ---- Storage
    journal::StorageStatus open(const std::string& path, journal::OpenMode mode,
                                std::unique_ptr<journal::File>& file) override;
    journal::StorageStatus list(const std::string& directory,
                                std::vector<std::string>& names) override;
    journal::StorageStatus rename(const std::string& from, const std::string& to) override;
    journal::StorageStatus remove(const std::string& path) override;
    journal::StorageStatus make_directory(const std::string& path) override;
    journal::StorageStatus sync_directory(const std::string& path) override;
    journal::StorageStatus free_bytes(const std::string& directory, std::uint64_t& bytes) override;
    journal::StorageStatus lock(const std::string& path, std::unique_ptr<journal::FileLock>& lock,
                                std::string& holder) override;
    journal::StorageStatus probe_lock(const std::string& path, std::string& holder) override;
    journal::StorageStatus map_ring(const std::string& path, std::uint64_t capacity_bytes,
                                    journal::RingMode mode,
                                    std::unique_ptr<journal::SharedRing>& ring) override;

private:
    void die();
    friend class DiskFile;
    friend class DiskLock;

    using Page = std::array<std::byte, page_bytes>;
    using Sector = std::array<std::byte, sector_bytes>;
    struct Loose {
        std::uint64_t sector;
        bool abandoned;  // a sync of it has failed: no later one makes it durable
        Sector before;
    };
    struct Node {
        bool directory = false;
        std::uint64_t bytes = 0;
        std::uint64_t durable_bytes = 0;
        std::vector<std::shared_ptr<Page>> pages;  // null: zeros
        std::vector<Loose> loose;                  // oldest first
        std::map<std::uint64_t, Sector> overwritten;
    };
    using NodePointer = std::shared_ptr<Node>;
    using Names = std::map<std::string, NodePointer>;
    // One change of the name space that its directory's sync makes durable, whole or not at all.
    struct Renaming {
        std::uint64_t id = 0;
        std::string directory;
        std::vector<std::pair<std::string, NodePointer>> names;  // null: gone
        std::uint64_t needs = 0;  // arrives only together with this one: nothing vanishes
    };

    // What becomes of the call that is just made.
    enum class Course : std::uint8_t { go, fail, die_before, die_amid, die_after };
    struct Passage {
        Course course = Course::go;
        journal::StorageStatus status;
        bool effect() const noexcept {
            return course == Course::go || course == Course::die_after ||
                   course == Course::die_amid;
        }
    };
    static constexpr char write_durable_call[] =
        "write durable";  // one object: known by its address
    enum class Keep : std::uint8_t { loose, abandoned, durable };

    Passage arrive(const char* what, const std::string& path, std::uint64_t a = 0,
                   std::uint64_t b = 0, std::uint64_t c = 0);
    // At the end of a call: dies if this is the one.
    journal::StorageStatus leave(const Passage& passage, journal::StorageStatus status = {});
    NodePointer find(const std::string& path) const;
    std::uint64_t change_names(Renaming change);
    void make_durable(std::size_t renaming);
    void put(Node& node, std::uint64_t offset, std::span<const std::byte> bytes, Keep keep);
    void put_some(Node& node, std::uint64_t offset, std::span<const std::byte> bytes, Keep keep);
    void change_page(Node& node, Page& page, std::uint64_t at, std::span<const std::byte> bytes,
                     Keep keep);
    void get(const Node& node, std::uint64_t offset, std::span<std::byte> to) const;
    void resize(Node& node, std::uint64_t bytes);
    void sync_node(Node& node);
    std::uint64_t room_for(const Node& node, std::uint64_t offset, std::uint64_t bytes) const;
    std::unique_ptr<journal::File> file_of(NodePointer node, const std::string& path);
    void misread(const Node& node, const std::string& path, std::uint64_t offset,
                 std::span<std::byte> to);
    bool lied(const NodePointer& node, const std::string& path, std::uint64_t offset,
              std::span<const std::byte> bytes);
    void lose_power();
    void settle(const std::function<std::size_t(std::size_t versions)>& choose);
    std::vector<std::pair<std::string, NodePointer>> loose_nodes() const;

    RingPool& pool_;
    Clock* clock_;
    Trace* trace_;
    Chance chance_{0};
    Names names_;
    Names durable_names_;
    std::vector<Renaming> renamings_;  // not durable yet, oldest first
    std::map<std::string, RingPointer> rings_;
    std::set<std::string> locks_;
    std::uint64_t renamings_made_ = 0;
    std::uint64_t life_ = 1;
    bool dead_ = false;
    int onlookers_ = 0;
    bool remembers_ = false;
    std::uint64_t quota_bytes_ = ~std::uint64_t{0};
    std::uint64_t slowness_ns_ = 0;

    std::uint64_t failures_ = 0;
    std::uint64_t calls_ = 0, writes_ = 0, reads_ = 0;
    std::uint64_t die_at_ = 0;
    Dying how_ = Dying::not_done;
    bool tears_ = false, torn_ = false;
    std::uint64_t fail_at_ = 0, fail_until_ = 0;
    journal::StorageFault fault_ = journal::StorageFault::io;
    std::uint64_t lie_at_ = 0;
    Lie lie_ = Lie::lost;
    std::uint64_t misread_at_ = 0;
    Misread misread_ = Misread::stale;
    Place last_lie_;
    bool lie_is_fresh_ = false;  // nothing was written to its folder since
    bool lie_without_witness_ = false;
};

}  // namespace pawl::sim
