// A view's readers never see half a state. The real ViewCell.
#include "pawl/detail/view_cell.hpp"

#include "tests/stress/search_of.hpp"

namespace stress {
namespace {

// Two writes, so that a reader can begin in one and end in the other.
struct AView : rl::test_suite<AView, 2> {
    static constexpr std::uint64_t last = 3;

    pawl::detail::ViewCell cell{2 * sizeof(std::uint64_t)};

    void write(std::uint64_t value) {
        const std::uint64_t state[2] = {value, value};
        cell.write(state, pawl::Version{value}, pawl::Time{static_cast<std::int64_t>(value)});
    }
    void before() { write(1); }
    void thread(unsigned index) {
        if (index == 0) {
            for (std::uint64_t value = 2; value <= last; ++value) write(value);
            return;
        }
        std::uint64_t state[2] = {};
        pawl::Version version;
        pawl::Time time;
        cell.read(state, version, time);
        RL_ASSERT(state[0] == version.value && state[1] == version.value);
        RL_ASSERT(time.ns == static_cast<std::int64_t>(version.value));
    }
};

}  // namespace

std::vector<Model> view_cell_models() {
    return {model<AView>("view_cell", {})};
}

}  // namespace stress
