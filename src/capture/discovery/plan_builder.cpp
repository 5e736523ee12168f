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
const TlsIdentity& identity_of(const UsedFile& library, const UsedFiles& files) {
    const TlsIdentity& identity = *library.file->tls;
    if (!identity.version.empty()) {
        return identity;
    }
    const UsedFile* best = nullptr;
    for (const auto& candidate : files) {
        if (candidate->file->crypto &&
            (best == nullptr || folder_of(candidate->display_path) == folder_of(library.display_path))) {
            best = candidate.get();
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
    plan.shadowed = used.shadowed;
    plan.functions = choice.functions;
    plan.skipped = choice.skipped;
    return plan;
}

SkippedTarget with_obstacle(const FileUser& user, const UsedFile& used, const TlsIdentity& identity,
                            bool has_other) {
    std::string cause =
        fmt::format("{} ({}), {}", full_name(identity), printable(used.display_path), identity.obstacle);
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
                              const TlsIdentity& identity, const SiteChoice& sites, pid_t pid) {
    const auto [known, is_new] = index.emplace(used.file.get(), libraries.size());
    if (is_new) {
        LibraryPlan plan = library_plan(used, identity, sites);
        const auto same = std::ranges::find_if(
            libraries, [&](const LibraryPlan& other) { return is_same_file(other, plan); });
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
    const bool captured =
        std::ranges::any_of(files, [](const auto& used) { return used->file->tls.has_value(); });
    bool found = captured;
    for (const auto& used : files) {
        const InspectedFile& file = *used->file;
        if (file.tls) {
            add_library(plan_.libraries, index_, *used, identity_of(*used, files), file.tls_sites, user.pid);
        }
        for (const TlsIdentity& identity : file.foreign) {
            found = true;
            skip(with_obstacle(user, *used, identity, captured));
        }
        if (captured && file.crypto) {
            add_library(plan_.bio_libraries, bio_index_, *used, *file.crypto, file.bio_sites, user.pid);
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
    index_.clear();
    bio_index_.clear();
    return std::exchange(plan_, {});
}

}  // namespace sslsniff
