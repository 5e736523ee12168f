#include "engine/targets.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "capture/containers/container_targets.h"
#include "capture/discovery/proc_fs.h"
#include "engine/descriptors.h"

namespace sslsniff {
namespace {

constexpr std::size_t kLongestComm = 15;  // TASK_COMM_LEN - 1

Result<uid_t> find_user(const std::string& user) {
    std::vector<char> buffer(64UL * 1024);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) {
        return found->pw_uid;
    }
    uid_t uid = 0;
    const auto* end = user.data() + user.size();
    const auto [rest, error] = std::from_chars(user.data(), end, uid);
    if (error != std::errc() || rest != end) {
        return fail(
            ErrorKind::not_found,
            fmt::format("there is no user '{}': give a name from /etc/passwd or a uid", printable(user)));
    }
    return uid;
}

}  // namespace

Result<TargetFilter> resolve_targets(const CaptureOptions& options, std::optional<pid_t> command) {
    TargetFilter filter;
    filter.pids = options.pids;
    filter.children = options.children;
    filter.everything = options.whole_host;
    filter.containers = options.containers;
    filter.pods = options.pods;
    if (command) {
        filter.pids.push_back(*command);
    }
    for (const auto& comm : options.comms) {
        filter.comms.push_back(comm.substr(0, kLongestComm));  // as the kernel cuts it
    }
    for (const auto& user : options.users) {
        auto uid = find_user(user);
        if (!uid) {
            return std::unexpected(uid.error());
        }
        filter.uids.push_back(*uid);
    }
    return filter;
}

bool is_named_target(const TargetFilter& filter, pid_t pid) {
    const ProcFs proc;
    const auto pids = filter.children ? proc.with_descendants(filter.pids) : filter.pids;
    if (std::ranges::find(pids, pid) != pids.end()) {
        return true;
    }
    ContainerRegistry registry;
    ContainerTargets of_containers(filter.containers, filter.pods, registry);
    if (!of_containers.is_empty() && of_containers.is_wanted(pid)) {
        return true;
    }
    const auto status = proc.status(pid);
    return status && (std::ranges::find(filter.comms, status->info.comm) != filter.comms.end() ||
                      std::ranges::find(filter.uids, status->info.uid) != filter.uids.end());
}

Result<std::vector<UniqueFd>> watch_processes(const CaptureOptions& options) {
    std::vector<UniqueFd> watched;
    // Other targets may come and go as long as they like: then -p alone does not end the capture.
    const bool only_pids = options.comms.empty() && options.users.empty() && options.containers.empty() &&
                           options.pods.empty() && !options.whole_host;
    for (const pid_t pid : options.pids) {
        auto fd = open_pidfd(pid);
        if (!fd) {
            return std::unexpected(fd.error());
        }
        if (only_pids) {
            watched.push_back(*std::move(fd));
        }
    }
    return watched;
}

}  // namespace sslsniff
