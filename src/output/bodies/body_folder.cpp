#include "output/bodies/body_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

Result<UniqueFd> open_directory(const std::string& path) {
    static constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return fail(fmt::format("cannot make the folder {}: {}", printable(path),
                                std::generic_category().message(errno)));
    }
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
    if (!fd) {
        return fail(fmt::format("cannot save bodies in {}: {}", printable(path),
                                std::generic_category().message(errno)));
    }
    return fd;
}

}  // namespace

Result<std::unique_ptr<BodyFolder>> BodyFolder::create(const std::string& path) {
    auto fd = open_directory(path);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    std::unique_ptr<BodyFolder> folder(new BodyFolder);
    folder->directory_.fd = *std::move(fd);
    folder->directory_.path = path;
    return folder;
}

std::shared_ptr<BodyRecord> BodyFolder::open(std::string_view content_encoding) {
    return std::make_shared<BodyFile>(directory_, std::string(content_encoding));
}

Result<void> BodyFolder::status() const {
    return directory_.error.empty() ? Result<void>() : fail(directory_.error);
}

}  // namespace sslsniff
