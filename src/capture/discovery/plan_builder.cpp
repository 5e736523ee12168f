#include "capture/discovery/plan_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "base/text.h"

namespace sslsniff {
namespace {

std::string_view folder_of(std::string_view path) {
    return path.substr(0, path.rfind('/') + 1);
}

/// A library that does not tell its version may work with another file that does (libssl with libcrypto). Of
/// several, the one in the same folder.
const TlsIdentity& identity_of(const FoundLibrary& found, const UsedFile& used, const UsedFiles& files) {
    const TlsIdentity* best = &found.identity;
    if (!best->version.empty()) {
        return *best;
    }
    for (const auto& candidate : files) {
        for (const FoundLibrary& companion : candidate->file->companions) {
            const bool is_near = folder_of(candidate->display_path) == folder_of(used.display_path);
            if (companion.identity.library == found.identity.library &&
                (best == &found.identity || is_near)) {
                best = &companion.identity;
            }
        }
    }
    return *best;
}

LibraryPlan library_plan(const UsedFile& used, const TlsIdentity& identity, const SiteChoice& choice) {
    LibraryPlan plan;
    plan.kind = identity.library->name;
    plan.file = used.file->stamp.id;
    plan.on_overlay = used.file->is_overlay;
    plan.open_path = used.open_path;
    plan.display_path = used.display_path;
    plan.name = identity.name;
    plan.version = identity.version;
    plan.build_id = used.file->build_id;
    plan.deleted = used.deleted;
    plan.shadowed = used.shadowed;
    plan.functions = choice.functions;
    plan.skipped = choice.skipped;
    return plan;
}

SkippedTarget with_obstacle(const FileUser& user, const UsedFile& used, const TlsIdentity& identity,
                            std::string_view obstacle, bool has_other) {
    std::string cause =
        fmt::format("{} ({}), {}", full_name(identity), printable(used.display_path), obstacle);
    return {user.pid,
            used.display_path,
            fmt::format("{} {} {}", user.name(), has_other ? "has also loaded" : "uses", cause),
            has_other,
            std::move(cause),
            full_name(identity)};
}

/// Files that could not be examined, all in one sentence.
void skip_problems(const FileUser& user, const UsedFiles& files, AttachPlan& plan) {
    const auto has_problem = [](const auto& used) { return !used->file->problem.empty(); };
    const auto first = std::ranges::find_if(files, has_problem);
    if (first == files.end()) {
        return;
    }
    const auto count = std::ranges::count_if(files, has_problem);
    std::string cause =
        fmt::format("{}{}, which cannot be examined: {}", printable((*first)->display_path),
                    count > 1 ? fmt::format(" and {} more files", count - 1) : "", (*first)->file->problem);
    plan.skipped.push_back({user.pid,
                            (*first)->display_path,
                            fmt::format("{} uses {}", user.name(), cause),
                            false,
                            std::move(cause),
                            {}});
}

}  // namespace

void PlanBuilder::add_library(std::vector<LibraryPlan>& libraries, Index& index, const UsedFile& used,
                              const FoundLibrary& found, const TlsIdentity& identity, pid_t pid) {
    const auto [known, is_new] = index.emplace(&found, libraries.size());
    if (is_new) {
        LibraryPlan plan = library_plan(used, identity, found.sites);
        const auto same = std::ranges::find_if(
            libraries, [&](const LibraryPlan& other) { return is_same_library(other, plan); });
        known->second = static_cast<std::size_t>(same - libraries.begin());
        if (same == libraries.end()) {
            libraries.push_back(std::move(plan));
        } else if (same->on_overlay && !plan.on_overlay) {
            // outlives the container
            plan.processes = std::move(same->processes);
            *same = std::move(plan);
        }
    }
    auto& processes = libraries[known->second].processes;
    if (pid != 0 && (processes.empty() || processes.back() != pid)) {
        processes.push_back(pid);
    }
}

bool PlanBuilder::add(const FileUser& user, const UsedFiles& files) {
    std::set<const TlsLibrary*> captured;
    bool found = false;
    for (const auto& used : files) {
        for (const FoundLibrary& library : used->file->tls) {
            found = true;
            if (const TlsIdentity& identity = identity_of(library, *used, files); choice_.has(identity)) {
                captured.insert(identity.library);
                add_library(plan_.libraries, index_, *used, library, identity, user.pid);
            }
        }
    }
    for (const auto& used : files) {
        const InspectedFile& file = *used->file;
        for (const FoundLibrary& library : file.tls) {
            if (const TlsIdentity& identity = identity_of(library, *used, files); !choice_.has(identity)) {
                skip(with_obstacle(user, *used, identity, "which --tls leaves out", !captured.empty()));
                plan_.skipped.back().left_out = true;
            }
        }
        for (const TlsIdentity& identity : file.foreign) {
            found = true;
            skip(with_obstacle(user, *used, identity, identity.obstacle, !captured.empty()));
        }
        for (const FoundLibrary& companion : file.companions) {
            if (!companion.sites.functions.empty() && captured.contains(companion.identity.library)) {
                add_library(plan_.transport_libraries, transport_index_, *used, companion, companion.identity,
                            user.pid);
            }
        }
    }
    skip_problems(user, files, plan_);
    return found;
}

AttachPlan PlanBuilder::take() {
    for (auto* const libraries : {&plan_.libraries, &plan_.transport_libraries}) {
        for (LibraryPlan& library : *libraries) {
            std::ranges::sort(library.processes);
        }
    }
    index_.clear();
    transport_index_.clear();
    return std::exchange(plan_, {});
}

}  // namespace sslsniff
