// One aggregate's state, readable from any core without asking its shard. Knows a copy; not how it
// is kept fresh.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "pawl/detail/view_cell.hpp"
#include "pawl/types.hpp"

namespace pawl {

// A handle to a copy that the shard renews after each batch that changed the aggregate, when the
// batch is journaled. Any thread, at any time, also after the engine has closed. Copies are cheap
// and see the same.
template <class A>
class View {
    static_assert(std::is_trivially_copyable_v<A> && std::is_default_constructible_v<A>,
                  "a view is for plain states: ask others with query()");

public:
    explicit View(std::shared_ptr<const detail::ViewCell> cell) : cell_(std::move(cell)) {}

    struct Seen {
        A state{};
        Version version;  // 0: nothing ever happened to it
        Time time;        // journal time of its newest batch: how old the copy is
    };
    // The newest copy. Never asks the shard; retries for some nanoseconds while the shard writes.
    Seen read() const noexcept {
        Seen seen;
        cell_->read(&seen.state, seen.version, seen.time);
        return seen;
    }

private:
    std::shared_ptr<const detail::ViewCell> cell_;
};

}  // namespace pawl
