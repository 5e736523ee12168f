#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// A folder of plaintext, for its owner alone (mode 0700), as are the files made in it (0600). Its path is
/// followed once: whoever exchanges it later moves nothing.
class PrivateFolder {
  public:
    /// `purpose` is for messages: "save bodies in". What is made is given to `owner`, if any; else it belongs
    /// to whoever runs this.
    PrivateFolder(std::string path, std::string purpose, std::optional<FileOwner> owner)
        : path_(std::move(path)), purpose_(std::move(purpose)), owner_(owner) {}

    const std::string& path() const { return path_; }

    /// Whether open() will work, as far as can be told without changing anything.
    Result<void> check() const;
    /// Makes the folder when it is missing; the one it is to be in must be there. A symbolic link is followed
    /// only when root or the user running this owns it. Nothing can be made in it before.
    Result<void> open();

    // All of these: nothing, or false, with errno.

    /// A new file; EEXIST when something has the name, a symbolic link included.
    UniqueFd create(const std::string& name) const;
    /// For writing at the end of a file that create() made.
    UniqueFd append_to(const std::string& name) const;
    /// EEXIST when something has the new name.
    bool rename_new(const std::string& from, const std::string& to) const;
    bool remove(const std::string& name) const;
    /// An ordinary file that is there, for reading.
    UniqueFd read(const std::string& name) const;
    /// What is in it, in no order; empty when that cannot be read.
    std::vector<std::string> names() const;
    /// Locks the folder against others that do so, as long as it is open; EWOULDBLOCK when another has.
    bool lock() const;

  private:
    Result<UniqueFd> find(bool& missing) const;
    std::unexpected<Error> failed(const std::string& what) const;

    std::string path_;
    std::string purpose_;
    std::optional<FileOwner> owner_;
    UniqueFd fd_;
};

}  // namespace sslsniff
