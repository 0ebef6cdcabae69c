// The names and types of a domain as text. Knows the lists of commands and events; no machine.
#pragma once

#include <cstddef>
#include <string>

#include "pawl/aggregate.hpp"
#include "pawl/detail/reflect.hpp"

namespace pawl::detail {

template <class... C>
void add_command_lines(std::string& text, std::size_t aggregate, std::size_t& index,
                       Commands<C...>) {
    ((text += "command " + std::to_string(aggregate) + " " + std::to_string(index++) + " " +
              std::string(type_name<C>()) + (field_count<C> != 0 ? " " : "") + schema_line<C>() +
              "\n"),
     ...);
}

template <class... E>
void add_event_lines(std::string& text, std::size_t aggregate, Events<E...>) {
    std::size_t index = 0;
    ((text += "event " + std::to_string(aggregate) + " " + std::to_string(index++) + " " +
              std::string(type_name<E>()) + (field_count<E> != 0 ? " " : "") + schema_line<E>() +
              "\n"),
     ...);
}

// Names and types of every aggregate, command and event: what makes a journal readable without its
// program.
template <class... As>
std::string schema_text() {
    std::string text = "pawl-schema 1\n";
    std::size_t aggregate = 0;
    std::size_t command = 0;
    (((text +=
       "aggregate " + std::to_string(aggregate) + " " + std::string(type_name<As>()) + "\n"),
      add_command_lines(text, aggregate, command, typename As::Commands{}),
      add_event_lines(text, aggregate, typename As::Events{}), ++aggregate),
     ...);
    return text;
}

}  // namespace pawl::detail
