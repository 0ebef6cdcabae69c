// The library's own version. Knows nothing else; the journal's format number lives in
// detail/record.hpp.
#pragma once

#define PAWL_VERSION_MAJOR 0
#define PAWL_VERSION_MINOR 1
#define PAWL_VERSION_PATCH 0
#define PAWL_VERSION "0.1.0"
