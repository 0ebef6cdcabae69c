// A domain whose state tells everything that was done, and in which order. Knows the contract only.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "pawl/aggregate.hpp"
#include "pawl/context.hpp"

namespace pawl::sim {

struct List {
    struct Note {
        std::uint64_t number;
    };
    struct Noted {
        std::uint64_t number;
    };
    enum class Reason : std::uint16_t { unlucky = 1 };
    using Commands = pawl::Commands<Note>;
    using Events = pawl::Events<Noted>;

    std::pmr::vector<std::uint64_t> numbers;

    List() = default;
    explicit List(std::pmr::memory_resource* memory) : numbers(memory) {}
    Verdict decide(const Note& ask, Context<List>& ctx) const {
        if (ask.number % 13 == 0) return reject(Reason::unlucky);
        ctx.emit(Noted{ask.number});
        return accept;
    }
    void apply(const Noted& event) noexcept { numbers.push_back(event.number); }
    template <class Archive>
    void snapshot(Archive& archive) {
        const std::size_t count = archive.count(numbers.size());
        if constexpr (Archive::loading) numbers.resize(count);
        for (std::uint64_t& number : numbers) archive.value(number);
    }
};

}  // namespace pawl::sim
