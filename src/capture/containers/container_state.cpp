#include "capture/containers/container_state.h"

#include <array>
#include <cstddef>
#include <ranges>
#include <vector>

#include "base/json_walk.h"

namespace sslsniff {
namespace {

/// A place in a JSON text, and what it says.
struct Place {
    std::string_view path;
    std::string* value;
};

/// Takes the texts at these places; whether there were any.
bool take_texts(ByteView json, std::initializer_list<Place> places) {
    bool any = false;
    walk_json(json, [&](std::string_view path, const JsonValue& value) {
        for (const Place& place : places) {
            if (value.is_text() && path == place.path && place.value->empty()) {
                *place.value = value.text;
                any = true;
            }
        }
    });
    return any;
}

std::vector<std::string_view> words_of(std::string_view text, char separator) {
    std::vector<std::string_view> words;
    for (const auto word : std::views::split(text, separator)) {
        words.emplace_back(word.begin(), word.end());
    }
    return words;
}

}  // namespace

void split_kubernetes_name(ContainerNames& names) {
    constexpr std::size_t kContainer = 1;
    constexpr std::size_t kPod = 2;
    constexpr std::size_t kNamespace = 3;
    constexpr std::size_t kParts = 6;
    const std::string name = names.name;
    const auto parts = words_of(name, '_');
    if (parts.size() != kParts || parts.front() != "k8s") {
        return;
    }
    names.name = parts[kContainer];
    names.pod = parts[kPod];
    names.pod_namespace = parts[kNamespace];
}

std::optional<ContainerNames> parse_docker_container(ByteView json) {
    ContainerNames names;
    std::string container;
    if (!take_texts(json, {{"Name", &names.name},
                           {"Config.Image", &names.image},
                           {"Config.Labels.io.kubernetes.container.name", &container},
                           {"Config.Labels.io.kubernetes.pod.name", &names.pod},
                           {"Config.Labels.io.kubernetes.pod.namespace", &names.pod_namespace}})) {
        return std::nullopt;
    }
    names.runtime = "docker";
    names.name.erase(0, names.name.starts_with('/') ? 1 : 0);
    if (names.pod.empty()) {
        split_kubernetes_name(names);
    } else if (!container.empty()) {
        names.name = container;
    }
    return names;
}

std::optional<ContainerNames> parse_storage_container(ByteView json, std::string_view id) {
    // An array of objects, which each begin with their id; the text is walked once.
    ContainerNames names;
    std::string metadata;
    bool is_wanted = false;
    bool found = false;
    walk_json(json, [&](std::string_view path, const JsonValue& value) {
        if (path == "[].id") {
            is_wanted = value.is_text() && value.text == id;
            found = found || is_wanted;
        } else if (is_wanted && path == "[].names[]" && names.name.empty()) {
            names.name = value.text;
        } else if (is_wanted && path == "[].metadata") {
            metadata = value.text;
        }
    });
    if (!found) {
        return std::nullopt;
    }
    std::string own;
    std::string of_pod;
    take_texts(metadata, {{"name", &own}, {"image-name", &names.image}, {"pod-name", &of_pod}});
    names.runtime = of_pod.empty() ? "podman" : "cri-o";
    names.name = own.empty() ? names.name : own;
    split_kubernetes_name(names);
    return names;
}

std::optional<ContainerNames> parse_containerd_container(ByteView json, std::string_view id) {
    ContainerNames names;
    std::string of_nerdctl;
    std::string version;
    if (!take_texts(json, {{"ociVersion", &version},
                           {"annotations.io.kubernetes.cri.container-name", &names.name},
                           {"annotations.io.kubernetes.cri.image-name", &names.image},
                           {"annotations.io.kubernetes.cri.sandbox-name", &names.pod},
                           {"annotations.io.kubernetes.cri.sandbox-namespace", &names.pod_namespace},
                           {"annotations.nerdctl/name", &of_nerdctl}})) {
        return std::nullopt;
    }
    names.runtime = "containerd";
    if (names.name.empty()) {
        constexpr std::size_t kMadeUp = 64;  // digits of ids that nobody chose
        names.name = !of_nerdctl.empty() ? of_nerdctl : id.size() < kMadeUp ? std::string(id) : std::string();
    }
    return names;
}

std::optional<ConmonArguments> parse_conmon(ByteView command_line) {
    const auto words = words_of(command_line, '\0');
    if (words.empty() || !words.front().ends_with("conmon")) {
        return std::nullopt;
    }
    ConmonArguments out;
    constexpr std::string_view kExitArgument = "--exit-command-arg";
    bool root_follows = false;
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        const std::string_view value = words[i + 1];
        if (words[i] == "-c" && out.id.empty()) {
            out.id = value;
        } else if (words[i] == "-n" && out.name.empty()) {
            out.name = value;
        } else if (words[i] == kExitArgument) {
            if (root_follows) {
                out.root = value;
            }
            root_follows = out.root.empty() && value == "--root";
        }
    }
    return out.id.empty() ? std::nullopt : std::optional(out);
}

}  // namespace sslsniff
