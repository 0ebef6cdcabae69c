// A user's program against the installed library. Knows the public headers only.
#include <dlfcn.h>
#include <pawl/engine.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>

struct Account {
    struct Deposit {
        std::int64_t cents;
    };
    struct Deposited {
        std::int64_t cents;
    };
    using Commands = pawl::Commands<Deposit>;
    using Events = pawl::Events<Deposited>;

    std::int64_t balance = 0;

    pawl::Verdict decide(const Deposit& ask, pawl::Context<Account>& ctx) const {
        ctx.emit(Deposited{ask.cents});
        return pawl::accept;
    }
    void apply(const Deposited& event) noexcept { balance += event.cents; }
};

// A library must not replace its host's allocator, and some allocators do when they are linked.
static bool malloc_is_the_hosts() {
    Dl_info found{};
    if (dladdr(dlsym(RTLD_DEFAULT, "malloc"), &found) == 0) return false;
    std::printf("malloc is that of %s\n", found.dli_fname);
    return std::strstr(found.dli_fname, "mimalloc") == nullptr;
}

int main(int, char** words) {
    if (!malloc_is_the_hosts()) return 2;
    auto bank = pawl::Engine<Account>::open({.directory = words[1]});
    if (!bank) {
        std::puts(bank.error().sentence.c_str());
        return 3;
    }
    const pawl::Reply reply =
        bank.value().submit(42, Account::Deposit{10'00}, pawl::use_future).get();
    std::puts(reply.accepted() ? "accepted" : "not accepted");
    return reply.accepted() ? 0 : 4;
}
