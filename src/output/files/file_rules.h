#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/result.h"

namespace sslsniff {

struct FileOwner {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Who called sudo, when this process runs as root by it (SUDO_UID and SUDO_GID; sudo(8)): the files belong
/// to them. None otherwise.
std::optional<FileOwner> sudo_caller();

/// Gives a file or folder that was just made to `owner`, if any. Where that fails it stays with whoever made
/// it.
void give_to(int fd, const std::optional<FileOwner>& owner);

/// What holds for all files that this program writes together: whose they are, and that no two outputs, nor
/// an input and an output, are one file, whatever their names.
class FileRules {
  public:
    explicit FileRules(std::optional<FileOwner> owner = std::nullopt) : owner_(owner) {}

    const std::optional<FileOwner>& owner() const { return owner_; }
    /// Whether files of this user are ours: of whoever runs this, or called sudo.
    bool is_ours(uid_t uid) const;

    /// A file by what it is, or by the folder it is in and its name there; `name` is empty in the first case.
    struct Identity {
        dev_t device = 0;
        ino_t inode = 0;
        std::string name;
        auto operator<=>(const Identity&) const = default;
    };
    static Identity identity(const struct stat& status, std::string name = {}) {
        return {status.st_dev, status.st_ino, std::move(name)};
    }

    /// From now on the file is `user`'s ("the input", "-o json:x"). An error when it is another's, who is
    /// named.
    Result<void> claim(const Identity& file, const std::string& user);
    void release(const Identity& file) { claims_.erase(file); }

  private:
    std::optional<FileOwner> owner_;
    std::map<Identity, std::string> claims_;
};

}  // namespace sslsniff
