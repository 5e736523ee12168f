#include "output/files/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <tuple>
#include <utility>

#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr mode_t kMode = S_IRUSR | S_IWUSR;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
constexpr int kMostLinks = 40;  // as the kernel

std::unexpected<Error> refuse(const std::string& shown, std::string_view why) {
    return fail(ErrorKind::output, fmt::format("cannot create {}: {}", shown, why));
}

/// "a/b/c" as "a/b" and "c".
std::pair<std::string, std::string> split(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
        return {".", path};
    }
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string read_link(int directory, const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Result<PrivateFile> PrivateFile::find(const std::string& path, const FileRules& rules) {
    return find(path, printable(path), rules, 0);
}

Result<PrivateFile> PrivateFile::find(const std::string& path, const std::string& shown,
                                      const FileRules& rules, int links) {
    PrivateFile file;
    file.shown_ = shown;
    std::string folder;
    std::tie(folder, file.name_) = split(path);
    file.directory_ = UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!file.directory_ || ::fstat(file.directory_.get(), &file.directory_status_) != 0) {
        return refuse(shown, error_text(errno));
    }
    if (file.name_.empty() || file.name_ == "." || file.name_ == "..") {
        return refuse(shown, error_text(EISDIR));
    }
    struct stat status{};
    if (::fstatat(file.directory_.get(), file.name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        file.status_ = status;
    } else if (errno != ENOENT) {
        return refuse(shown, error_text(errno));
    }
    if (!file.status_ || !S_ISLNK(status.st_mode)) {
        auto checked = file.check(rules);
        return checked ? Result<PrivateFile>(std::move(file)) : std::unexpected(checked.error());
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return refuse(shown,
                      fmt::format("it is a symbolic link of another user (uid {}); give the path it leads "
                                  "to, or remove it",
                                  status.st_uid));
    }
    struct stat target{};
    if (::fstatat(file.directory_.get(), file.name_.c_str(), &target, 0) == 0 && !S_ISREG(target.st_mode)) {
        file.status_ = target;  // the links of /proc/self/fd lead to pipes that have no path
        auto checked = file.check(rules);
        return checked ? Result<PrivateFile>(std::move(file)) : std::unexpected(checked.error());
    }
    const std::string next = read_link(file.directory_.get(), file.name_);
    if (next.empty() || links == kMostLinks) {
        return refuse(shown, error_text(ELOOP));
    }
    return find(next.starts_with('/') ? next : folder + "/" + next, shown, rules, links + 1);
}

Result<void> PrivateFile::check(const FileRules& rules) const {
    if (!status_) {
        // For a file system that is read-only, a folder of others ...
        return ::faccessat(directory_.get(), ".", W_OK | X_OK, AT_EACCESS) == 0
                   ? Result<void>()
                   : refuse(shown_, error_text(errno));
    }
    if (S_ISDIR(status_->st_mode)) {
        return refuse(shown_, error_text(EISDIR));
    }
    if (S_ISSOCK(status_->st_mode)) {
        return refuse(shown_, "it is a socket; give a file or a FIFO");
    }
    const bool is_device = S_ISCHR(status_->st_mode) || S_ISBLK(status_->st_mode);
    const bool of_root = S_ISFIFO(status_->st_mode) && status_->st_uid == 0;
    if (!is_device && !of_root && !rules.is_ours(status_->st_uid)) {
        return refuse(shown_,
                      fmt::format("it belongs to another user (uid {}); remove it, or give another path",
                                  status_->st_uid));
    }
    return {};
}

Result<UniqueFd> PrivateFile::open(const FileRules& rules, Existing existing) const {
    UniqueFd fd;
    if (!status_) {
        fd = create(name_);
        if (fd) {
            give_to(fd.get(), rules.owner());
        }
    } else if (!is_regular()) {
        // By its name, which may be a link: the file was looked at, and nothing is created here.
        fd = UniqueFd(::openat(directory_.get(), name_.c_str(), (kFlags & ~O_NOFOLLOW) | O_NONBLOCK));
        if (!fd && errno == ENXIO && S_ISFIFO(status_->st_mode)) {
            return UniqueFd();
        }
    } else if (existing == Existing::append) {
        if (auto checked = check_append(); !checked) {
            return std::unexpected(checked.error());
        }
        fd = append();
    } else {
        fd = is_private() ? overwrite() : replace();
    }
    return fd ? Result<UniqueFd>(std::move(fd)) : refuse(shown_, error_text(errno));
}

Result<void> PrivateFile::check_append() const {
    if (status_ && is_regular() && !is_private()) {
        return fail(ErrorKind::output,
                    fmt::format("cannot add to {}: others can read it, or it has more than one name; make it "
                                "private (chmod 600), or give another path",
                                shown_));
    }
    return {};
}

bool PrivateFile::is_private() const {
    return (status_->st_mode & kOthers) == 0 && status_->st_nlink == 1;
}

UniqueFd PrivateFile::create(const std::string& name) const {
    return UniqueFd(::openat(directory_.get(), name.c_str(), kFlags | O_CREAT | O_EXCL, kMode));
}

UniqueFd PrivateFile::open_existing(int flags) const {
    UniqueFd fd(::openat(directory_.get(), name_.c_str(), flags | O_NONBLOCK));
    struct stat now{};
    if (!fd || ::fstat(fd.get(), &now) != 0) {
        return {};
    }
    if (now.st_ino != status_->st_ino || now.st_dev != status_->st_dev) {
        errno = EAGAIN;  // somebody is exchanging it right now
        return {};
    }
    return fd;
}

UniqueFd PrivateFile::overwrite() const {
    UniqueFd fd = open_existing(kFlags);
    if (!fd || ::fchmod(fd.get(), kMode) != 0 || ::ftruncate(fd.get(), 0) != 0) {
        return {};
    }
    return fd;
}

UniqueFd PrivateFile::append() const {
    UniqueFd fd = open_existing((kFlags & ~O_WRONLY) | O_RDWR | O_APPEND);
    const off_t size = fd ? ::lseek(fd.get(), 0, SEEK_END) : -1;
    if (size < 0) {
        return {};
    }
    char last = '\n';
    if (size > 0 && ::pread(fd.get(), &last, 1, size - 1) != 1) {
        return {};
    }
    // Whoever wrote it before may have been killed within a line.
    if (last != '\n' && ::write(fd.get(), "\n", 1) != 1) {
        return {};
    }
    return fd;
}

UniqueFd PrivateFile::replace() const {
    const std::string temporary = fmt::format(".sslsniff-{}.new", ::getpid());
    UniqueFd fd = create(temporary);
    if (fd) {
        if (::fchown(fd.get(), status_->st_uid, status_->st_gid) == 0 &&
            ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name_.c_str()) == 0) {
            return fd;
        }
        ::unlinkat(directory_.get(), temporary.c_str(), 0);
    }
    if (status_->st_nlink != 1) {
        return {};
    }
    return overwrite();
}

FileRules::Identity PrivateFile::identity() const {
    return status_ ? FileRules::identity(*status_) : place();
}

FileRules::Identity PrivateFile::place() const {
    return FileRules::identity(directory_status_, name_);
}

}  // namespace sslsniff
