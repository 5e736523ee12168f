#include "capture/live/pid_namespace.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "capture/live/bpf_objects.h"
#include "capture/live/libbpf_log.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

// enum init_ns_ino of the kernel's linux/nsfs.h
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;
constexpr std::size_t kLogLines = 12;
constexpr std::size_t kLeastPacket = 64;  // an Ethernet header at least: a test run refuses less

bool is_namespace(const char* path, ino_t inode) {
    struct stat status{};
    return stat(path, &status) == 0 && status.st_ino == inode;
}

/// How many PID namespaces "NSpid" of /proc/self/status has a number for: that of the proc file system, ours,
/// and those between. 0: we are in none that it shows.
std::size_t namespaces_shown() {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("NSpid:")) {
            std::istringstream words(line.substr(line.find(':') + 1));
            std::size_t count = 0;
            for (std::string word; words >> word;) {
                count++;
            }
            return count;
        }
    }
    return 0;
}

Result<pid_namespace_place> look_up() {
    const LibbpfLog log;
    const BpfObject object = open_bpf_object(BpfObjectName::pid_namespace, "sslsniff_pidns");
    const int error = object ? bpf_object__load(object.get()) : -errno;
    if (error != 0) {
        return fail(
            error == -EPERM
                ? std::string(kBpfNotPermitted)
                : fmt::format(
                      "The kernel refuses the program that looks for sslsniff's PID namespace ({}): {}",
                      std::strerror(-error), log.tail(kLogLines)));
    }
    const std::array<char, kLeastPacket> packet{};
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    run.data_in = packet.data();
    run.data_size_in = packet.size();
    run.repeat = 1;
    const int program = bpf_program__fd(bpf_object__find_program_by_name(object.get(), "find_pid_namespace"));
    const std::uint32_t key = 0;
    pid_namespace_place place{};
    if (bpf_prog_test_run_opts(program, &run) != 0 ||
        bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object.get(), ".bss"), &key, &place) != 0 ||
        place.address == 0) {
        return fail(
            "The kernel does not reveal sslsniff's PID namespace, so processes cannot be told apart: run it "
            "in the host's PID namespace (containers: --pid=host).");
    }
    return place;
}

}  // namespace

bool in_initial_pid_namespace() {
    return is_namespace("/proc/self/ns/pid", kInitialPidNamespace);
}

std::optional<std::string> pid_namespace_note() {
    if (in_initial_pid_namespace()) {
        return std::nullopt;
    }
    return "Only processes of sslsniff's own PID namespace are captured, not those of the host or of other "
           "containers "
           "(--pid=host gives a container the host's).";
}

Result<pid_namespace_place> find_pid_namespace() {
    if (in_initial_pid_namespace()) {
        return pid_namespace_place{};
    }
    return look_up();
}

Result<void> try_bpf() {
    const auto place = look_up();
    if (!place) {
        return std::unexpected(place.error());
    }
    return {};
}

std::optional<std::string> proc_obstacle() {
    const std::size_t shown = namespaces_shown();
    if (shown == 1) {
        return std::nullopt;
    }
    return shown == 0
               ? "/proc does not show sslsniff itself: mount the proc file system of its PID namespace there."
               : "/proc shows the processes of another PID namespace than sslsniff's own: mount its own "
                 "there "
                 "(mount -t proc proc /proc, unshare --mount-proc), or run sslsniff in that of the host.";
}

std::optional<std::string> user_namespace_obstacle() {
    struct stat status{};
    if (stat("/proc/self/ns/user", &status) != 0 || status.st_ino == kInitialUserNamespace) {
        return std::nullopt;  // a kernel without user namespaces has only one
    }
    return "sslsniff runs in a user namespace of its own (a rootless container), where the kernel permits no "
           "BPF "
           "programs: run it as the host's root.";
}

}  // namespace sslsniff
