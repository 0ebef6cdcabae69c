// Reads one small file.
#include "cli/command/secret_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace pawl::cli {

Result<std::string> read_secret(const std::string& path) {
    if (path.empty()) return std::string();
    std::ifstream file(path, std::ios::binary);
    std::string secret{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad())
        return Error{ErrorCode::io, path + ": cannot read: " + std::strerror(errno) +
                                        ": make one with 'openssl rand -hex 32'"};
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
    if (secret.empty())
        return Error{ErrorCode::usage,
                     path + ": has no secret in it: make one with 'openssl rand -hex 32'"};
    return secret;
}

}  // namespace pawl::cli
