#include "control/control_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/number.h"
#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::string_view kSuffix = ".sock";
constexpr const char* kOfRoot = "/run/sslsniff";
constexpr const char* kOfService = "/run/sslsniff-service";  // RuntimeDirectory of packaging/systemd

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

std::string default_control_folder() {
    if (::geteuid() == 0) {
        return kOfRoot;
    }
    if (const char* given = std::getenv("RUNTIME_DIRECTORY"); given != nullptr && *given == '/') {
        const std::string_view folders = given;
        return std::string(folders.substr(0, folders.find(':')));
    }
    const char* own = std::getenv("XDG_RUNTIME_DIR");
    return own != nullptr && *own == '/' ? std::string(own) + "/sslsniff" : std::string();
}

std::vector<std::string> control_folders() {
    if (::geteuid() == 0) {
        return {kOfRoot, kOfService};
    }
    std::string own = default_control_folder();
    return own.empty() ? std::vector<std::string>() : std::vector<std::string>{std::move(own)};
}

std::string control_name(pid_t pid) {
    return fmt::format("{}{}", pid, kSuffix);
}

std::vector<pid_t> controlled_captures(const std::string& folder) {
    std::vector<pid_t> found;
    const std::unique_ptr<DIR, CloseFolder> opened(::opendir(folder.c_str()));
    while (const dirent* entry = opened ? ::readdir(opened.get()) : nullptr) {
        std::string_view name = static_cast<const char*>(entry->d_name);
        if (name.ends_with(kSuffix)) {
            name.remove_suffix(kSuffix.size());
            if (const auto pid = parse_number<pid_t>(name); pid && *pid > 0) {
                found.push_back(*pid);
            }
        }
    }
    std::ranges::sort(found);
    return found;
}

Result<UniqueFd> open_control_folder(const std::string& folder, bool make) {
    if (make && ::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return fail(error_kind(errno),
                    fmt::format("cannot make the folder {}: {}", printable(folder), error_text(errno)));
    }
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return fail(error_kind(errno),
                    fmt::format("cannot open the folder {}: {}", printable(folder), error_text(errno)));
    }
    return fd;
}

/// The path leads through the descriptor: it is short, and nobody can exchange the folder.
std::optional<sockaddr_un> socket_address(int folder, const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = fmt::format("/proc/self/fd/{}/{}", folder, name);
    if (path.size() >= sizeof address.sun_path) {
        return std::nullopt;
    }
    std::ranges::copy(path, static_cast<char*>(address.sun_path));
    return address;
}

void remove_if_forsaken(int folder, const std::string& name) {
    struct stat status{};
    const auto address = socket_address(folder, name);
    if (!address || ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISSOCK(status.st_mode)) {
        return;
    }
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 &&
        errno == ECONNREFUSED) {
        ::unlinkat(folder, name.c_str(), 0);
    }
}

}  // namespace sslsniff
