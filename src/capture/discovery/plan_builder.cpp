#include "capture/discovery/plan_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sslsniff {
namespace {

std::string_view folder_of(std::string_view path) {
    return path.substr(0, path.rfind('/') + 1);
}

/// OpenSSL's libssl does not tell its version: the libcrypto it works with does. Of several, the one in the
/// same folder.
TlsIdentity identity_of(const UsedFile& library, std::span<const UsedFile> files) {
    TlsIdentity identity = *library.file->tls;
    if (!identity.version.empty() || !identity.obstacle.empty()) {
        return identity;
    }
    const UsedFile* best = nullptr;
    for (const UsedFile& candidate : files) {
        const bool is_near = folder_of(candidate.display_path) == folder_of(library.display_path);
        if (candidate.file->crypto && (best == nullptr || is_near)) {
            best = &candidate;
        }
    }
    return best != nullptr ? *best->file->crypto : identity;
}

LibraryPlan library_plan(const UsedFile& used, const TlsIdentity& identity, const SiteChoice& choice) {
    LibraryPlan plan;
    plan.file = used.file->stamp.id;
    plan.on_overlay = used.file->is_overlay;
    plan.open_path = used.open_path;
    plan.display_path = used.display_path;
    plan.name = identity.name;
    plan.version = identity.version;
    plan.build_id = used.file->build_id;
    plan.deleted = used.deleted;
    plan.sites = choice.sites;
    plan.skipped = choice.skipped;
    return plan;
}

/// Overlayfs gives the inode number of the file below, but a device of its own; the kernel probes the file
/// below. Elsewhere equal numbers on different devices are different files, even with equal contents.
bool is_same_file(const LibraryPlan& a, const LibraryPlan& b) {
    return a.file == b.file || ((a.on_overlay || b.on_overlay) && a.file.inode == b.file.inode &&
                                !a.build_id.empty() && a.build_id == b.build_id);
}

void add_library(std::vector<LibraryPlan>& libraries, LibraryPlan plan, pid_t pid) {
    auto known =
        std::ranges::find_if(libraries, [&](const LibraryPlan& other) { return is_same_file(other, plan); });
    if (known == libraries.end()) {
        known = libraries.insert(libraries.end(), std::move(plan));
    }
    if (pid != 0 && std::ranges::find(known->processes, pid) == known->processes.end()) {
        known->processes.push_back(pid);
    }
}

std::string obstacle_reason(const FileUser& user, const UsedFile& used, bool has_other) {
    const TlsIdentity& identity = *used.file->tls;
    return fmt::format("{} {} {}{}{} ({}), {}", user.name, has_other ? "has also loaded" : "uses",
                       identity.name, identity.version.empty() ? "" : " ", identity.version,
                       printable(used.display_path), identity.obstacle);
}

bool is_capturable(const UsedFile& used) {
    return used.file->tls && used.file->tls->obstacle.empty();
}

/// Files that could not be examined, all in one sentence.
void skip_problems(const FileUser& user, std::span<const UsedFile> files, AttachPlan& plan) {
    const auto has_problem = [](const UsedFile& used) { return !used.file->problem.empty(); };
    const auto first = std::ranges::find_if(files, has_problem);
    if (first == files.end()) {
        return;
    }
    const auto count = std::ranges::count_if(files, has_problem);
    plan.skipped.push_back(
        {user.pid, first->display_path,
         fmt::format("{} uses {}{}, which cannot be examined: {}", user.name, printable(first->display_path),
                     count > 1 ? fmt::format(" and {} more files", count - 1) : "", first->file->problem)});
}

}  // namespace

bool PlanBuilder::add(const FileUser& user, std::span<const UsedFile> files) {
    const bool captured = std::ranges::any_of(files, is_capturable);
    bool found = captured;
    for (const UsedFile& used : files) {
        if (is_capturable(used)) {
            add_library(plan_.libraries, library_plan(used, identity_of(used, files), used.file->tls_sites),
                        user.pid);
        } else if (used.file->tls) {
            found = true;
            skip({user.pid, used.display_path, obstacle_reason(user, used, captured)});
        }
        if (captured && used.file->crypto) {
            add_library(plan_.bio_libraries, library_plan(used, *used.file->crypto, used.file->bio_sites),
                        user.pid);
        }
    }
    skip_problems(user, files, plan_);
    return found;
}

AttachPlan PlanBuilder::take() {
    for (auto* const libraries : {&plan_.libraries, &plan_.bio_libraries}) {
        for (LibraryPlan& library : *libraries) {
            std::ranges::sort(library.processes);
        }
    }
    return std::exchange(plan_, {});
}

}  // namespace sslsniff
