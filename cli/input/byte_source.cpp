// Opens files and memory and chooses the decoder. Knows read(2) and magic bytes; the decoders are
// elsewhere.
#include "cli/input/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "cli/input/decoders.hpp"

namespace pawl::cli {

namespace {

class FileBytes final : public ByteSource {
public:
    FileBytes(std::string name, int descriptor, std::uint64_t total)
        : name_(std::move(name)), descriptor_(descriptor), total_(total), buffer_(1U << 18U) {}
    ~FileBytes() override {
        if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
    }

    Result<std::string_view> next() override {
        while (true) {
            const ssize_t got = ::read(descriptor_, buffer_.data(), buffer_.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) {
                return Error{ErrorCode::io, fmt::format("{}: reading failed after {} bytes: {}",
                                                        name_, done_, std::strerror(errno))};
            }
            done_ += static_cast<std::uint64_t>(got);
            return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
        }
    }
    Progress progress() const override { return {done_, total_}; }

private:
    std::string name_;
    int descriptor_;
    std::uint64_t done_ = 0;
    std::uint64_t total_;
    std::vector<char> buffer_;
};

class MemoryBytes final : public ByteSource {
public:
    MemoryBytes(std::string bytes, std::size_t piece_bytes)
        : bytes_(std::move(bytes)), piece_bytes_(piece_bytes) {
        PAWL_ASSERT(piece_bytes_ > 0);
    }
    Result<std::string_view> next() override {
        const auto piece = std::string_view(bytes_).substr(done_, piece_bytes_);
        done_ += piece.size();
        return piece;
    }
    Progress progress() const override { return {done_, bytes_.size()}; }

private:
    std::string bytes_;
    std::size_t piece_bytes_;
    std::size_t done_ = 0;
};

// Hands out again, as one piece, what was read to look at the magic bytes.
class PeekedBytes final : public ByteSource {
public:
    explicit PeekedBytes(std::unique_ptr<ByteSource> inner) : inner_(std::move(inner)) {}

    Result<std::string_view> peek(std::size_t wanted) {
        while (!ended_ && peeked_.size() < wanted) {
            auto piece = inner_->next();
            if (!piece.ok()) return piece;
            ended_ = piece->empty();
            peeked_ += *piece;
        }
        return std::string_view(peeked_);
    }
    Result<std::string_view> next() override {
        if (!std::exchange(handed_out_, true) && !peeked_.empty()) return std::string_view(peeked_);
        if (ended_) return std::string_view();
        return inner_->next();
    }
    Progress progress() const override { return inner_->progress(); }

private:
    std::unique_ptr<ByteSource> inner_;
    std::string peeked_;
    bool ended_ = false;
    bool handed_out_ = false;
};

Result<std::unique_ptr<ByteSource>> choose_decoder(std::string name,
                                                   std::unique_ptr<ByteSource> raw) {
    auto peeked = std::make_unique<PeekedBytes>(std::move(raw));
    const auto begin = peeked->peek(4);
    if (!begin.ok()) return begin.error();
    if (begin.value().starts_with("\x1f\x8b"))
        return gzip_bytes(std::move(name), std::move(peeked));
    if (begin.value().starts_with("\x28\xb5\x2f\xfd")) {
        return zstd_bytes(std::move(name), std::move(peeked));
    }
    return std::unique_ptr<ByteSource>(std::move(peeked));
}

}  // namespace

std::string spoken_name(const std::string& file) {
    return file == "-" ? "standard input" : file;
}

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& file) {
    const std::string name = spoken_name(file);
    const int descriptor = file == "-" ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return Error{ErrorCode::io, fmt::format("{}: cannot be opened: {}; check the name and its "
                                                "permissions",
                                                name, std::strerror(errno))};
    }
    struct stat facts{};
    std::uint64_t total = 0;
    if (::fstat(descriptor, &facts) == 0) {
        if (S_ISDIR(facts.st_mode)) {
            if (file != "-") ::close(descriptor);
            return Error{ErrorCode::io,
                         fmt::format("{}: is a directory; name the files in it", name)};
        }
        if (S_ISREG(facts.st_mode)) total = static_cast<std::uint64_t>(facts.st_size);
    }
    return choose_decoder(name, std::make_unique<FileBytes>(name, descriptor, total));
}

Result<std::unique_ptr<ByteSource>> bytes_from_memory(std::string name, std::string bytes,
                                                      std::size_t piece_bytes) {
    return choose_decoder(std::move(name),
                          std::make_unique<MemoryBytes>(std::move(bytes), piece_bytes));
}

}  // namespace pawl::cli
