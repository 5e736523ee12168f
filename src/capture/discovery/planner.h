#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "capture/discovery/attach_plan.h"
#include "capture/discovery/file_cache.h"
#include "capture/discovery/ld_cache.h"
#include "capture/discovery/library_choice.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff {

/// Decides what to probe. Reads each file once however many processes map it, and remembers it, so that
/// calling again for one new process is cheap. Only reads: never opens for writing, executes or dlopens
/// anything. Not thread-safe.
///
/// A plan holds all that was asked for, also what earlier plans held already: LibraryPlan::file tells.
class Planner {
  public:
    explicit Planner(ProcFs proc = ProcFs(), LibraryChoice choice = {})
        : proc_(std::move(proc)), choice_(std::move(choice)) {}

    /// What these processes map now. One without any TLS library, or that cannot be read, is among `skipped`,
    /// as is one that does not exist.
    AttachPlan plan_processes(std::span<const pid_t> pids);

    /// All processes but this one, which is never captured. Those without TLS, and those that end meanwhile,
    /// are not mentioned; those that may not be read are.
    AttachPlan plan_all();

    /// A library or program and what it needs (DT_NEEDED), also when no process uses it yet. Nothing is in
    /// `skipped` when there is no TLS library among them: programs load more when they run, and start others.
    /// `library_path`: of the environment it will have (LD_LIBRARY_PATH).
    AttachPlan plan_file(const std::string& path, const std::string& library_path = {});

    /// The same of a file that a process has mapped just now, by the paths and the environment of the
    /// process: what it needs will be mapped next. `path` may lead nowhere by now, or never have
    /// (memfd_create(2)): then the mapping tells, by `inode`. Nothing when it is out of reach, as of a
    /// process that has ended.
    std::optional<AttachPlan> plan_mapped_file(pid_t pid, const std::string& path, std::uint64_t inode);

    /// The TLS libraries in the folders of the dynamic linker: what a process started later will most likely
    /// use.
    AttachPlan plan_standard_libraries();

    /// What running `command` would load: the file itself (found in `search_path`, a PATH, when it has no
    /// '/'), the interpreter of a script, and what they need. Libraries opened by dlopen later are not known.
    /// Fails when there is no such command.
    Result<AttachPlan> plan_command(const std::string& command, const std::string& search_path,
                                    const std::string& library_path = {});

    const ProcFs& proc() const { return proc_; }

  private:
    enum class Report : std::uint8_t { everything, refusals };
    void add_process(pid_t pid, Report report, PlanBuilder& builder);
    UsedFiles files_without_path(pid_t pid, std::uint64_t inode);
    AttachPlan plan_used(const std::string& path, const UsedFiles& files);

    ProcFs proc_;
    LibraryChoice choice_;
    FileCache cache_;
    LdCache ld_cache_;
};

}  // namespace sslsniff
