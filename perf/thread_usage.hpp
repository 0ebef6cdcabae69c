// What the system counts for one thread: page faults, and how often it lost its core. Knows the
// operating system.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace pawl::perf {

struct ThreadUsage {
    double page_faults = 0;    // with and without a disk
    double switched_away = 0;  // lost its core without asking for it; not known of other threads

    ThreadUsage operator-(const ThreadUsage& before) const noexcept {
        return {page_faults - before.page_faults, switched_away - before.switched_away};
    }
    ThreadUsage& operator+=(const ThreadUsage& more) noexcept {
        page_faults += more.page_faults;
        switched_away += more.switched_away;
        return *this;
    }
};

inline ThreadUsage usage_of_this_thread() noexcept {
    rusage used{};
    if (::getrusage(RUSAGE_THREAD, &used) != 0) return {};
    return {static_cast<double>(used.ru_minflt + used.ru_majflt),
            static_cast<double>(used.ru_nivcsw)};
}

// Of the thread of this process that has this name; nothing when there is none.
inline ThreadUsage usage_of_thread(const std::string& name) {
    std::error_code gone;  // threads come and go while they are listed
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
        std::string known;
        std::getline(std::ifstream(task.path() / "comm"), known);
        if (known != name) continue;
        std::string line;
        std::getline(std::ifstream(task.path() / "stat"), line);
        const std::size_t end_of_name = line.rfind(')');
        if (end_of_name == std::string::npos) return {};
        std::istringstream fields(line.substr(end_of_name + 1));
        std::string field;
        ThreadUsage usage;
        // the name is field 2; minor faults are field 10, major ones field 12
        for (int number = 3; number <= 12 && fields >> field; ++number)
            if (number == 10 || number == 12) usage.page_faults += std::stod(field);
        return usage;
    }
    return {};
}

}  // namespace pawl::perf
