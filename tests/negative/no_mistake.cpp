// No mistake at all: shows that the driver notices. Knows one header.
// EXPECT: nothing
#include "pawl/types.hpp"

static_assert(MISTAKE == 0 || MISTAKE == 1);
