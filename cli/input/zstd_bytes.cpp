// Decompresses zstd. The only file that knows libzstd.
#include <fmt/format.h>
#include <zstd.h>

#include <utility>
#include <vector>

#include "cli/input/decoders.hpp"

namespace pawl::cli {

namespace {

class ZstdBytes final : public ByteSource {
public:
    ZstdBytes(std::string name, std::unique_ptr<ByteSource> compressed)
        : name_(std::move(name)),
          compressed_(std::move(compressed)),
          stream_(::ZSTD_createDStream()),
          buffer_(1U << 18U) {
        PAWL_ASSERT(stream_ != nullptr);
        // A frame may ask for this much memory and no more: a small hostile file must not take
        // gigabytes.
        ::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 27);
    }
    ~ZstdBytes() override { ::ZSTD_freeDStream(stream_); }

    Result<std::string_view> next() override {
        if (fault_ != nullptr) return damaged(fault_);
        while (true) {
            if (in_.pos == in_.size && !more_inside_) {
                auto piece = compressed_->next();
                if (!piece.ok()) return piece;
                if (piece->empty()) {
                    if (between_frames_) return std::string_view();
                    return damaged("ends early; the file is truncated");
                }
                in_ = {piece->data(), piece->size(), 0};
            }
            ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
            const std::size_t result = ::ZSTD_decompressStream(stream_, &out, &in_);
            if (::ZSTD_isError(result) != 0U) {
                fault_ = ::ZSTD_getErrorName(result);
                if (out.pos == 0) return damaged(fault_);
            }
            between_frames_ = result == 0;
            more_inside_ = !between_frames_ && out.pos == out.size;
            out_ += out.pos;
            if (out.pos > 0) return std::string_view(buffer_.data(), out.pos);
        }
    }
    Progress progress() const override { return compressed_->progress(); }

private:
    Error damaged(const char* what) const {
        return {
            ErrorCode::bad_input,
            fmt::format("{}: zstd data: {} ({} bytes were decoded before); fetch the file again",
                        name_, what, out_)};
    }

    std::string name_;
    std::unique_ptr<ByteSource> compressed_;
    ZSTD_DStream* stream_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    std::vector<char> buffer_;
    std::uint64_t out_ = 0;
    bool between_frames_ = false;
    const char* fault_ = nullptr;  // told once what was decoded before it has been handed out
    bool more_inside_ =
        false;  // the last output buffer was full: there may be more without new input
};

}  // namespace

std::unique_ptr<ByteSource> zstd_bytes(std::string name, std::unique_ptr<ByteSource> compressed) {
    return std::make_unique<ZstdBytes>(std::move(name), std::move(compressed));
}

}  // namespace pawl::cli
