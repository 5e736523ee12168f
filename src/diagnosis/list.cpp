#include "diagnosis/list.h"

#include <algorithm>

namespace sslsniff {
namespace {

/// What processes use, and installed libraries that none uses.
AttachPlan plan_host(Planner& planner) {
    AttachPlan plan = planner.plan_all();
    for (LibraryPlan& library : planner.plan_standard_libraries().libraries) {
        if (std::ranges::find(plan.libraries, library.file, &LibraryPlan::file) == plan.libraries.end()) {
            plan.libraries.push_back(std::move(library));
        }
    }
    return plan;
}

void write_text(const AttachPlan& plan, const ListOptions& options, const ProcFs& proc, OutputStream& out) {
    const LibraryDetail detail = options.verbose ? LibraryDetail::users_and_sites : LibraryDetail::users;
    for (const LibraryPlan& library : plan.libraries) {
        out.write(library_text(library, detail, proc));
    }
    if (plan.libraries.empty()) {
        out.write(options.pids.empty()
                      ? "No process uses a TLS library that sslsniff can capture, and none is installed.\n"
                      : "None of these processes uses a TLS library that sslsniff can capture.\n");
    }
    if (!plan.skipped.empty()) {
        out.write("\nNot captured:\n" + skipped_text(plan.skipped, proc));
    }
}

void write_json(const AttachPlan& plan, const ProcFs& proc, OutputStream& out) {
    JsonWriter json;
    const auto line = [&](std::string_view type, const auto& fields) {
        json.begin_document();
        json.plain("schema", "sslsniff/1");
        json.plain("type", type);
        fields();
        json.end_object();
        out.write(json.line());
    };
    for (const LibraryPlan& library : plan.libraries) {
        line("library", [&] { write_library(json, library, LibraryDetail::users, proc); });
    }
    for (const SkippedTarget& skipped : plan.skipped) {
        line("skipped", [&] { write_skipped(json, skipped); });
    }
}

}  // namespace

Result<int> run_list(const ListOptions& options, Planner& planner, OutputStream& out) {
    const AttachPlan plan = options.pids.empty() ? plan_host(planner) : planner.plan_processes(options.pids);
    if (options.format == ReportFormat::json) {
        write_json(plan, planner.proc(), out);
    } else {
        write_text(plan, options, planner.proc(), out);
    }
    if (auto flushed = out.flush(); !flushed) {
        return std::unexpected(flushed.error());
    }
    return plan.libraries.empty() ? 1 : 0;
}

}  // namespace sslsniff
