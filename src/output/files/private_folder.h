#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// A folder of plaintext, for its owner alone (mode 0700), as are the files made in it (0600). Its path is
/// followed once: whoever exchanges it later moves nothing.
class PrivateFolder {
  public:
    /// `purpose` is for messages: "save bodies in". `rules`, which outlive it, say whose is what is made, and
    /// who makes it.
    PrivateFolder(std::string path, std::string purpose, FileRules& rules)
        : path_(std::move(path)), purpose_(std::move(purpose)), rules_(&rules) {}
    /// One that is open, without a path.
    PrivateFolder(UniqueFd folder, FileRules& rules) : rules_(&rules), fd_(std::move(folder)) {}

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
    /// What is in it, in no order; empty when that cannot be read, as after FileRules::hand_over().
    std::vector<std::string> names() const;
    /// Locks the folder against others that do so, as long as it is open; EWOULDBLOCK when another has.
    bool lock() const;

  private:
    Result<UniqueFd> find(bool& missing) const;
    std::unexpected<Error> failed(const std::string& what) const;

    std::string path_;
    std::string purpose_;
    FileRules* rules_;
    UniqueFd fd_;
    std::uint32_t number_ = 0;  ///< of the grant
};

}  // namespace sslsniff
