#include "capture/discovery/proc_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>

#include "base/unique_fd.h"
#include "capture/discovery/attach_plan.h"
#include "capture/discovery/container_id.h"

namespace sslsniff {
namespace {

/// A maps line has at most some 4,200 bytes and vm.max_map_count is 65,530 by default; typical files have 20
/// KiB.
constexpr std::size_t kMaxProcFile = std::size_t{64} << 20;

/// The whole file, at most kMaxProcFile bytes, or errno. proc files have no size to ask for.
std::expected<std::string, int> read_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) {
        return std::unexpected(errno);
    }
    std::string text;
    std::size_t used = 0;
    while (used < kMaxProcFile) {
        text.resize(std::max<std::size_t>(std::size_t{16} << 10, used * 2));
        const ssize_t count = ::read(fd.get(), text.data() + used, text.size() - used);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return std::unexpected(errno);
        }
        if (count == 0) {
            break;
        }
        used += static_cast<std::size_t>(count);
    }
    text.resize(used);
    return text;
}

template <class Number>
std::optional<Number> to_number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Words separated by white space.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        const auto begin = text.find_first_not_of(" \t\n");
        if (begin == std::string_view::npos) {
            return words;
        }
        text.remove_prefix(begin);
        words.push_back(text.substr(0, text.find_first_of(" \t\n")));
        text.remove_prefix(words.back().size());
    }
}

/// The words after "KEY:" at the start of a line of /proc/PID/status. The file escapes newlines in the
/// process name, so no name can look like another line.
std::vector<std::string_view> status_field(std::string_view status, std::string_view key) {
    while (!status.empty()) {
        const std::string_view line = status.substr(0, status.find('\n'));
        status.remove_prefix(std::min(line.size() + 1, status.size()));
        if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) {
            return words_of(line.substr(key.size() + 1));
        }
    }
    return {};
}

struct Stat {
    std::string comm;
    pid_t parent = 0;
    std::uint64_t start_ticks = 0;
    char state = '?';
    bool had_children = false;
};

/// "PID (COMM) STATE PPID ... " (proc_pid_stat(5)); COMM may itself hold parentheses, spaces and newlines.
std::optional<Stat> parse_stat(std::string_view text) {
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    const auto fields = words_of(text.substr(close + 1));
    constexpr std::size_t kParent = 4 - 3;  // fields are numbered from 1; STATE is the third
    // Faults and times of children that were waited for: cminflt, cmajflt, cutime, cstime.
    constexpr std::array<std::size_t, 4> kOfChildren = {11 - 3, 13 - 3, 16 - 3, 17 - 3};
    constexpr std::size_t kStartTime = 22 - 3;
    if (fields.size() <= kStartTime) {
        return std::nullopt;
    }
    const auto parent = to_number<pid_t>(fields[kParent]);
    const auto start = to_number<std::uint64_t>(fields[kStartTime]);
    if (!parent || !start) {
        return std::nullopt;
    }
    const bool had_children =
        std::ranges::any_of(kOfChildren, [&](std::size_t n) { return fields[n] != "0"; });
    return Stat{std::string(text.substr(open + 1, close - open - 1)), *parent, *start, fields.front().front(),
                had_children};
}

std::uint64_t ticks_to_nanoseconds(std::uint64_t ticks) {
    static const auto ticks_per_second = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
    return ticks * (1'000'000'000 / ticks_per_second);
}

}  // namespace

std::string ProcFs::entry(pid_t pid, std::string_view name) const {
    return fmt::format("{}/{}/{}", root_, pid, name);
}

ProcFailure ProcFs::failure(pid_t pid, std::string_view what, int error) const {
    if (error == ENOENT || error == ESRCH) {
        return {true, fmt::format("process {} does not exist", pid), {}};
    }
    if (error == EACCES || error == EPERM) {
        constexpr std::string_view kWhy = "is not permitted: it takes root with CAP_SYS_PTRACE";
        return {false, fmt::format("reading {} of process {} {}", what, pid, kWhy),
                fmt::format("reading {} {}", what, kWhy)};
    }
    return {false, fmt::format("{} of process {} cannot be read: {}", what, pid, std::strerror(error)),
            fmt::format("{} cannot be read: {}", what, std::strerror(error))};
}

ProcResult<std::vector<pid_t>> ProcFs::processes() const {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(root_.c_str()), &::closedir);
    if (!folder) {
        return std::unexpected(ProcFailure{
            false,
            fmt::format("{} cannot be listed: {}; is proc mounted there?", root_, std::strerror(errno)),
            {}});
    }
    std::vector<pid_t> pids;
    while (const dirent* item = ::readdir(folder.get())) {
        if (const auto pid = to_number<pid_t>(item->d_name); pid && *pid > 0) {
            pids.push_back(*pid);
        }
    }
    std::ranges::sort(pids);
    return pids;
}

ProcResult<ProcessStatus> ProcFs::status(pid_t pid) const {
    const auto stat_text = read_file(entry(pid, "stat"));
    if (!stat_text) {
        return std::unexpected(failure(pid, "the state", stat_text.error()));
    }
    auto stat = parse_stat(*stat_text);
    if (!stat) {
        return std::unexpected(failure(pid, "the state", EINVAL));
    }
    const auto status_text = read_file(entry(pid, "status"));
    if (!status_text) {
        return std::unexpected(failure(pid, "the status", status_text.error()));
    }
    ProcessStatus result;
    result.info.key.pid = static_cast<std::uint32_t>(pid);
    result.info.key.start_time = ticks_to_nanoseconds(stat->start_ticks);
    result.info.comm = std::move(stat->comm);
    result.parent = stat->parent;
    result.is_zombie = stat->state == 'Z';
    result.had_children = stat->had_children;
    result.pid_in_namespace = pid;
    if (const auto uid = status_field(*status_text, "Uid"); !uid.empty()) {
        result.info.uid = to_number<std::uint32_t>(uid.front()).value_or(0);
    }
    if (const auto pids = status_field(*status_text, "NSpid"); !pids.empty()) {
        result.pid_in_namespace = to_number<pid_t>(pids.back()).value_or(pid);
    }
    result.info.container_id = container_id(pid);
    result.info.exe = executable(pid, &result.exe_deleted);
    return result;
}

std::string ProcFs::executable(pid_t pid, bool* deleted) const {
    static constexpr std::string_view kDeleted = " (deleted)";
    std::array<char, 4097> link{};
    const ssize_t length = ::readlink(entry(pid, "exe").c_str(), link.data(), link.size());
    std::string exe(link.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    const bool is_deleted = exe.ends_with(kDeleted);
    if (is_deleted) {
        exe.resize(exe.size() - kDeleted.size());
    }
    if (deleted != nullptr) {
        *deleted = is_deleted;
    }
    return exe;
}

std::string ProcFs::container_id(pid_t pid) const {
    const std::string cgroup = read_file(entry(pid, "cgroup")).value_or(std::string());
    if (std::string id = container_id_of(cgroup); !id.empty()) {
        return id;
    }
    return containerd_id_of(cgroup);
}

ProcResult<std::vector<Mapping>> ProcFs::executable_mappings(pid_t pid) const {
    const auto text = read_file(entry(pid, "maps"));
    if (!text) {
        return std::unexpected(failure(pid, "the memory map", text.error()));
    }
    return parse_executable_mappings(*text);
}

std::vector<pid_t> ProcFs::with_descendants(const std::vector<pid_t>& parents) const {
    std::multimap<pid_t, pid_t> children;
    std::set<pid_t> existing;
    for (const pid_t pid : processes().value_or(std::vector<pid_t>{})) {
        if (const auto text = read_file(entry(pid, "stat"))) {
            if (const auto stat = parse_stat(*text)) {
                children.emplace(stat->parent, pid);
                existing.insert(pid);
            }
        }
    }
    std::set<pid_t> family;
    std::vector<pid_t> pending;
    std::ranges::copy_if(parents, std::back_inserter(pending),
                         [&](pid_t pid) { return existing.contains(pid); });
    while (!pending.empty()) {
        const pid_t pid = pending.back();
        pending.pop_back();
        if (family.insert(pid).second) {
            const auto [first, last] = children.equal_range(pid);
            std::transform(first, last, std::back_inserter(pending),
                           [](const auto& child) { return child.second; });
        }
    }
    return {family.begin(), family.end()};
}

std::string ProcFs::mapping_path(pid_t pid, const Mapping& mapping) const {
    return entry(pid, fmt::format("map_files/{:x}-{:x}", mapping.start, mapping.end));
}

std::uint64_t ProcFs::kernel_tls_sessions(pid_t pid) const {
    const auto text = read_file(entry(pid, "net/tls_stat"));
    if (!text) {
        return 0;
    }
    const auto words = words_of(*text);  // "NAME VALUE" lines
    std::uint64_t sessions = 0;
    for (std::size_t at = 0; at + 1 < words.size(); at += 2) {
        if (words[at].starts_with("TlsCurr")) {
            sessions += to_number<std::uint64_t>(words[at + 1]).value_or(0);
        }
    }
    return sessions;
}

bool ProcFs::uses_io_uring(pid_t pid) const {
    constexpr std::string_view kIoUring = "anon_inode:[io_uring]";
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(entry(pid, "fd").c_str()), closedir);
    while (const dirent* each = folder ? readdir(folder.get()) : nullptr) {
        std::array<char, 64> target{};
        const ssize_t size =
            readlinkat(dirfd(folder.get()), std::data(each->d_name), target.data(), target.size());
        if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == kIoUring) {
            return true;
        }
    }
    return false;
}

FileRoot ProcFs::file_root(pid_t pid) const {
    const auto id_of = [](const std::string& path) {
        struct stat info{};
        return ::stat(path.c_str(), &info) == 0 ? std::optional(FileId{info.st_dev, info.st_ino})
                                                : std::nullopt;
    };
    const auto root = id_of(entry(pid, "root"));
    const bool same = root == id_of("/") && id_of(entry(pid, "ns/mnt")) == id_of("/proc/self/ns/mnt");
    return !root || same ? FileRoot() : FileRoot{entry(pid, "root"), mountinfo_path(pid)};
}

std::string ProcFs::environment(pid_t pid, std::string_view name) const {
    constexpr int kTries = 10;
    constexpr timespec kPause{0, 100'000};
    auto text = read_file(entry(pid, "environ"));
    // Inside of execve(2) it is empty until the program is mapped.
    for (int i = 0; i < kTries && text && text->empty(); ++i) {
        ::nanosleep(&kPause, nullptr);
        text = read_file(entry(pid, "environ"));
    }
    for (const auto part : std::views::split(text.value_or(std::string()), '\0')) {
        const std::string_view variable(part.begin(), part.end());
        if (variable.starts_with(name) && variable.substr(name.size()).starts_with('=')) {
            return std::string(variable.substr(name.size() + 1));
        }
    }
    return {};
}

std::string ProcFs::path_of_process(pid_t pid, const std::string& path) const {
    return entry(pid, "root") + path;
}

}  // namespace sslsniff
