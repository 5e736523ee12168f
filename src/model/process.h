#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace sslsniff {

/// Identifies a process beyond pid reuse.
struct ProcessKey {
    std::uint32_t pid = 0;         ///< tgid in the initial pid namespace; 0 when unknown (foreign captures)
    std::uint64_t start_time = 0;  ///< ns since boot (task_struct.start_boottime); 0 when unknown
    auto operator<=>(const ProcessKey&) const = default;
};

/// What the runtime of a container calls it. As good as its images and labels; empty where nobody knows.
struct ContainerNames {
    std::string runtime{};  ///< "docker", "podman", "cri-o", "containerd"
    std::string name{};     ///< of the container; in a pod, what the pod calls it
    std::string image{};    ///< as it was asked for: "docker.io/library/nginx:1.25"
    std::string pod{};      ///< of Kubernetes
    std::string pod_namespace{};
    bool operator==(const ContainerNames&) const = default;
};

struct ProcessInfo {
    ProcessKey key;
    std::string comm;            ///< at most 15 bytes (TASK_COMM_LEN - 1), chosen by the process: hostile
    std::string exe;             ///< path in the process's mount namespace; empty when unknown
    std::uint32_t uid = 0;       ///< real uid in the initial user namespace
    std::string container_id;    ///< 64 hex digits or the runtime's own form; empty outside containers
    ContainerNames container{};  ///< of the container with that id
    bool operator==(const ProcessInfo&) const = default;
};

}  // namespace sslsniff
