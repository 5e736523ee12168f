#include "output/files/private_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"
#include "output/files/file_service.h"

namespace sslsniff {
namespace {

constexpr int kFileFlags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;

std::string parent_of(std::string path) {
    path.resize(path.find_last_not_of('/') + 1);
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace

std::unexpected<Error> PrivateFolder::failed(const std::string& what) const {
    return fail(ErrorKind::output,
                fmt::format("cannot {} {}: {}", what, printable(path_), error_text(errno)));
}

/// An error with `missing` when nothing is there.
Result<UniqueFd> PrivateFolder::find(bool& missing) const {
    static constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    UniqueFd fd(::open(path_.c_str(), kFlags | O_NOFOLLOW));
    struct stat link{};
    if (!fd && ::lstat(path_.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
        if (link.st_uid != 0 && link.st_uid != ::geteuid()) {
            return fail(ErrorKind::output,
                        fmt::format("will not {} {}: it is a symbolic link of another user (uid {})",
                                    purpose_, printable(path_), link.st_uid));
        }
        fd = UniqueFd(::open(path_.c_str(), kFlags));
    }
    missing = !fd && errno == ENOENT;
    return fd ? Result<UniqueFd>(std::move(fd)) : failed(purpose_);
}

Result<void> PrivateFolder::check() const {
    bool missing = false;
    auto fd = find(missing);
    if (!fd && !missing) {
        return std::unexpected(fd.error());
    }
    if (missing && ::faccessat(AT_FDCWD, parent_of(path_).c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        return failed("make the folder");
    }
    return {};
}

Result<void> PrivateFolder::open() {
    const bool made = ::mkdir(path_.c_str(), S_IRWXU) == 0;
    if (!made && errno != EEXIST) {
        return failed("make the folder");
    }
    bool missing = false;
    auto fd = find(missing);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    fd_ = *std::move(fd);
    if (made) {
        give_to(fd_.get(), rules_->owner());
    }
    number_ = rules_->grant(fd_.get());
    return {};
}

UniqueFd PrivateFolder::create(const std::string& name) const {
    if (FileService* service = rules_->service()) {
        return service->create(number_, name);
    }
    UniqueFd fd(::openat(fd_.get(), name.c_str(), kFileFlags | O_CREAT | O_EXCL, kFileMode));
    if (fd) {
        give_to(fd.get(), rules_->owner());
    }
    return fd;
}

UniqueFd PrivateFolder::append_to(const std::string& name) const {
    if (FileService* service = rules_->service()) {
        return service->append_to(number_, name);
    }
    return UniqueFd(::openat(fd_.get(), name.c_str(), kFileFlags | O_APPEND));
}

bool PrivateFolder::rename_new(const std::string& from, const std::string& to) const {
    if (FileService* service = rules_->service()) {
        return service->rename_new(number_, from, to);
    }
    if (::renameat2(fd_.get(), from.c_str(), fd_.get(), to.c_str(), RENAME_NOREPLACE) == 0) {
        return true;
    }
    // Not every file system can do that.
    return errno == EINVAL && ::linkat(fd_.get(), from.c_str(), fd_.get(), to.c_str(), 0) == 0 &&
           ::unlinkat(fd_.get(), from.c_str(), 0) == 0;
}

UniqueFd PrivateFolder::read(const std::string& name) const {
    if (FileService* service = rules_->service()) {
        return service->read(number_, name);
    }
    UniqueFd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    return fd && ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) ? std::move(fd) : UniqueFd();
}

std::vector<std::string> PrivateFolder::names() const {
    std::vector<std::string> out;
    const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* folder = copy >= 0 ? ::fdopendir(copy) : nullptr;
    if (folder == nullptr) {
        return out;
    }
    while (const dirent* entry = ::readdir(folder)) {
        out.emplace_back(static_cast<const char*>(entry->d_name));
    }
    ::closedir(folder);
    return out;
}

bool PrivateFolder::lock() const {
    return ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0;
}

bool PrivateFolder::remove(const std::string& name) const {
    if (FileService* service = rules_->service()) {
        return service->remove(number_, name);
    }
    return ::unlinkat(fd_.get(), name.c_str(), 0) == 0;
}

}  // namespace sslsniff
