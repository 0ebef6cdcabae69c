// Notes and weakens memory orders by their place in the source.
#include "tests/stress/sites.hpp"

#include <cstring>

#include "tests/stress/search.hpp"

namespace stress {
namespace {

constexpr std::size_t sites_max = 64;

// A model's memory is counted, so nothing here may take any.
bool noting = false;
Site sites[sites_max];
std::size_t site_count = 0;
const Site* weakened = nullptr;
unsigned long searches = 1;

bool is_at(const Site& site, Act act, const std::source_location& where) {
    return site.line == where.line() && site.column == where.column() && site.act == act &&
           std::strcmp(site.file, where.file_name()) == 0;
}

// Of a library: not ours to prove.
bool is_foreign(const std::source_location& where) {
    return std::strncmp(where.file_name(), "/usr/", 5) == 0;
}

const char* word(Act act) {
    switch (act) {
        case Act::load:
            return "load";
        case Act::store:
            return "store";
        case Act::exchange:
            return "exchange";
        case Act::fence:
            break;
    }
    return "fence";
}

const char* word(std::memory_order order) {
    switch (order) {
        case std::memory_order_relaxed:
            return "relaxed";
        case std::memory_order_consume:
            return "consume";
        case std::memory_order_acquire:
            return "acquire";
        case std::memory_order_release:
            return "release";
        case std::memory_order_acq_rel:
            return "acq_rel";
        case std::memory_order_seq_cst:
            break;
    }
    return "seq_cst";
}

// The name alone, without result, parameters and namespaces: "Head::copy".
std::string short_name(std::string function) {
    for (const char* hidden : {"{anonymous}::", "(anonymous namespace)::"})
        for (std::size_t at = function.find(hidden); at != std::string::npos;
             at = function.find(hidden))
            function.erase(at, std::strlen(hidden));
    const std::size_t open = function.find('(');
    if (open != std::string::npos) function.resize(open);
    const std::size_t space = function.rfind(' ');
    if (space != std::string::npos) function.erase(0, space + 1);
    for (const char* spaces : {"pawl::detail::", "pawl::journal::", "stress::"})
        if (function.starts_with(spaces)) function.erase(0, std::strlen(spaces));
    return function;
}

}  // namespace

std::memory_order weaker(Act act, std::memory_order order) {
    if (order == std::memory_order_seq_cst)
        return act == Act::load    ? std::memory_order_acquire
               : act == Act::store ? std::memory_order_release
                                   : std::memory_order_acq_rel;
    return std::memory_order_relaxed;
}

std::string describe(const Site& site) {
    return short_name(site.function) + ": " + word(site.act) + ' ' + word(site.asked);
}

std::memory_order order_at(Act act, std::memory_order asked, const std::source_location& where) {
    if (weakened != nullptr && is_at(*weakened, act, where)) return weaker(act, asked);
    if (!noting || asked == std::memory_order_relaxed || is_foreign(where)) return asked;
    for (const Site& site : noted_sites())
        if (is_at(site, act, where)) return asked;
    RL_ASSERT(site_count < sites_max);
    sites[site_count++] =
        Site{act, asked, where.file_name(), where.function_name(), where.line(), where.column()};
    return asked;
}

unsigned long search_number() {
    return searches;
}

void begin_search() {
    ++searches;
}

void note_sites() {
    site_count = 0;
    noting = true;
}

void stop_noting() {
    noting = false;
}

std::span<const Site> noted_sites() {
    return {sites, site_count};
}

void weaken(const Site* site) {
    weakened = site;
}

}  // namespace stress
