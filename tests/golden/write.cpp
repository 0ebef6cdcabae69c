// Writes a golden journal below the present folder: "write closed" ends in order, "write killed"
// does not. Knows the public headers only. Run once per format, by the code that was released with
// it; what it wrote is never written again.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "pawl/engine.hpp"
#include "tests/golden/ledger.hpp"
#include "tests/golden/report.hpp"

namespace {

using namespace pawl;
using golden::Book;
using golden::Ledger;
using golden::Vault;

SubmitOptions as(const char* session, std::uint64_t number) {
    SubmitOptions options;
    options.session = session_id(session);
    options.number = CommandNumber{number};
    options.correlation = number % 5 == 0 ? number * 10 : 0;
    options.cause = number % 7 == 0 ? number * 100 : 0;
    return options;
}

void work(Book& book, std::uint64_t from, std::uint64_t to) {
    auto desk = book.producer({.session = "desk"});
    for (Id vault = 1; vault <= 4; ++vault) book.submit(vault, Vault::Open{}, use_future).get();
    for (std::uint64_t n = from; n < to; ++n) {
        const Id id = n % 16 + 1;
        const auto number = as("clerk", n);
        book.submit(id, Ledger::Post{static_cast<std::int64_t>(n % 9) * 100, "line"}, number);
        if (n % 11 == 0) book.submit(id, Ledger::Move{(n + 3) % 16 + 1, 150}, as("mover", n));
        if (n % 13 == 0) book.submit(id, Ledger::Split{40, 3}, as("mover", n));
        if (n % 17 == 0) book.submit(id, Ledger::Store{n % 4 + 1, 25}, as("mover", n));
        if (n % 19 == 0) book.submit(id, Ledger::Chance{});
        if (n % 97 == 0) book.submit(id, Ledger::Trip{}, as("mover", n));
        if (n % 23 == 0) book.record(id, Ledger::Posted{7, "a fact"}).get();
    }
    book.submit(1, Vault::Open{}, use_future).get();
}

}  // namespace

int main(int count, char** words) {
    const std::string name = count == 2 ? words[1] : "";
    if (name != "closed" && name != "killed")
        return std::puts("usage: write closed|killed, in an empty folder"), 2;
    std::filesystem::create_directories("heads");
    {
        auto first = Book::open(golden::options_of(name)).value();
        work(first, 1, 500);
        first.close().ok();
    }
    auto opened = Book::open(golden::options_of(name));
    if (!opened) return std::puts(opened.error().sentence.c_str()), 1;
    auto& second = *opened;
    work(second, 500, 1100);
    std::fputs(golden::report(second).c_str(), stdout);
    std::fflush(stdout);
    if (name == "killed") _exit(0);  // as kill -9 does
    return second.close() ? 0 : 1;
}
