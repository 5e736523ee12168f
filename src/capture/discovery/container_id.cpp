#include "capture/discovery/container_id.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <ranges>
#include <vector>

namespace sslsniff {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (const auto part : std::views::split(text, separator)) {
        if (!part.empty()) {
            parts.emplace_back(part.begin(), part.end());
        }
    }
    return parts;
}

/// The last run of just 64 hex digits.
std::string long_id_in(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    constexpr std::size_t kLength = 64;
    std::string found;
    for (std::size_t at = text.find_first_of(kHex); at != std::string_view::npos;) {
        const auto end = std::min(text.find_first_not_of(kHex, at), text.size());
        if (end - at == kLength) {
            found = text.substr(at, kLength);
        }
        at = text.find_first_of(kHex, end);
    }
    return found;
}

/// What stands between `prefix` and `suffix`.
std::optional<std::string_view> between(std::string_view text, std::string_view prefix,
                                        std::string_view suffix) {
    if (!text.starts_with(prefix) || !text.ends_with(suffix) ||
        text.size() <= prefix.size() + suffix.size()) {
        return std::nullopt;
    }
    text.remove_prefix(prefix.size());
    text.remove_suffix(suffix.size());
    return text;
}

/// systemd writes what is special in names of units as \xNN (systemd.unit(5)).
std::string unescape_unit(std::string_view name) {
    std::string out;
    for (std::size_t at = 0; at < name.size(); ++at) {
        unsigned byte = 0;
        const std::string_view digits = name.substr(at).starts_with("\\x") ? name.substr(at + 2, 2) : "";
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        const bool escaped = digits.size() == 2 && error == std::errc{} && end == digits.data() + 2;
        out += escaped ? static_cast<char>(byte) : name[at];
        at += escaped ? 3 : 0;
    }
    return out;
}

/// By its name alone.
std::string id_in_name(std::string_view name) {
    if (std::string id = long_id_in(name); !id.empty()) {
        return id;
    }
    if (const auto id = between(name, "lxc.payload.", "")) {
        return std::string(*id);
    }
    if (const auto id = between(name, "systemd-nspawn@", ".service")) {
        return unescape_unit(*id);
    }
    const auto machine = between(name, "machine-", ".scope");
    return machine && !machine->starts_with("qemu") ? unescape_unit(*machine) : "";
}

/// The path in a line of /proc/PID/cgroup, "HIERARCHY:CONTROLLERS:PATH" (cgroups(7)).
std::string_view path_of_line(std::string_view line) {
    const auto controllers = line.find(':');
    const auto path = controllers == std::string_view::npos ? controllers : line.find(':', controllers + 1);
    return path == std::string_view::npos ? std::string_view() : line.substr(path + 1);
}

bool is_folder(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

std::string container_id_of_path(std::string_view path) {
    for (const std::string_view name : split(path, '/') | std::views::reverse) {
        if (std::string id = id_in_name(name); !id.empty()) {
            return id;
        }
    }
    return {};
}

std::string container_id_of(std::string_view cgroup) {
    for (const std::string_view line : split(cgroup, '\n') | std::views::reverse) {
        if (std::string id = container_id_of_path(path_of_line(line)); !id.empty()) {
            return id;
        }
    }
    return {};
}

std::string containerd_id_of(std::string_view cgroup, const std::string& tasks) {
    for (const std::string_view line : split(cgroup, '\n') | std::views::reverse) {
        const auto names = split(path_of_line(line), '/');
        const bool two = names.size() == 2 && names.front() != ".." && names.back() != "..";
        if (two && is_folder(tasks + "/" + std::string(names.front()) + "/" + std::string(names.back()))) {
            return std::string(names.back());
        }
    }
    return {};
}

}  // namespace sslsniff
