// A value, or one sentence that says why there is none. Used on the way in (open, read, parse);
// never on the hot path.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "pawl/detail/assert.hpp"

namespace pawl {

// Kinds of failure a program may want to tell apart. The command-line tool's exit codes are these
// numbers.
enum class ErrorCode : std::uint8_t {
    usage = 2,         // wrong flag, wrong option value
    bad_input = 3,     // input data that cannot be read as what it claims to be
    io = 4,            // the operating system said no: missing, unwritable, failed
    disk_full = 5,     // no space, or a quota
    locked = 6,        // another process holds the directory
    mismatch = 7,      // directory and options disagree: shard count, router, schema, format
    damaged = 8,       // journal bytes that were durable are not what was written
    head_foreign = 9,  // the head's memory belongs to another directory or another life
    stopped = 10,      // the engine stopped itself after a failure it must not survive
    timeout = 11,      // a deadline passed
};

// Why something could not be done. The sentence names the object, the number and the next step.
struct Error {
    ErrorCode code = ErrorCode::io;
    std::string sentence;
};

// Either a T or an Error. Moves as T moves. Thread: none of its own.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    // The value. Calling it on an error prints the error's sentence and stops the program: check
    // ok() first where the world may misbehave.
    T& value() & {
        require_ok();
        return *std::get_if<0>(&content_);
    }
    const T& value() const& {
        require_ok();
        return *std::get_if<0>(&content_);
    }
    T&& value() && {
        require_ok();
        return std::move(*std::get_if<0>(&content_));
    }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const T& operator*() const& { return value(); }
    T& operator*() & { return value(); }

    // The error. Only when !ok().
    const Error& error() const {
        PAWL_ASSERT(!ok());
        return *std::get_if<1>(&content_);
    }

private:
    void require_ok() const {
        if (!ok())
            detail::assertion_failed(std::get_if<1>(&content_)->sentence.c_str(), "Result::value",
                                     0);
    }
    std::variant<T, Error> content_;
};

// Success without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace pawl
