// Writing text files whole.
#include "cli/trading/text_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pawl::cli {

TextFile::TextFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".part") {
    file_ = std::fopen(temporary_.c_str(), "w");
    if (file_ == nullptr) failure_ = errno;
}

TextFile::~TextFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_.c_str());
}

Status TextFile::try_place(const std::string& path) {
    TextFile file(path);
    if (file.failure_ != 0) return file.error("create");
    struct stat facts{};
    if (::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) {
        file.failure_ = EISDIR;
        return file.error("create");
    }
    return Done{};
}

void TextFile::write(std::string_view text) {
    if (failure_ != 0) return;
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) failure_ = errno;
}

Status TextFile::finish() {
    if (file_ == nullptr) return error("create");
    if (failure_ == 0 && (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0)) failure_ = errno;
    if (failure_ != 0) return error("write");
    if (std::fclose(std::exchange(file_, nullptr)) != 0 ||
        std::rename(temporary_.c_str(), path_.c_str()) != 0) {
        failure_ = errno;
        return error("finish");
    }
    return Done{};
}

Error TextFile::error(const char* doing) const {
    const bool full = failure_ == ENOSPC || failure_ == EDQUOT;
    return Error{full ? ErrorCode::disk_full : ErrorCode::io,
                 path_ + ": cannot " + doing + ": " + std::strerror(failure_) +
                     (full ? ": make room and run the same command again"
                           : ": choose a place that can be written")};
}

}  // namespace pawl::cli
