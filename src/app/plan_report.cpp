#include "app/plan_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/text.h"
#include "model/names.h"
#include "output/json/json_arrays.h"

namespace sslsniff {
namespace {

constexpr Names<SiteKind, 4> kSiteNames{{{SiteKind::entry, "entry"},
                                         {SiteKind::after_endbr64, "after_endbr64"},
                                         {SiteKind::internal, "internal"},
                                         {SiteKind::entry_stepped, "entry_stepped"}}};
constexpr Names<SiteKind, 4> kSiteTexts{{{SiteKind::entry, "its first instruction"},
                                         {SiteKind::after_endbr64, "behind endbr64"},
                                         {SiteKind::internal, "the internal function"},
                                         {SiteKind::entry_stepped, "its first instruction, single-stepped"}}};

std::string comm_of(const ProcFs& proc, pid_t pid) {
    const auto status = proc.status(pid);
    return status ? status->info.comm : std::string{};
}

/// "curl[42], nginx[7] and 3 more".
std::string names_of(std::span<const pid_t> processes, const ProcFs& proc) {
    constexpr std::size_t kShown = 20;
    std::vector<std::string> names;
    for (const pid_t pid : processes.first(std::min(processes.size(), kShown))) {
        names.push_back(fmt::format("{}[{}]", printable(comm_of(proc, pid)), pid));
    }
    const std::size_t more = processes.size() - names.size();
    return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

/// Processes that have the same reason for not being captured.
struct SkippedGroup {
    std::string cause;
    bool is_about_file = false;
    std::vector<pid_t> users;
    std::vector<pid_t> also;  ///< captured otherwise
};

std::vector<SkippedGroup> groups_of(std::span<const SkippedTarget> skipped) {
    std::vector<SkippedGroup> groups;
    std::map<std::string_view, std::size_t> known;
    for (const SkippedTarget& target : skipped) {
        if (target.cause.empty()) {
            groups.push_back({target.reason, false, {}, {}});
            continue;
        }
        const auto [group, is_new] = known.emplace(target.cause, groups.size());
        if (is_new) {
            groups.push_back({target.cause, !target.path.empty(), {}, {}});
        }
        SkippedGroup& found = groups[group->second];
        if (target.pid != 0) {
            (target.captured_otherwise ? found.also : found.users).push_back(target.pid);
        }
    }
    return groups;
}

std::string site_text(const ProbeSite& site) {
    return fmt::format("    {:<24} at {:#x}: {}{}{}\n", site.symbol, site.file_offset,
                       name_of(kSiteTexts, site.kind), site.covers.empty() ? "" : ", also for ",
                       fmt::join(site.covers, ", "));
}

}  // namespace

std::string library_text(const LibraryPlan& library, LibraryDetail detail, const ProcFs& proc) {
    std::string text = fmt::format(
        "{}{}{}  {}{}\n    {}\n", library.name, library.version.empty() ? "" : " ", library.version,
        printable(library.display_path), library.deleted ? " (deleted or replaced on disk)" : "",
        library.processes.empty() ? "used by no process now"
                                  : "used by " + names_of(library.processes, proc));
    if (!library.build_id.empty()) {
        text += fmt::format("    build id {}\n", library.build_id);
    }
    if (detail == LibraryDetail::users_and_sites) {
        for (const ProbeSite& site : library.sites) {
            text += site_text(site);
        }
        for (const SkippedSymbol& skipped : library.skipped) {
            text += fmt::format("    {:<24} not probed: {}\n", skipped.symbol, skipped.reason);
        }
    }
    return text;
}

std::string skipped_text(std::span<const SkippedTarget> skipped, const ProcFs& proc) {
    std::string text;
    for (const SkippedGroup& group : groups_of(skipped)) {
        text += fmt::format("    {}\n", group.cause);
        if (!group.users.empty()) {
            text += fmt::format("        {} {}\n", group.is_about_file ? "used by" : "of",
                                names_of(group.users, proc));
        }
        if (!group.also.empty()) {
            text += fmt::format("        also loaded by {}, of which another library is captured\n",
                                names_of(group.also, proc));
        }
    }
    return text;
}

void write_library(JsonWriter& json, const LibraryPlan& library, LibraryDetail detail, const ProcFs& proc) {
    json.text("name", library.name);
    if (!library.version.empty()) {
        json.text("version", library.version);
    }
    json.text("path", library.display_path);
    if (!library.build_id.empty()) {
        json.text("build_id", library.build_id);
    }
    json.boolean("deleted", library.deleted);
    write_objects(json, "processes", library.processes, [&](pid_t pid) {
        json.number("pid", pid);
        json.text("comm", comm_of(proc, pid));
    });
    if (detail != LibraryDetail::users_and_sites) {
        return;
    }
    write_objects(json, "sites", library.sites, [&](const ProbeSite& site) {
        json.text("symbol", site.symbol);
        json.text("kind", name_of(kSiteNames, site.kind));
        json.unsigned_number("file_offset", site.file_offset);
        write_texts(json, "covers", site.covers);
    });
    write_objects(json, "not_probed", library.skipped, [&](const SkippedSymbol& skipped) {
        json.text("symbol", skipped.symbol);
        json.text("reason", skipped.reason);
    });
}

void write_skipped(JsonWriter& json, const SkippedTarget& skipped) {
    if (skipped.pid != 0) {
        json.number("pid", skipped.pid);
    }
    if (!skipped.path.empty()) {
        json.text("path", skipped.path);
    }
    json.text("reason", skipped.reason);
}

}  // namespace sslsniff
