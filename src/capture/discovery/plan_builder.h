#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/inspected_file.h"
#include "capture/discovery/library_choice.h"

namespace sslsniff {

/// A file as one process, or a program that is not running yet, uses it.
struct UsedFile {
    std::shared_ptr<const InspectedFile> file;
    std::string open_path;
    std::string display_path;
    bool deleted = false;
    bool shadowed = false;  ///< FilesBelow::shadowed
};
using UsedFiles = std::vector<std::shared_ptr<const UsedFile>>;

/// Who uses files: a process, or (pid 0) a program or folder looked at as such.
struct FileUser {
    pid_t pid = 0;
    /// "process 4242 (curl)", "/usr/bin/curl"; printable. Asked for only when something is to be said.
    std::function<std::string()> name;
};

/// Puts what the users of files were found to use together as one plan: one library per real file.
class PlanBuilder {
  public:
    explicit PlanBuilder(const LibraryChoice& choice) : choice_(choice) {}

    /// Adds the TLS libraries among `files`, those that cannot be captured or were not chosen as skipped.
    /// Returns whether there was any of either.
    bool add(const FileUser& user, const UsedFiles& files);
    void skip(SkippedTarget target) { plan_.skipped.push_back(std::move(target)); }

    AttachPlan take();

  private:
    /// Libraries by what they are made of: thousands of processes use the same few.
    using Index = std::map<const FoundLibrary*, std::size_t>;

    /// `identity`: of `found`, or what tells more of it.
    static void add_library(std::vector<LibraryPlan>& libraries, Index& index, const UsedFile& used,
                            const FoundLibrary& found, const TlsIdentity& identity, pid_t pid);

    const LibraryChoice& choice_;
    AttachPlan plan_;
    Index index_;
    Index transport_index_;
};

}  // namespace sslsniff
