#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "capture/discovery/inspected_file.h"
#include "capture/discovery/overlay_layers.h"
#include "capture/discovery/plan_builder.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

/// Inspects files, each once. Inodes are reused, so a file known from before is compared by its stamp.
class FileCache {
  public:
    /// What `path` leads to. nullptr when it is no ELF file or cannot be read.
    std::shared_ptr<const InspectedFile> by_path(const std::string& path);

    /// What whoever opens `path` below `root` now uses. On overlayfs that is the file of a layer, if it can
    /// be reached. nullptr as of by_path().
    std::shared_ptr<const UsedFile> in_root(const FileRoot& root, const std::string& path);

    /// A file of which a process maps code. Looks at the file system at most once a round for all processes
    /// that map it. Several when it is one of them (FilesBelow), none when it is no ELF file.
    UsedFiles by_mapping(const ProcFs& proc, pid_t pid, const Mapping& mapping);
    void start_round() { mapped_.clear(); }

  private:
    /// As maps shows it; btrfs gives files of different subvolumes equal numbers there.
    struct MappedFile {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::string path;
        auto operator<=>(const MappedFile&) const = default;
    };
    std::shared_ptr<const InspectedFile> inspect(const std::string& path, FileStamp& stamp);
    std::shared_ptr<const InspectedFile> find_equal(const ElfImage& image, const std::string& path);

    struct Known {
        FileStamp stamp;
        std::shared_ptr<const InspectedFile> file;
    };

    UsedFiles find_mapped(const ProcFs& proc, pid_t pid, const Mapping& mapping);

    std::map<FileId, Known> files_;
    /// Of TLS libraries: those of containers are often copies of each other, and inspecting one takes 10 ms
    /// and more.
    std::map<std::string, std::pair<std::string, std::shared_ptr<const InspectedFile>>> by_build_id_;
    std::map<MappedFile, UsedFiles> mapped_;  ///< of this round
};

}  // namespace sslsniff
