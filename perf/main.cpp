// Runs one program by name: how the tests see that each works. People use `pawl bench`.
#include <cstdio>
#include <cstring>

#include "perf/figure.hpp"

int main(int count, char** words) {
    using namespace pawl::perf;
    const bool tiny = count == 3 && std::strcmp(words[2], "--smoke") == 0;
    for (const Program& program : programs()) {
        if (count < 2 || count > 3 || (count == 3 && !tiny)) break;
        if (std::strcmp(words[1], program.name) != 0) continue;
        RunOptions options;
        options.tiny = tiny;
        const auto figures = program.run(options);
        if (!figures) {
            std::fprintf(stderr, "%s\n", figures.error().sentence.c_str());
            return static_cast<int>(figures.error().code);
        }
        std::printf("%s\n%s", describe_machine().c_str(), figures_table(figures.value()).c_str());
        return 0;
    }
    std::fputs("usage: perf NAME [--smoke]   (--smoke: only show that it runs)\n", stderr);
    for (const Program& program : programs())
        std::fprintf(stderr, "  %-12s %s\n", program.name, program.what);
    return 2;
}
