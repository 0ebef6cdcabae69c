// Boost.JSON's own code, alone in its file: a program that brings the library along itself keeps
// its own, because then the linker needs nothing from here.
#include <boost/json/src.hpp>
