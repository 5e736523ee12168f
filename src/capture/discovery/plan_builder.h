#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/inspected_file.h"

namespace sslsniff {

/// A file as one process, or a program that is not running yet, uses it.
struct UsedFile {
    std::shared_ptr<const InspectedFile> file;
    std::string open_path;
    std::string display_path;
    bool deleted = false;
};

/// Who uses files: a process, or (pid 0) a program or folder looked at as such.
struct FileUser {
    pid_t pid = 0;
    std::string name;  ///< "process 4242 (curl)", "/usr/bin/curl"; printable
};

/// Puts what the users of files were found to use together as one plan: one library per real file.
class PlanBuilder {
  public:
    /// Adds the TLS libraries among `files`, those that cannot be captured as skipped. Returns whether there
    /// was any of either.
    bool add(const FileUser& user, std::span<const UsedFile> files);
    void skip(SkippedTarget target) { plan_.skipped.push_back(std::move(target)); }

    AttachPlan take();

  private:
    AttachPlan plan_;
};

}  // namespace sslsniff
