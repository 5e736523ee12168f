#include "base/process_use.h"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace sslsniff {

/// proc(5), "statm" and "fd".
ProcessUse own_use() {
    ProcessUse use;
    timespec spent{};
    if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0) {
        constexpr std::uint64_t kSecond = 1'000'000'000;
        use.cpu_nanoseconds =
            static_cast<std::uint64_t>(spent.tv_sec) * kSecond + static_cast<std::uint64_t>(spent.tv_nsec);
    }
    std::ifstream statm("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    if (statm >> size >> resident) {
        use.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    std::error_code error;
    const std::filesystem::directory_iterator files("/proc/self/fd", error);
    if (!error) {
        use.open_files = static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
    }
    return use;
}

}  // namespace sslsniff
