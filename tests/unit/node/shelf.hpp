// A domain whose apply() can be made to do something else on one of two nodes: once, at an event of
// choice. Knows which node's turn it is; no engine.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"

namespace pawl::testing {

enum class Mischief : std::uint8_t { other_value, left_undone, done_twice, other_field, address };

// One thread: both nodes live in it.
struct Stage {
    int here = 0;          // whose turn it is
    int struck = -1;       // on which node; -1: none
    std::uint64_t at = 0;  // the event that is applied wrongly, counted from 1
    Mischief how{};
    std::uint64_t applied[2] = {};

    bool strikes() noexcept { return ++applied[here] == at && here == struck; }
};
inline Stage stage;

// What is left where memory lies is another number in each process; here on each node.
inline std::int64_t some_address() noexcept {
    return 4096 * (stage.here + 1);
}

// A plain state.
struct Gear {
    struct Turn {
        std::int64_t by;
    };
    struct Paint {
        std::uint64_t color;
    };
    struct Turned {
        std::int64_t by;
    };
    struct Painted {
        std::uint64_t color;
    };
    using Commands = pawl::Commands<Turn, Paint>;
    using Events = pawl::Events<Turned, Painted>;

    std::int64_t angle = 0;
    std::uint64_t color = 0;
    std::uint64_t worn = 0;

    Verdict decide(const Turn& ask, Context<Gear>& ctx) const {
        ctx.emit(Turned{ask.by});
        return accept;
    }
    Verdict decide(const Paint& ask, Context<Gear>& ctx) const {
        ctx.emit(Painted{ask.color});
        ctx.emit(Turned{1});
        return accept;
    }
    void apply(const Turned& event) noexcept {
        if (!stage.strikes()) {
            angle += event.by;
            return;
        }
        if (stage.how == Mischief::other_value) angle += event.by + 1;
        if (stage.how == Mischief::done_twice) angle += 2 * event.by;
        if (stage.how == Mischief::address) angle += some_address();
        if (stage.how == Mischief::other_field) {
            angle += event.by;
            ++worn;
        }
    }
    void apply(const Painted& event) noexcept {
        if (!stage.strikes()) {
            color = event.color;
            return;
        }
        if (stage.how == Mischief::other_value) color = event.color ^ 1U;
        if (stage.how == Mischief::done_twice) color = event.color * 2 + 1;
        if (stage.how == Mischief::address) color = static_cast<std::uint64_t>(some_address());
        if (stage.how == Mischief::left_undone) color = ~event.color;
        if (stage.how == Mischief::other_field) ++worn;
    }
};

// A state that grows: hashed with every event while it is small.
class Rack {
public:
    struct Put {
        std::uint64_t item;
    };
    struct Stored {
        std::uint64_t item;
    };
    using Commands = pawl::Commands<Put>;
    using Events = pawl::Events<Stored>;

    explicit Rack(std::pmr::memory_resource* memory) : items_(memory) {}

    Verdict decide(const Put& ask, Context<Rack>& ctx) const {
        ctx.emit(Stored{ask.item});
        return accept;
    }
    void apply(const Stored& event) noexcept {
        if (!stage.strikes()) return items_.push_back(event.item);
        switch (stage.how) {
            case Mischief::other_value:
                return items_.push_back(event.item + 1);
            case Mischief::left_undone:
                return;
            case Mischief::done_twice:
                items_.push_back(event.item);
                return items_.push_back(event.item);
            case Mischief::other_field:
                items_.push_back(event.item);
                items_.front() += 1;
                return;
            case Mischief::address:
                return items_.push_back(static_cast<std::uint64_t>(some_address()));
        }
    }
    template <class Archive>
    void snapshot(Archive& archive) {
        const std::size_t count = archive.count(items_.size());
        if constexpr (Archive::loading) items_.resize(count);
        for (std::uint64_t& item : items_) archive.value(item);
    }

private:
    std::pmr::vector<std::uint64_t> items_;
};

}  // namespace pawl::testing
