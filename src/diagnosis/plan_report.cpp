#include "diagnosis/plan_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "capture/discovery/library_place.h"
#include "model/names.h"
#include "output/json/json_arrays.h"

namespace sslsniff {
namespace {

std::string comm_of(const ProcFs& proc, pid_t pid) {
    const auto status = proc.status(pid);
    return status ? status->info.comm : std::string{};
}

/// "curl[42], nginx[7, 8, 9] and 3 more".
std::string names_of(std::span<const pid_t> processes, const ProcFs& proc) {
    constexpr std::size_t kShown = 20;
    std::vector<std::pair<std::string, std::vector<pid_t>>> groups;
    const auto shown = processes.first(std::min(processes.size(), kShown));
    for (const pid_t pid : shown) {
        const std::string comm = comm_of(proc, pid);
        auto group = std::ranges::find(groups, comm, &decltype(groups)::value_type::first);
        if (group == groups.end()) {
            group = groups.insert(groups.end(), {comm, {}});
        }
        group->second.push_back(pid);
    }
    std::string text;
    for (const auto& [comm, pids] : groups) {
        text += fmt::format("{}{}[{}]", text.empty() ? "" : ", ", printable(comm), fmt::join(pids, ", "));
    }
    const std::size_t more = processes.size() - shown.size();
    return text + (more > 0 ? fmt::format(" and {} more", more) : "");
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

/// "js at 0x35446", "ret at 0x3547a (single-stepped)"
std::string site_text(const ProbeSite& site) {
    return fmt::format("{} at {:#x}{}", site.instruction, site.file_offset,
                       site.is_stepped ? " (single-stepped)" : "");
}

std::string function_text(const ProbedFunction& function) {
    std::string text = fmt::format("    {:<24} {}", function.symbol, site_text(function.best.entry));
    std::string_view before = "; returns seen by ";
    for (const ProbeSite& site : function.best.returns) {
        text += fmt::format("{}{}", std::exchange(before, ", "), site_text(site));
    }
    if (!function.covers.empty()) {
        text += function.is_internal ? "; in the function it shares with " : "; also for ";
    }
    return fmt::format("{}{}\n", text, fmt::join(function.covers, ", "));
}

constexpr Names<FoundBy, 6> kFoundBy{{{FoundBy::dynamic_symbol, "dynamic symbols"},
                                      {FoundBy::symbol, "symbols"},
                                      {FoundBy::go_table, "the function table of Go"},
                                      {FoundBy::operations, "tables of functions"},
                                      {FoundBy::reports, "reported errors"},
                                      {FoundBy::code, "code"}}};

/// By what the functions are known in which calls begin: those around the places inside that records pass.
std::set<FoundBy> found_by_of(const LibraryPlan& library) {
    std::set<FoundBy> all;
    for (const ProbedFunction& function : library.functions) {
        if (!function.is_internal && !is_record_call(function.form.call)) {
            all.insert(function.found_by);
        }
    }
    return all.empty() && !library.functions.empty() ? std::set{FoundBy::code} : all;
}

bool is_certain(const std::set<FoundBy>& ways) {
    return std::ranges::all_of(ways, [](FoundBy each) { return sslsniff::is_certain(each); });
}

std::vector<std::string_view> names_of(const std::set<FoundBy>& ways) {
    std::vector<std::string_view> names;
    std::ranges::transform(ways, std::back_inserter(names),
                           [](FoundBy each) { return name_of(kFoundBy, each); });
    return names;
}

std::string found_by_text(const LibraryPlan& library) {
    const auto ways = found_by_of(library);
    const auto names = names_of(ways);
    return names.empty() ? ""
                         : fmt::format("    functions found by {} ({})\n", fmt::join(names, ", "),
                                       is_certain(ways) ? "certain" : "inferred, none that two fit");
}

void write_site(JsonWriter& json, const ProbeSite& site) {
    json.text("instruction", site.instruction);
    json.unsigned_number("file_offset", site.file_offset);
    json.boolean("single_stepped", site.is_stepped);
}

}  // namespace

std::string library_text(const LibraryPlan& library, LibraryDetail detail, const ProcFs& proc) {
    std::string text =
        fmt::format("{}{}{}  {}{}\n    {}\n", library.name, library.version.empty() ? "" : " ",
                    library.version, library_place(library, proc),
                    library.deleted    ? " (deleted or replaced on disk)"
                    : library.shadowed ? " (as it was before it was changed: overlayfs has a copy since)"
                                       : "",
                    library.processes.empty() ? "used by no process now"
                                              : "used by " + names_of(library.processes, proc));
    if (!library.build_id.empty()) {
        text += fmt::format("    build id {}\n", library.build_id);
    }
    if (detail == LibraryDetail::users_and_sites) {
        text += found_by_text(library);
        for (const ProbedFunction& function : library.functions) {
            text += function_text(function);
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
    const auto ways = found_by_of(library);
    write_texts(json, "found_by", names_of(ways));
    json.boolean("inferred", !is_certain(ways));
    write_objects(json, "processes", library.processes, [&](pid_t pid) {
        json.number("pid", pid);
        json.text("comm", comm_of(proc, pid));
    });
    if (detail != LibraryDetail::users_and_sites) {
        return;
    }
    write_objects(json, "functions", library.functions, [&](const ProbedFunction& function) {
        json.text("symbol", function.symbol);
        json.boolean("internal", function.is_internal);
        write_texts(json, "covers", function.covers);
        json.begin_object("entry");
        write_site(json, function.best.entry);
        json.end_object();
        write_objects(json, "returns", function.best.returns,
                      [&](const ProbeSite& site) { write_site(json, site); });
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
