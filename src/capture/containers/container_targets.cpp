#include "capture/containers/container_targets.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

/// 5 seconds.
constexpr unsigned kLooks = 50;

}  // namespace

ContainerTargets::ContainerTargets(std::vector<std::string> containers, std::vector<std::string> pods,
                                   ContainerRegistry& registry, ProcFs proc)
    : containers_(std::move(containers)),
      pods_(std::move(pods)),
      registry_(registry),
      proc_(std::move(proc)) {}

bool ContainerTargets::is_wanted(pid_t pid) {
    const std::string id = proc_.container_id(pid);
    if (id.empty()) {
        return false;
    }
    const ContainerNames& names = registry_.find(id);
    return std::ranges::any_of(containers_,
                               [&](const auto& wanted) { return is_called(names, id, wanted); }) ||
           std::ranges::any_of(pods_, [&](const auto& wanted) { return is_of_pod(names, wanted); });
}

std::vector<pid_t> ContainerTargets::take_new(Clock now) {
    std::vector<pid_t> found;
    if (is_empty() || now < next_look_) {
        return found;
    }
    next_look_ = now + kInterval;
    const pid_t own = ::getpid();  // this program may run in one of them
    std::map<pid_t, unsigned> looks_left;
    for (const pid_t pid : proc_.processes().value_or(std::vector<pid_t>())) {
        const auto known = looks_left_.find(pid);
        unsigned left = known != looks_left_.end() ? known->second : kLooks;
        if (left != 0) {
            --left;
            if (pid != own && is_wanted(pid)) {
                found.push_back(pid);
                left = 0;
            }
        }
        looks_left.emplace(pid, left);
    }
    looks_left_ = std::move(looks_left);
    return found;
}

}  // namespace sslsniff
