#include "capture/discovery/overlay_layers.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fstream>
#include <iterator>
#include <ranges>

#include "base/unique_fd.h"
#include "capture/discovery/elf_image.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxMountinfo = std::size_t{16} << 20;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (const auto part : std::views::split(text, separator)) {
        parts.emplace_back(part.begin(), part.end());
    }
    return parts;
}

/// The kernel writes blanks, commas and the like as \NNN (seq_escape()).
std::string unescape_octal(std::string_view text) {
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string_view digits = text[at] == '\\' ? text.substr(at + 1, 3) : std::string_view();
        if (digits.size() == 3 && std::ranges::all_of(digits, is_octal)) {
            out += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
            at += 3;
        } else {
            out += text[at];
        }
    }
    return out;
}

/// "a:b", where a backslash takes its meaning from a colon.
std::vector<std::string> split_layers(std::string_view text) {
    std::vector<std::string> layers(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) {
            layers.back() += text[++at];
        } else if (text[at] == ':') {
            layers.emplace_back();
        } else {
            layers.back() += text[at];
        }
    }
    std::erase(layers, "");
    return layers;
}

/// `path` below `folder`, with its '/'; nothing when it is not.
std::optional<std::string_view> below(std::string_view path, std::string_view folder) {
    if (folder == "/") {
        return path;
    }
    if (!path.starts_with(folder) || (path.size() > folder.size() && path[folder.size()] != '/')) {
        return std::nullopt;
    }
    return path.substr(folder.size());
}

struct Mount {
    std::string root;
    std::string point;
    std::string_view options;  ///< of the file system
    bool is_overlay = false;
};

/// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS
std::optional<Mount> parse_mount(std::string_view line) {
    static constexpr std::string_view kDash = " - ";
    const auto dash = line.find(kDash);
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = split(line.substr(0, dash), ' ');
    const auto second = split(line.substr(dash + kDash.size()), ' ');
    if (first.size() < 6 || second.size() < 3) {
        return std::nullopt;
    }
    return Mount{unescape_octal(first[3]), unescape_octal(first[4]), second[2], second[0] == "overlay"};
}

std::string joined(std::string_view layer, std::string_view root, std::string_view rest) {
    return std::string(layer).append(root == "/" ? "" : root).append(rest);
}

LayerPaths layers_of(const Mount& mount, std::string_view rest) {
    LayerPaths paths;
    for (const std::string_view option : split(mount.options, ',')) {
        const auto equals = std::min(option.find('='), option.size());
        const std::string_view name = option.substr(0, equals);
        const std::string value = unescape_octal(option.substr(std::min(equals + 1, option.size())));
        if (name == "upperdir") {
            paths.upper = joined(value, mount.root, rest);
        } else if (name == "lowerdir+" && !value.empty()) {
            paths.lower.push_back(joined(value, mount.root, rest));
        } else if (name == "lowerdir") {
            for (const std::string& layer : split_layers(value)) {
                paths.lower.push_back(joined(layer, mount.root, rest));
            }
        }
    }
    return paths;
}

/// The path in its mount namespace without symbolic links, if the file lies on overlayfs.
std::optional<std::string> path_on_overlay(const std::string& view) {
    static constexpr std::string_view kDeleted = " (deleted)";
    const UniqueFd fd(::open(view.c_str(), O_PATH | O_CLOEXEC));
    struct statfs info{};
    if (!fd || ::fstatfs(fd.get(), &info) != 0 || info.f_type != OVERLAYFS_SUPER_MAGIC) {
        return std::nullopt;
    }
    std::array<char, PATH_MAX> link{};
    const std::string self = "/proc/self/fd/" + std::to_string(fd.get());
    const ssize_t length = ::readlink(self.c_str(), link.data(), link.size());
    std::string path(link.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    if (path.ends_with(kDeleted)) {
        path.resize(path.size() - kDeleted.size());
    }
    return path;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    text.resize(std::min(text.size(), kMaxMountinfo));
    return text;
}

/// What the layer's file says as well when it is the one that overlayfs shows.
bool is_shown_as(const FileStamp& file, const FileStamp& view) {
    return file.size == view.size && file.modified == view.modified && file.changed == view.changed;
}

}  // namespace

std::optional<LayerPaths> layer_paths(std::string_view mountinfo, std::string_view path) {
    std::optional<Mount> found;
    std::string_view rest;
    for (const std::string_view line : split(mountinfo, '\n')) {
        auto mount = parse_mount(line);
        const auto inside = mount ? below(path, mount->point) : std::nullopt;
        // Of several in one place, the last one covers the others.
        if (inside && (!found || mount->point.size() >= found->point.size())) {
            found = std::move(mount);
            rest = *inside;
        }
    }
    if (!found || !found->is_overlay) {
        return std::nullopt;
    }
    return layers_of(*found, rest);
}

FilesBelow files_below(const std::string& view, const std::string& mountinfo_file) {
    const auto path = path_on_overlay(view);
    const auto shown = path ? stamp_of(view) : std::nullopt;
    const auto layers = shown ? layer_paths(read_file(mountinfo_file), *path) : std::nullopt;
    FilesBelow files;
    if (!layers) {
        return files;
    }
    if (const auto upper = stamp_of(layers->upper); upper && is_shown_as(*upper, *shown)) {
        files.shown = layers->upper;
    }
    const auto lower =
        std::ranges::find_if(layers->lower, [](const auto& each) { return stamp_of(each).has_value(); });
    if (lower == layers->lower.end()) {
        return files;
    }
    if (!files.shown.empty()) {
        files.shadowed = *lower;
    } else if (is_shown_as(*stamp_of(*lower), *shown)) {  // else these are not its layers
        files.shown = *lower;
    }
    return files;
}

}  // namespace sslsniff
