// Opens, listens, waits for a signal, closes.
#include "cli/command/match_listen.hpp"

#include <signal.h>

#include <cstdio>

#include "cli/command/commands.hpp"
#include "cli/command/secret_file.hpp"
#include "cli/trading/feeder.hpp"

namespace pawl::cli {

int run_listen(EngineOptions options, const std::string& address, const std::string& secret_file) {
    Result<std::string> secret = read_secret(secret_file);
    if (!secret) return report_error(secret.error());
    options.listen = address;
    options.secret = *secret;
    options.on_notice = [](const Notice& notice) {
        std::fprintf(stderr, "pawl: %s\n", notice.sentence.c_str());
    };
    // Before there are threads: they all leave these signals to us.
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    Result<TradingEngine> engine = TradingEngine::open(options);
    if (!engine) return report_error(engine.error());
    std::printf("listening on %s\n", engine->listen_address().c_str());
    std::fflush(stdout);
    const timespec a_while{0, 200'000'000};
    while (sigtimedwait(&ends, nullptr, &a_while) < 0 && !engine->failed()) {
    }
    const Status closed = engine->close();
    return closed ? exit_ok : report_error(closed.error());
}

}  // namespace pawl::cli
