#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "capture/containers/container_state.h"
#include "model/process.h"

namespace sslsniff {

/// Knows containers by what their runtimes keep on disk: docker, podman, CRI-O, containerd. It asks no
/// daemon, and changes nothing. Bounded: what was found of 4,096 containers is remembered.
class ContainerRegistry {
  public:
    /// `root`: of the host. In a container with the host's PID namespace, its own "/" is not; /proc/1/root
    /// is. `proc`: where conmon's command line is.
    explicit ContainerRegistry(std::string root = "/proc/1/root", std::string proc = "/proc");

    /// Empty where no runtime knows it. A container that is not known is looked for three times, as its
    /// runtime may still be writing.
    const ContainerNames& find(const std::string& id);

  private:
    struct Entry {
        ContainerNames names;
        unsigned attempts = 0;
    };

    ContainerNames look_up(const std::string& id) const;
    std::optional<ContainerNames> find_in_docker(const std::string& id) const;
    std::optional<ContainerNames> find_in_containerd(const std::string& id) const;
    /// `storage`: the root of containers/storage.
    std::optional<ContainerNames> find_in_storage(const std::string& storage, const std::string& id) const;
    std::optional<ContainerNames> find_by_conmon(const std::string& id) const;

    std::string root_;
    std::string proc_;
    std::map<std::string, Entry> known_;
};

/// Whether `names`, or the container's id, is what --container means: its name, its whole id, or the
/// beginning of it, 4 digits at least.
bool is_called(const ContainerNames& names, std::string_view id, std::string_view wanted);
/// The same of -k: "NAMESPACE/POD".
bool is_of_pod(const ContainerNames& names, std::string_view wanted);

}  // namespace sslsniff
