#include "output/bodies/body_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {
namespace {

std::unexpected<Error> failed(const char* what, const std::string& path) {
    return fail(fmt::format("cannot {} {}: {}", what, printable(path), error_text(errno)));
}

/// An error with errno ENOENT in `missing` when nothing is there.
Result<UniqueFd> open_directory(const std::string& path, bool& missing) {
    static constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    UniqueFd fd(::open(path.c_str(), kFlags | O_NOFOLLOW));
    struct stat link{};
    if (!fd && ::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
        if (link.st_uid != 0 && link.st_uid != ::geteuid()) {
            return fail(
                fmt::format("will not save bodies in {}: it is a symbolic link of another user (uid {})",
                            printable(path), link.st_uid));
        }
        fd = UniqueFd(::open(path.c_str(), kFlags));
    }
    missing = !fd && errno == ENOENT;
    return fd ? Result<UniqueFd>(std::move(fd)) : failed("save bodies in", path);
}

std::string parent_of(std::string path) {
    path.resize(path.find_last_not_of('/') + 1);
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace

BodyFolder::BodyFolder(std::string path, std::uint64_t quota, std::optional<FileOwner> owner) {
    directory_.path = std::move(path);
    directory_.quota = quota;
    directory_.owner = owner;
}

Result<void> BodyFolder::check() {
    bool missing = false;
    auto fd = open_directory(directory_.path, missing);
    if (!fd && !missing) {
        return std::unexpected(fd.error());
    }
    if (missing && ::faccessat(AT_FDCWD, parent_of(directory_.path).c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        return failed("make the folder", directory_.path);
    }
    return {};
}

Result<void> BodyFolder::open() {
    const bool made = ::mkdir(directory_.path.c_str(), S_IRWXU) == 0;
    if (!made && errno != EEXIST) {
        return failed("make the folder", directory_.path);
    }
    bool missing = false;
    auto fd = open_directory(directory_.path, missing);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    directory_.fd = *std::move(fd);
    if (made) {
        give_to(directory_.fd.get(), directory_.owner);
    }
    return {};
}

std::shared_ptr<BodyRecord> BodyFolder::open(std::string_view content_encoding) {
    return std::make_shared<BodyFile>(directory_, std::string(content_encoding));
}

Result<void> BodyFolder::status() const {
    return directory_.error.empty() ? Result<void>() : fail(directory_.error);
}

}  // namespace sslsniff
