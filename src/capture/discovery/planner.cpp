#include "capture/discovery/planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <ranges>
#include <set>
#include <vector>

#include "base/text.h"
#include "capture/discovery/plan_builder.h"
#include "capture/discovery/program_files.h"

namespace sslsniff {
namespace {

/// "looked at: curl, libc.so.6, …"
std::string looked_at(const UsedFiles& files) {
    constexpr std::size_t kShown = 12;
    if (files.empty()) {
        return "it maps no program files";
    }
    std::vector<std::string> names;
    for (const auto& used : files | std::views::take(kShown)) {
        names.push_back(printable(used->display_path.substr(used->display_path.rfind('/') + 1)));
    }
    return fmt::format("looked at: {}{}", fmt::join(names, ", "),
                       files.size() > kShown ? fmt::format(" and {} more", files.size() - kShown) : "");
}

std::string process_name(const ProcFs& proc, pid_t pid) {
    const auto status = proc.status(pid);
    return status ? fmt::format("process {} ({})", pid, printable(status->info.comm))
                  : fmt::format("process {}", pid);
}

}  // namespace

void Planner::add_process(pid_t pid, Report report, PlanBuilder& builder) {
    const auto mappings = proc_.executable_mappings(pid);
    if (!mappings) {
        if (report == Report::everything || !mappings.error().gone) {
            builder.skip({pid, {}, mappings.error().message, false, mappings.error().cause, {}});
        }
        return;
    }
    UsedFiles files;
    std::set<const UsedFile*> seen;
    bool relevant = report == Report::everything;
    for (const Mapping& mapping : *mappings) {
        for (auto& used : cache_.by_mapping(proc_, pid, mapping)) {
            if (seen.insert(used.get()).second) {
                relevant = relevant || !used->file->tls.empty() || !used->file->foreign.empty() ||
                           !used->file->problem.empty();
                files.push_back(std::move(used));
            }
        }
    }
    if (!relevant) {
        return;
    }
    const FileUser user{pid, [this, pid] { return process_name(proc_, pid); }};
    if (!builder.add(user, files) && report == Report::everything) {
        builder.skip({pid,
                      {},
                      fmt::format("{} has loaded no TLS library that sslsniff knows; {}", user.name(),
                                  looked_at(files)),
                      false,
                      {},
                      {}});
    }
}

AttachPlan Planner::plan_processes(std::span<const pid_t> pids) {
    cache_.start_round();
    PlanBuilder builder(choice_);
    for (const pid_t pid : pids) {
        add_process(pid, Report::everything, builder);
    }
    return builder.take();
}

AttachPlan Planner::plan_all() {
    cache_.start_round();
    PlanBuilder builder(choice_);
    const auto pids = proc_.processes();
    if (!pids) {
        builder.skip({0, {}, pids.error().message, false, {}, {}});
        return builder.take();
    }
    for (const pid_t pid : *pids) {
        if (pid != ::getpid()) {
            add_process(pid, Report::refusals, builder);
        }
    }
    return builder.take();
}

AttachPlan Planner::plan_file(const std::string& path, const std::string& library_path) {
    return plan_used(path, ProgramFiles(cache_, ld_cache_, library_path, {}).closure(path));
}

std::optional<AttachPlan> Planner::plan_mapped_file(pid_t pid, const std::string& path, std::uint64_t inode) {
    const FileRoot root = proc_.file_root(pid);
    ProgramFiles programs(cache_, ld_cache_, proc_.environment(pid, "LD_LIBRARY_PATH"), root);
    if (::access((root.prefix + path).c_str(), R_OK) == 0) {
        return plan_used(path, programs.closure(path));
    }
    UsedFiles files = files_without_path(pid, inode);
    if (files.empty()) {
        return std::nullopt;
    }
    return plan_used(path, programs.closure(std::move(files)));
}

UsedFiles Planner::files_without_path(pid_t pid, std::uint64_t inode) {
    cache_.start_round();
    for (const Mapping& mapping : proc_.executable_mappings(pid).value_or(std::vector<Mapping>())) {
        if (mapping.inode == inode) {
            return cache_.by_mapping(proc_, pid, mapping);
        }
    }
    return {};
}

AttachPlan Planner::plan_used(const std::string& path, const UsedFiles& files) {
    PlanBuilder builder(choice_);
    if (files.empty()) {
        builder.skip({0,
                      path,
                      fmt::format("{} is no program or library that can be read", printable(path)),
                      false,
                      {},
                      {}});
    } else {
        builder.add({0, [&path] { return printable(path); }}, files);
    }
    return builder.take();
}

AttachPlan Planner::plan_standard_libraries() {
    PlanBuilder builder(choice_);
    ProgramFiles programs(cache_, ld_cache_, {}, {});
    for (const std::string& path : programs.installed_tls_libraries()) {
        builder.add({0, [&path] { return printable(path); }}, programs.closure(path));
    }
    AttachPlan plan = builder.take();
    std::erase_if(plan.skipped,
                  [](const SkippedTarget& target) { return target.left_out; });  // nobody uses it
    return plan;
}

Result<AttachPlan> Planner::plan_command(const std::string& command, const std::string& search_path,
                                         const std::string& library_path) {
    const auto path = find_command(command, search_path);
    if (!path) {
        return std::unexpected(path.error());
    }
    const auto program = find_program(*path, search_path);
    if (!program) {
        return std::unexpected(program.error());
    }
    return plan_file(*program, library_path);
}

}  // namespace sslsniff
