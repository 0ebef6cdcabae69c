// A book without an engine: commands in, events kept and applied, as an engine would. Knows the
// book only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pawl/archive.hpp"
#include "pawl/matching/book.hpp"

namespace pawl::matching::test {

template <class List>
struct VariantOf;
template <class... E>
struct VariantOf<pawl::Events<E...>> {
    using type = std::variant<E...>;
};
using Event = VariantOf<Book::Events>::type;

// What decide() emits is kept here until the desk applies it.
struct Stage {
    std::vector<Event> events;
    template <class E>
    void emit(const E& event) {
        events.emplace_back(event);
    }
};

// The content of a book as one number.
inline std::uint64_t hash_of(const Book& book) {
    pawl::detail::HashArchive archive;
    const_cast<Book&>(book).snapshot(archive);
    return archive.result();
}

// One instrument's desk: decides, applies, remembers.
class Desk {
public:
    Desk() = default;
    explicit Desk(const AddInstrument& instrument) { expect(instrument); }

    // A book with tick 1, lot 1, prices 1 … 1,000,000, already in continuous trading.
    static AddInstrument plain() {
        return {.price_min = 1,
                .price_max = 1'000'000,
                .quantity_max = 1'000'000,
                .collar = 10,
                .phase = Phase::continuous};
    }

    template <class Command>
    Verdict submit(const Command& command) {
        stage_.events.clear();
        const Verdict verdict = std::as_const(book_).decide(command, stage_);
        PAWL_ASSERT(verdict.accepted() || stage_.events.empty());
        for (const Event& event : stage_.events) {
            std::visit([this](const auto& e) { book_.apply(e); }, event);
            if (remembers_) history_.push_back(event);
        }
        return verdict;
    }
    // For commands that a test takes for granted.
    template <class Command>
    void expect(const Command& command) {
        const Verdict verdict = submit(command);
        PAWL_ASSERT(verdict.accepted());
    }
    template <class Command>
    bool rejects(const Command& command, Reason reason) {
        const std::uint64_t before = hash_of(book_);
        const Verdict verdict = submit(command);
        return !verdict.accepted() && verdict.reason() == static_cast<std::uint16_t>(reason) &&
               hash_of(book_) == before;
    }

    Book& book() { return book_; }
    const Book& book() const { return book_; }
    const std::vector<Event>& events() const { return stage_.events; }  // of the last command
    const std::vector<Event>& history() const { return history_; }
    void remember(bool yes) { remembers_ = yes; }

    // The last command's events of one type.
    template <class E>
    std::vector<E> of() const {
        std::vector<E> found;
        for (const Event& event : stage_.events)
            if (const E* e = std::get_if<E>(&event)) found.push_back(*e);
        return found;
    }

private:
    Book book_;
    Stage stage_;
    std::vector<Event> history_;
    bool remembers_ = true;
};

// A book made of events alone.
inline Book rebuilt(const std::vector<Event>& history) {
    Book book;
    for (const Event& event : history) std::visit([&book](const auto& e) { book.apply(e); }, event);
    return book;
}

}  // namespace pawl::matching::test
