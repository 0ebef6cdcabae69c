// How a state that is not one plain value shows its content: one function for hash, saving and
// loading. Knows no file.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

namespace pawl {

// A state with pointers or containers has
//
//     template <class Archive> void snapshot(Archive& archive) {
//         archive.value(mid_);                              // one plain value
//         const std::size_t n = archive.count(orders_.size());   // how many follow
//         if constexpr (Archive::loading) orders_.resize(n);
//         for (Order& order : orders_) archive.value(order);
//     }
//
// in a canonical order: two equal states show equal content, whatever their history. When
// Archive::loading is false it must not change the state (it is called on const states then); when
// it is true the state is as new. bytes(data, size) shows memory. States that are one plain value
// need none.
//
// `static constexpr std::uint32_t snapshot_version = 2;` in a state says that its snapshot(), or
// what its fields mean, has changed: older snapshots are not used then, the journal is. Default 1.
template <class State, class Archive>
concept Snapshots = requires(State& state, Archive& archive) { state.snapshot(archive); };

namespace detail {

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x ^= x >> 32;
    x *= 0xE9846AF9B1A615DULL;
    x ^= x >> 32;
    x *= 0xE9846AF9B1A615DULL;
    x ^= x >> 28;
    return x;
}

// Folds what snapshot() shows into 64 bits. Equal content, equal hash, on every machine
// (little-endian).
class HashArchive {
public:
    static constexpr bool loading = false;

    template <class T>
        requires std::is_trivially_copyable_v<T>
    void value(const T& plain) noexcept {
        bytes(&plain, sizeof plain);
    }
    std::size_t count(std::size_t n) noexcept {
        add(n);
        return n;
    }
    void bytes(const void* data, std::size_t size) noexcept {
        const auto* cursor = static_cast<const unsigned char*>(data);
        for (; size >= 8; size -= 8, cursor += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, cursor, 8);
            add(word);
        }
        if (size != 0) {
            std::uint64_t word = 0;
            std::memcpy(&word, cursor, size);
            add(word ^ (static_cast<std::uint64_t>(size) << 56));
        }
    }
    std::uint64_t result() const noexcept { return mix(hash_); }
    std::size_t words() const noexcept { return words_; }  // that were folded

private:
    void add(std::uint64_t word) noexcept {
        hash_ = mix(hash_ ^ word) + 0x9E3779B97F4A7C15ULL;
        ++words_;
    }
    std::uint64_t hash_ = 0x2545F4914F6CDD1DULL;
    std::size_t words_ = 0;
};

// Where saved bytes go. False: it cannot go on; why is the sink's to say.
struct ByteSink {
    virtual bool write(const std::byte* bytes, std::size_t size) noexcept = 0;

protected:
    ~ByteSink() = default;
};

// Where loaded bytes come from, in order. False: they cannot be read.
struct ByteSource {
    virtual bool read(std::byte* to, std::size_t size) noexcept = 0;
    virtual std::uint64_t left() const noexcept = 0;  // bytes not read yet

protected:
    ~ByteSource() = default;
};

inline constexpr std::size_t archive_chunk_bytes = std::size_t{64} << 10;

// Writes what snapshot() shows, chunk by chunk: never the whole in memory. flush() at the end.
class SaveArchive {
public:
    static constexpr bool loading = false;

    explicit SaveArchive(ByteSink& sink)
        : sink_(sink), chunk_(std::make_unique<std::byte[]>(archive_chunk_bytes)) {}

    template <class T>
        requires std::is_trivially_copyable_v<T>
    void value(const T& plain) noexcept {
        bytes(&plain, sizeof plain);
    }
    std::size_t count(std::size_t n) noexcept {
        value(static_cast<std::uint64_t>(n));
        return n;
    }
    void bytes(const void* data, std::size_t size) noexcept {
        const auto* from = static_cast<const std::byte*>(data);
        while (size != 0) {
            if (used_ == archive_chunk_bytes) flush();
            const std::size_t room = archive_chunk_bytes - used_;
            const std::size_t now = size < room ? size : room;
            std::memcpy(chunk_.get() + used_, from, now);
            used_ += now;
            from += now;
            size -= now;
        }
    }
    void flush() noexcept {
        if (used_ != 0 && !failed_) failed_ = !sink_.write(chunk_.get(), used_);
        flushed_ += used_;
        used_ = 0;
    }
    // The sink said no; nothing was written after that.
    bool failed() const noexcept { return failed_; }
    std::uint64_t bytes_done() const noexcept { return flushed_ + used_; }

private:
    ByteSink& sink_;
    std::unique_ptr<std::byte[]> chunk_;
    std::size_t used_ = 0;
    std::uint64_t flushed_ = 0;
    bool failed_ = false;
};

// Reads what a SaveArchive wrote. Whatever the bytes: reading past their end, or a count that they
// cannot hold, yields zeros and nothing more.
class LoadArchive {
public:
    static constexpr bool loading = true;

    explicit LoadArchive(ByteSource& source)
        : source_(source), chunk_(std::make_unique<std::byte[]>(archive_chunk_bytes)) {}

    template <class T>
        requires std::is_trivially_copyable_v<T>
    void value(T& plain) noexcept {
        bytes(&plain, sizeof plain);
    }
    // How many were saved; `n` is not looked at. What follows takes at least a byte each.
    std::size_t count([[maybe_unused]] std::size_t n) noexcept {
        std::uint64_t saved = 0;
        value(saved);
        if (saved > left()) fail();
        return failed_ ? 0 : static_cast<std::size_t>(saved);
    }
    void bytes(void* data, std::size_t size) noexcept {
        auto* to = static_cast<std::byte*>(data);
        if (size > left()) fail();
        while (size != 0) {
            if (used_ == filled_ && !refill()) {
                std::memset(to, 0, size);
                return;
            }
            const std::size_t there = filled_ - used_;
            const std::size_t now = size < there ? size : there;
            std::memcpy(to, chunk_.get() + used_, now);
            used_ += now;
            to += now;
            size -= now;
        }
    }
    // Not everything that was asked for was there.
    bool failed() const noexcept { return failed_; }
    void fail() noexcept {
        failed_ = true;
        used_ = filled_ = 0;
    }
    std::uint64_t left() const noexcept { return failed_ ? 0 : source_.left() + (filled_ - used_); }

private:
    bool refill() noexcept {
        used_ = filled_ = 0;
        const std::uint64_t left = failed_ ? 0 : source_.left();
        const std::size_t now =
            left < archive_chunk_bytes ? static_cast<std::size_t>(left) : archive_chunk_bytes;
        if (now == 0 || !source_.read(chunk_.get(), now)) {
            fail();
            return false;
        }
        filled_ = now;
        return true;
    }

    ByteSource& source_;
    std::unique_ptr<std::byte[]> chunk_;
    std::size_t used_ = 0;
    std::size_t filled_ = 0;
    bool failed_ = false;
};

}  // namespace detail
}  // namespace pawl
