#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/output_stream.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "output/files/file_rules.h"

namespace sslsniff {

/// A place for an output of plaintext in the file system, by path. What may be written there:
/// - nothing is there: a file for its owner alone (mode 0600), whoever FileRules says that is;
/// - a file that only its owner, who is us, can read: it is emptied and written again;
///   (or, with Existing::append, what comes is added to it);
/// - any other file of ours (others may read it, or have it open, or it has more names): a new file takes
///   its name and owner; what it held stays with its other names and readers. A file that cannot be replaced,
///   such as a mount point, is made private and emptied. Nothing is added to such a file;
/// - a file of another user, a socket, a folder: nothing, with a sentence;
/// - a FIFO of ours or root's, a device: it is written to as it is.
/// Symbolic links are followed only when root or the user running this owns them, so that nobody can aim a
/// root process at a file of their choice.
class PrivateFile {
  public:
    /// Looks and changes nothing: errors are those that open() would give. The folder stays open, so that
    /// its path can be exchanged without effect.
    static Result<PrivateFile> find(const std::string& path, const FileRules& rules);

    enum class Existing : std::uint8_t { empty, append };
    /// Creates or empties the file, or goes to its end; then the last line of what it holds is complete. A
    /// FIFO or device is opened as non-blocking: no descriptor, and no error, as long as a FIFO has no
    /// reader.
    Result<UniqueFd> open(const FileRules& rules, Existing existing = Existing::empty) const;

    /// Whether open() would add to it: that others can read what it holds is an error.
    Result<void> check_append() const;

    /// Neither a FIFO nor a device: one that can be replaced.
    bool is_regular() const { return !status_ || S_ISREG(status_->st_mode); }
    bool exists() const { return status_.has_value(); }
    /// Of the file when there is one, else of its folder and name.
    FileRules::Identity identity() const;
    FileRules::Identity place() const;

  private:
    PrivateFile() = default;

    static Result<PrivateFile> find(const std::string& path, const std::string& shown, const FileRules& rules,
                                    int links);
    Result<void> check(const FileRules& rules) const;
    UniqueFd create(const std::string& name) const;
    UniqueFd open_existing(int flags) const;
    UniqueFd overwrite() const;
    UniqueFd append() const;
    UniqueFd replace() const;
    bool is_private() const;

    std::string shown_;   ///< the path as it was given, printable
    UniqueFd directory_;  ///< O_PATH
    struct stat directory_status_{};
    std::string name_;  ///< in the directory
    std::optional<struct stat> status_;
};

}  // namespace sslsniff
