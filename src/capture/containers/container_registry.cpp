#include "capture/containers/container_registry.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace sslsniff {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kAttempts = 3;
constexpr std::size_t kMostKnown = 4096;
constexpr std::size_t kMostBytes = std::size_t{16} << 20U;  ///< of a file
/// Ids of docker, podman, CRI-O and of what the kubelet has containerd run.
constexpr std::size_t kIdLength = 64;

/// Empty when it cannot be read. Runtimes keep FIFOs beside their files: those are not waited for.
Bytes read_state(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    Bytes text;
    std::array<char, 64UL * 1024> part;
    while (fd && text.size() < kMostBytes) {
        const ssize_t got = ::read(fd.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return text;
}

std::vector<std::string> folders_in(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    return names;
}

/// What would lead out of a folder is no id.
bool is_safe(std::string_view id) {
    return !id.empty() && id.find('/') == std::string_view::npos && id != "." && id != "..";
}

bool is_number(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

/// Of the conmon that watches this container; what is watched for `exec` only has the id, too.
std::optional<ConmonArguments> find_conmon(const std::string& proc, const std::string& id) {
    for (const std::string& name : folders_in(proc)) {
        if (!is_number(name) || read_state(fmt::format("{}/{}/comm", proc, name)) != "conmon\n") {
            continue;
        }
        auto arguments = parse_conmon(read_state(fmt::format("{}/{}/cmdline", proc, name)));
        if (arguments && arguments->id == id && !arguments->name.empty()) {
            return arguments;
        }
    }
    return std::nullopt;
}

}  // namespace

ContainerRegistry::ContainerRegistry(std::string root, std::string proc)
    : root_(std::move(root)), proc_(std::move(proc)) {
    if (::access(root_.c_str(), X_OK) != 0) {
        root_.clear();  // without the privilege to look there, our own
    }
}

const ContainerNames& ContainerRegistry::find(const std::string& id) {
    if (known_.size() >= kMostKnown && !known_.contains(id)) {
        known_.clear();
    }
    Entry& entry = known_[id];
    if (entry.names.runtime.empty() && entry.attempts < kAttempts && is_safe(id)) {
        ++entry.attempts;
        entry.names = look_up(id);
    }
    return entry.names;
}

std::optional<ContainerNames> ContainerRegistry::find_in_docker(const std::string& id) const {
    return parse_docker_container(read_state(root_ + "/var/lib/docker/containers/" + id + "/config.v2.json"));
}

std::optional<ContainerNames> ContainerRegistry::find_in_containerd(const std::string& id) const {
    const std::string tasks = root_ + "/run/containerd/io.containerd.runtime.v2.task";
    for (const std::string& group : folders_in(tasks)) {
        if (auto names = parse_containerd_container(
                read_state(fmt::format("{}/{}/{}/config.json", tasks, group, id)), id)) {
            return names;
        }
    }
    return std::nullopt;
}

std::optional<ContainerNames> ContainerRegistry::find_in_storage(const std::string& storage,
                                                                 const std::string& id) const {
    for (const char* list : {"containers.json", "volatile-containers.json"}) {
        if (auto names =
                parse_storage_container(read_state(root_ + storage + "/overlay-containers/" + list), id)) {
            return names;
        }
    }
    return std::nullopt;
}

/// Anybody can start a program that is called conmon: what it says counts last.
std::optional<ContainerNames> ContainerRegistry::find_by_conmon(const std::string& id) const {
    const auto conmon = find_conmon(proc_, id);
    if (!conmon) {
        return std::nullopt;
    }
    if (auto names = conmon->root.starts_with('/') ? find_in_storage(conmon->root, id) : std::nullopt) {
        return names;
    }
    ContainerNames names{.runtime = "podman", .name = conmon->name};
    split_kubernetes_name(names);
    return names;
}

ContainerNames ContainerRegistry::look_up(const std::string& id) const {
    if (id.size() != kIdLength) {
        return find_in_containerd(id).value_or(ContainerNames());
    }
    return find_in_docker(id)
        .or_else([&] { return find_in_containerd(id); })
        .or_else([&] { return find_in_storage("/var/lib/containers/storage", id); })
        .or_else([&] { return find_by_conmon(id); })
        .value_or(ContainerNames());
}

bool is_called(const ContainerNames& names, std::string_view id, std::string_view wanted) {
    constexpr std::size_t kLeastDigits = 4;
    return !wanted.empty() &&
           (names.name == wanted || id == wanted ||
            (wanted.size() >= kLeastDigits && id.size() == kIdLength && id.starts_with(wanted)));
}

bool is_of_pod(const ContainerNames& names, std::string_view wanted) {
    const std::size_t slash = wanted.find('/');
    return slash != std::string_view::npos && !names.pod.empty() &&
           names.pod_namespace == wanted.substr(0, slash) && names.pod == wanted.substr(slash + 1);
}

}  // namespace sslsniff
