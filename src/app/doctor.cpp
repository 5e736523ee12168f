#include "app/doctor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "base/text.h"

namespace sslsniff {
namespace {

struct Diagnosis {
    const KernelFeatures& kernel;
    AttachPlan plan;
    std::vector<std::string> obstacles;  ///< one sentence each; empty: capture works
};

bool is_captured(const AttachPlan& plan, pid_t pid) {
    return std::ranges::any_of(plan.libraries, [pid](const LibraryPlan& library) {
        return std::ranges::binary_search(library.processes, pid);
    });
}

Diagnosis diagnose(const DoctorOptions& options, const KernelFeatures& kernel, Planner& planner) {
    Diagnosis diagnosis{kernel,
                        options.pids.empty() ? planner.plan_all() : planner.plan_processes(options.pids),
                        kernel.obstacles};
    if (!kernel.missing_capabilities.empty()) {
        diagnosis.obstacles.push_back(
            fmt::format("Missing {}: run as root.", fmt::join(kernel.missing_capabilities, ", ")));
    }
    for (const pid_t pid : options.pids) {
        if (!is_captured(diagnosis.plan, pid)) {
            diagnosis.obstacles.push_back(fmt::format("Nothing of process {} can be captured.", pid));
        }
    }
    return diagnosis;
}

std::string kernel_text(const KernelFeatures& kernel) {
    std::string text = fmt::format("Kernel {} {}, {}\n", printable(kernel.release), kernel.architecture,
                                   kernel.btf ? "with BTF" : "without BTF");
    for (const KernelFeature& feature : kernel.features) {
        text += fmt::format("    {:<4}{}{}{}\n", feature.present ? "yes" : "no", feature.name,
                            feature.detail.empty() ? "" : ": ", printable(feature.detail));
    }
    for (const BackendChoice& choice : kernel.backends) {
        text += fmt::format("    {}: {}{}{}\n", choice.purpose, choice.backend,
                            choice.reason.empty() ? "" : ", because ", printable(choice.reason));
    }
    return text;
}

void write_text(const Diagnosis& diagnosis, const ProcFs& proc, OutputStream& out) {
    out.write(kernel_text(diagnosis.kernel));
    for (const LibraryPlan& library : diagnosis.plan.libraries) {
        out.write("\n" + library_text(library, LibraryDetail::users_and_sites, proc));
    }
    for (const LibraryPlan& library : diagnosis.plan.bio_libraries) {
        out.write("\nFor processes that keep TLS apart from their sockets (memory BIOs):\n" +
                  library_text(library, LibraryDetail::users_and_sites, proc));
    }
    if (!diagnosis.plan.skipped.empty()) {
        out.write("\nNot captured:\n");
    }
    for (const SkippedTarget& skipped : diagnosis.plan.skipped) {
        out.write("    " + skipped.reason + "\n");
    }
    out.write(diagnosis.obstacles.empty() ? "\nCapture works.\n" : "\nCapture does not work:\n");
    for (const std::string& obstacle : diagnosis.obstacles) {
        out.write("    " + obstacle + "\n");
    }
}

void write_kernel(JsonWriter& json, const KernelFeatures& kernel) {
    json.begin_object("kernel");
    json.text("release", kernel.release);
    json.text("architecture", kernel.architecture);
    json.boolean("btf", kernel.btf);
    json.begin_array("features");
    for (const KernelFeature& feature : kernel.features) {
        json.begin_object({});
        json.text("name", feature.name);
        json.boolean("present", feature.present);
        json.text("detail", feature.detail);
        json.end_object();
    }
    json.end_array();
    json.begin_array("backends");
    for (const BackendChoice& choice : kernel.backends) {
        json.begin_object({});
        json.text("purpose", choice.purpose);
        json.text("backend", choice.backend);
        json.text("reason", choice.reason);
        json.end_object();
    }
    json.end_array();
    json.begin_array("missing_capabilities");
    for (const std::string& capability : kernel.missing_capabilities) {
        json.text({}, capability);
    }
    json.end_array();
    json.end_object();
}

void write_json(const Diagnosis& diagnosis, const ProcFs& proc, OutputStream& out) {
    JsonWriter json;
    json.begin_document();
    json.plain("schema", "sslsniff/1");
    json.plain("type", "doctor");
    json.boolean("works", diagnosis.obstacles.empty());
    json.begin_array("obstacles");
    for (const std::string& obstacle : diagnosis.obstacles) {
        json.text({}, obstacle);
    }
    json.end_array();
    write_kernel(json, diagnosis.kernel);
    const auto libraries = [&](std::string_view key, const std::vector<LibraryPlan>& plans) {
        json.begin_array(key);
        for (const LibraryPlan& library : plans) {
            json.begin_object({});
            write_library(json, library, LibraryDetail::users_and_sites, proc);
            json.end_object();
        }
        json.end_array();
    };
    libraries("libraries", diagnosis.plan.libraries);
    libraries("bio_libraries", diagnosis.plan.bio_libraries);
    json.begin_array("skipped");
    for (const SkippedTarget& skipped : diagnosis.plan.skipped) {
        json.begin_object({});
        write_skipped(json, skipped);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    out.write(json.buffer() + "\n");
}

}  // namespace

Result<int> run_doctor(const DoctorOptions& options, const KernelFeatures& kernel, Planner& planner,
                       OutputStream& out) {
    const Diagnosis diagnosis = diagnose(options, kernel, planner);
    if (options.format == ReportFormat::json) {
        write_json(diagnosis, planner.proc(), out);
    } else {
        write_text(diagnosis, planner.proc(), out);
    }
    if (auto flushed = out.flush(); !flushed) {
        return std::unexpected(flushed.error());
    }
    return diagnosis.obstacles.empty() ? 0 : 1;
}

}  // namespace sslsniff
