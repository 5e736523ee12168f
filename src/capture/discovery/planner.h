#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/discovery/attach_plan.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

/// Decides what to probe. Reads each file once however many processes map it, and remembers it, so that
/// calling again for one new process is cheap. Only reads: never opens for writing, executes or dlopens
/// anything.
///
/// Everything found is in the returned plan alone: a later plan may name the same LibraryPlan::file again.
class Planner {
  public:
    explicit Planner(ProcFs proc = ProcFs());
    ~Planner();
    Planner(Planner&&) noexcept;
    Planner& operator=(Planner&&) noexcept;

    /// What these processes map now. A process without any TLS library, or that cannot be read, is among
    /// `skipped`; one that ends meanwhile is too when `report_missing`.
    AttachPlan plan_processes(std::span<const pid_t> pids, bool report_missing = true);

    /// All processes. Those without TLS are not mentioned.
    AttachPlan plan_all();

    /// A library or executable, also when no process uses it yet.
    AttachPlan plan_file(const std::string& path);

    /// The TLS libraries in the folders of the dynamic linker: what a process started later will use.
    AttachPlan plan_standard_libraries();

    /// What running `command` would load: the file itself (found in `search_path`, a PATH, when it has no
    /// '/'), the interpreter of a script, and the closure of DT_NEEDED. Libraries opened by dlopen later are
    /// not known. Fails when there is no such command.
    Result<AttachPlan> plan_command(const std::string& command, const std::string& search_path);

  private:
    class Cache;
    ProcFs proc_;
    std::unique_ptr<Cache> cache_;
};

}  // namespace sslsniff
