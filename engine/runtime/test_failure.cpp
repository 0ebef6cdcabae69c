// Where a failed given/when/then ends when no test framework has said otherwise.
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "pawl/testing.hpp"

namespace pawl::testing {

namespace {
// The one piece of process-wide state: a test program sets it once, before its tests.
FailureHandler& handler() {
    static FailureHandler current;
    return current;
}
}  // namespace

void on_failure(FailureHandler replacement) {
    handler() = std::move(replacement);
}

void detail::fail(const std::string& sentence) {
    if (handler()) {
        handler()(sentence);
        return;
    }
    std::fprintf(stderr, "pawl: %s\n", sentence.c_str());
    std::abort();
}

}  // namespace pawl::testing
