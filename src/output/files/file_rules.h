#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "output/files/file_identity.h"

namespace sslsniff {

class FileService;

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

/// The files of one output, as it may open more of them later.
struct OutputRow {
    std::string path;  ///< of the first; with % as of strftime, when it is divided by time
    std::string user;  ///< who writes them, for messages: "-o json:x"
    bool append = false;
};

/// What holds for all files that this program writes together: whose they are, that no two outputs, nor an
/// input and an output, are one file, whatever their names, and who makes them.
class FileRules {
  public:
    using Identity = FileIdentity;
    using Claims = std::map<Identity, std::string>;

    explicit FileRules(std::optional<FileOwner> owner = std::nullopt) : owner_(owner) {}

    const std::optional<FileOwner>& owner() const { return owner_; }
    /// Whether files of this user are ours: of whoever runs this, or called sudo.
    bool is_ours(uid_t uid) const;

    static Identity identity(const struct stat& status, std::string name = {}) {
        return Identity::of(status, std::move(name));
    }

    /// From now on the file is `user`'s ("the input", "-o json:x"). An error when it is another's, who is
    /// named.
    Result<void> claim(const Identity& file, const std::string& user);
    void release(const Identity& file);
    const Claims& claims() const { return claims_; }

    /// What will be asked for later, by the number that is returned. The folder's descriptor is borrowed.
    std::uint32_t grant(OutputRow row);
    std::uint32_t grant(int folder);
    const std::vector<OutputRow>& rows() const { return rows_; }
    const std::vector<int>& folders() const { return folders_; }

    /// From now on another process makes the files; borrowed.
    void hand_over(FileService& service) { service_ = &service; }
    /// Null as long as we make them ourselves.
    FileService* service() const { return service_; }

  private:
    std::optional<FileOwner> owner_;
    Claims claims_;
    std::vector<OutputRow> rows_;
    std::vector<int> folders_;
    FileService* service_ = nullptr;
};

}  // namespace sslsniff
