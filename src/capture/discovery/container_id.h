#pragma once

#include <string>
#include <string_view>

namespace sslsniff {

/// The container that a cgroup is of, by the path of the cgroup as the runtimes make it, the innermost first:
/// 64 hex digits (docker, containerd, CRI-O, podman), the name behind "lxc.payload." (lxc), of a machine
/// (machine-NAME.scope, systemd-nspawn@NAME.service; machine-qemu... are no containers). Empty when there is
/// none.
std::string container_id_of_path(std::string_view path);

/// The same of the text of /proc/PID/cgroup.
std::string container_id_of(std::string_view cgroup);

/// The container of a cgroup /NAMESPACE/ID, as containerd makes it for `ctr` and others that choose the id:
/// only where `tasks` (containerd's state) has a folder of that name. Empty when there is none.
std::string containerd_id_of(std::string_view cgroup,
                             const std::string& tasks = "/run/containerd/io.containerd.runtime.v2.task");

}  // namespace sslsniff
