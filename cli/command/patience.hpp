// Waiting a little, until somebody says that it is enough. Knows signals and descriptors.
#pragma once

#include <csignal>

namespace pawl::cli {

// While it lives, an interrupt or a termination ends nothing by itself: wait() says so. One thread,
// one at a time.
class Patience {
public:
    Patience();
    ~Patience();
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

    // About 50 ms. False: an interrupt or a termination came, or nobody reads standard output.
    bool wait() const;

private:
    sigset_t before_{};
    int signals_ = -1;
};

}  // namespace pawl::cli
