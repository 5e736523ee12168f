#include "engine/live_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/text.h"
#include "capture/discovery/library_place.h"
#include "capture/discovery/proc_fs.h"
#include "engine/targets.h"

namespace sslsniff {
namespace {

CapturedLibrary describe(const LibraryPlan& library) {
    return {fmt::format("{}{}{}", printable(library.name), library.version.empty() ? "" : " ",
                        printable(library.version)),
            library_place(library, ProcFs())};
}

}  // namespace

LiveNotes::LiveNotes(const LiveReport& report, const CaptureOptions& options, TargetFilter targets)
    : report_(report),
      policy_{options.whole_host, options.all_remarks,
              [filter = std::move(targets)](pid_t pid) { return is_named_target(filter, pid); }} {}

std::vector<CapturedLibrary> LiveNotes::take_libraries() {
    std::vector<CapturedLibrary> fresh;
    const auto& libraries = report_.plan.libraries;
    for (; libraries_ < libraries.size(); ++libraries_) {
        // Of two layers, the copy stands for both.
        if (!libraries[libraries_].functions.empty() && !libraries[libraries_].shadowed) {
            fresh.push_back(describe(libraries[libraries_]));
        }
    }
    return fresh;
}

std::vector<std::string> LiveNotes::take_remarks() {
    std::vector<std::string> fresh;
    for (; remarks_ < report_.remarks.size(); ++remarks_) {
        fresh.push_back(printable(report_.remarks[remarks_]));
    }
    if (skipped_ < report_.plan.skipped.size()) {
        const auto skipped = std::span(report_.plan.skipped).subspan(skipped_);
        skipped_ = report_.plan.skipped.size();
        std::ranges::move(remarks_about(skipped, policy_), std::back_inserter(fresh));
    }
    return fresh;
}

std::vector<std::string> names_of_running(const std::vector<pid_t>& processes) {
    std::vector<std::string> names;
    for (const pid_t pid : processes) {
        if (const auto status = ProcFs().status(pid); status && !status->is_zombie) {
            names.push_back(fmt::format("{}[{}]", printable(status->info.comm), pid));
        }
    }
    return names;
}

}  // namespace sslsniff
