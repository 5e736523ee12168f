#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/process.h"

namespace sslsniff {

// What container runtimes keep on disk of a container, each in a form of its own; hostile only as far as
// images and their labels are. Nothing where a text says nothing of it.

/// Docker: containers/ID/config.v2.json below its root (/var/lib/docker).
std::optional<ContainerNames> parse_docker_container(ByteView json);

/// containers/storage, which podman and CRI-O use: overlay-containers/containers.json below its root. Of the
/// container `id` alone; what the two write about it is JSON within a string.
std::optional<ContainerNames> parse_storage_container(ByteView json, std::string_view id);

/// containerd: io.containerd.runtime.v2.task/NAMESPACE/ID/config.json below its state folder, with the
/// annotations of its CRI plugin and of nerdctl. `id` is the name of containers that have no other.
std::optional<ContainerNames> parse_containerd_container(ByteView json, std::string_view id);

/// What conmon, which watches each container of podman and CRI-O, was told on its command line.
struct ConmonArguments {
    std::string id;    ///< -c
    std::string name;  ///< -n
    std::string root;  ///< of containers/storage: what follows --root, for podman
};
/// `command_line` as in /proc/PID/cmdline. Nothing where it is no conmon's.
std::optional<ConmonArguments> parse_conmon(ByteView command_line);

/// Names that the kubelet's runtimes make: "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT" (dockershim and
/// cri-dockerd, CRI-O). Takes such a name apart; any other stays as it is.
void split_kubernetes_name(ContainerNames& names);

}  // namespace sslsniff
