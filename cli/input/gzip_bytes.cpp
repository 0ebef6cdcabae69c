// Decompresses gzip. The only file that knows zlib.
#include <fmt/format.h>
#include <zlib.h>

#include <utility>
#include <vector>

#include "cli/input/decoders.hpp"

namespace pawl::cli {

namespace {

class GzipBytes final : public ByteSource {
public:
    GzipBytes(std::string name, std::unique_ptr<ByteSource> compressed)
        : name_(std::move(name)), compressed_(std::move(compressed)), buffer_(1U << 18U) {
        constexpr int gzip_only = 16 + MAX_WBITS;
        PAWL_ASSERT(::inflateInit2(&stream_, gzip_only) == Z_OK);
    }
    ~GzipBytes() override { ::inflateEnd(&stream_); }

    Result<std::string_view> next() override {
        if (fault_ != nullptr) return damaged(fault_);
        while (true) {
            if (stream_.avail_in == 0) {
                auto piece = compressed_->next();
                if (!piece.ok()) return piece;
                if (piece->empty()) {
                    if (between_members_) return std::string_view();
                    return damaged("ends early; the file is truncated");
                }
                // zlib's interface is older than const; it does not write here.
                stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece->data()));
                stream_.avail_in = static_cast<uInt>(piece->size());
            }
            if (std::exchange(between_members_, false)) ::inflateReset(&stream_);
            stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
            stream_.avail_out = static_cast<uInt>(buffer_.size());
            const int result = ::inflate(&stream_, Z_NO_FLUSH);
            if (result == Z_STREAM_END) {
                between_members_ = true;
            } else if (result != Z_OK && result != Z_BUF_ERROR) {
                fault_ = stream_.msg != nullptr ? stream_.msg : "cannot be decoded";
            }
            const std::size_t got = buffer_.size() - stream_.avail_out;
            out_ += got;
            if (got == 0 && fault_ != nullptr) return damaged(fault_);
            if (got > 0) return std::string_view(buffer_.data(), got);
        }
    }
    Progress progress() const override { return compressed_->progress(); }

private:
    Error damaged(const char* what) const {
        return {
            ErrorCode::bad_input,
            fmt::format("{}: gzip data: {} ({} bytes were decoded before); fetch the file again",
                        name_, what, out_)};
    }

    std::string name_;
    std::unique_ptr<ByteSource> compressed_;
    z_stream stream_{};
    std::vector<char> buffer_;
    std::uint64_t out_ = 0;
    bool between_members_ = false;
    const char* fault_ = nullptr;  // told once what was decoded before it has been handed out
};

}  // namespace

std::unique_ptr<ByteSource> gzip_bytes(std::string name, std::unique_ptr<ByteSource> compressed) {
    return std::make_unique<GzipBytes>(std::move(name), std::move(compressed));
}

}  // namespace pawl::cli
