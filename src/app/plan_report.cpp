#include "app/plan_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>

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

std::string users_text(const LibraryPlan& library, const ProcFs& proc) {
    constexpr std::size_t kShown = 20;
    if (library.processes.empty()) {
        return "used by no process now";
    }
    std::vector<std::string> names;
    for (const pid_t pid : std::span(library.processes).first(std::min(library.processes.size(), kShown))) {
        names.push_back(fmt::format("{}[{}]", printable(comm_of(proc, pid)), pid));
    }
    const std::size_t more = library.processes.size() - names.size();
    return fmt::format("used by {}{}", fmt::join(names, ", "),
                       more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string site_text(const ProbeSite& site) {
    return fmt::format("    {:<24} at {:#x}: {}{}{}\n", site.symbol, site.file_offset,
                       name_of(kSiteTexts, site.kind), site.covers.empty() ? "" : ", also for ",
                       fmt::join(site.covers, ", "));
}

}  // namespace

std::string library_text(const LibraryPlan& library, LibraryDetail detail, const ProcFs& proc) {
    std::string text =
        fmt::format("{}{}{}  {}{}\n    {}\n", library.name, library.version.empty() ? "" : " ",
                    library.version, printable(library.display_path),
                    library.deleted ? " (deleted or replaced on disk)" : "", users_text(library, proc));
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
