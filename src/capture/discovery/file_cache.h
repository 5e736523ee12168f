#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>

#include "capture/discovery/inspected_file.h"
#include "capture/discovery/plan_builder.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

/// Inspects files, each once. Inodes are reused, so a file known from before is compared by its stamp.
class FileCache {
  public:
    /// What `path` leads to. nullptr when it is no ELF file or cannot be read.
    std::shared_ptr<const InspectedFile> by_path(const std::string& path);

    /// A file of which a process maps code. Looks at the file system at most once a round for all processes
    /// that map it. nullptr when it is no ELF file.
    std::shared_ptr<const UsedFile> by_mapping(const ProcFs& proc, pid_t pid, const Mapping& mapping);
    void start_round() { mapped_.clear(); }

  private:
    /// As maps shows it; btrfs gives files of different subvolumes equal numbers there.
    struct MappedFile {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::string path;
        auto operator<=>(const MappedFile&) const = default;
    };
    struct Known {
        FileStamp stamp;
        std::shared_ptr<const InspectedFile> file;
    };

    std::shared_ptr<const UsedFile> find_mapped(const ProcFs& proc, pid_t pid, const Mapping& mapping);

    std::map<FileId, Known> files_;
    std::map<MappedFile, std::shared_ptr<const UsedFile>> mapped_;  ///< of this round
};

}  // namespace sslsniff
