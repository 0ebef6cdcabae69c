// Runs the built tool as a child process, in a folder of its own. Knows processes and files; not
// what the tool prints.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::tool_test {

// A folder that goes away, and with it the heads that killed engines left in memory.
class Folder {
public:
    Folder();
    explicit Folder(const std::filesystem::path& where);  // made there, under a name of its own
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string path(std::string_view name) const { return (folder_ / name).string(); }
    std::string write(std::string_view name, std::string_view text) const;

private:
    std::filesystem::path folder_;
};

// Removes what the journal in `directory` has in its memory file system.
void remove_heads(const std::filesystem::path& directory);

struct How {
    std::string input{};               // a file for standard input; empty: /dev/null
    std::string output{};              // a file for standard output; empty: kept in Ran::out
    std::string work_folder{};         // where it runs; empty: where the test runs
    std::function<void()> in_child{};  // after the descriptors are set, before exec
};

struct Ran {
    int exit_code = -1;  // -1: ended by `signal`
    int signal = 0;
    std::string out;
    std::string err;
};

// Waits for its end.
Ran run(const std::vector<std::string>& arguments, const How& how = {});

// A tool that runs beside the test. Killed, and waited for, by the destructor.
class Running {
public:
    explicit Running(const std::vector<std::string>& arguments, const How& how = {});
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    bool ends_within(std::chrono::milliseconds time);  // false: it still runs then
    void kill_now();                                   // kill -9, and gone
    Ran wait();                                        // to its own end
    std::string printed() const;                       // on standard output so far
    pid_t pid() const noexcept { return child_; }      // until it was waited for

private:
    bool own_out_;  // else it is a file that somebody else reads, if anybody can
    pid_t child_ = -1;
    int status_ = 0;
    bool ended_ = false;
    int out_ = -1;
    int err_ = -1;
};

std::string read_file(const std::string& path);  // decompressed
// The value behind "name": in one JSON object, as it is written; empty when there is none.
std::string json_field(std::string_view json, std::string_view name);

}  // namespace pawl::tool_test
