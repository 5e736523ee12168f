#include "diagnosis/doctor_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "diagnosis/plan_report.h"
#include "output/json/json_arrays.h"

namespace sslsniff {
namespace {

std::string kernel_text(const KernelFeatures& kernel, bool verbose) {
    std::string text = fmt::format("\nKernel {} {}, {}\n", printable(kernel.release), kernel.architecture,
                                   kernel.btf ? "with BTF" : "without BTF");
    if (!verbose) {
        return text;
    }
    for (const KernelFeature& feature : kernel.features) {
        text += fmt::format("    {:<4}{}{}{}\n", feature.present ? "yes" : "no", feature.name,
                            feature.detail.empty() ? "" : ": ", printable(feature.detail));
    }
    for (const BackendChoice& choice : kernel.backends) {
        text += fmt::format("    {}: {}{}\n", choice.purpose, choice.backend,
                            choice.reason.empty() ? "" : fmt::format(" ({})", printable(choice.reason)));
    }
    return text;
}

std::string rights_text(const ProcessRights& rights) {
    return fmt::format("{} ({}): uid {}, {}{}", rights.process, rights.task, rights.uid,
                       rights.capabilities.empty() ? "no capabilities"
                                                   : fmt::format("{}", fmt::join(rights.capabilities, ", ")),
                       rights.filters_system_calls ? ", system calls filtered" : "");
}

void write_kernel(JsonWriter& json, const KernelFeatures& kernel) {
    json.begin_object("kernel");
    json.text("release", kernel.release);
    json.text("architecture", kernel.architecture);
    json.boolean("btf", kernel.btf);
    write_objects(json, "features", kernel.features, [&](const KernelFeature& feature) {
        json.text("name", feature.name);
        json.boolean("present", feature.present);
        json.text("detail", feature.detail);
    });
    write_objects(json, "backends", kernel.backends, [&](const BackendChoice& choice) {
        json.text("purpose", choice.purpose);
        json.text("backend", choice.backend);
        json.text("reason", choice.reason);
    });
    write_texts(json, "missing_capabilities", kernel.missing_capabilities);
    json.end_object();
}

void write_libraries(JsonWriter& json, std::string_view key, const std::vector<LibraryPlan>& plans,
                     const ProcFs& proc) {
    write_objects(json, key, plans, [&](const LibraryPlan& library) {
        write_library(json, library, LibraryDetail::users_and_sites, proc);
    });
}

void write_watched(JsonWriter& json, const WatchedTraffic& traffic) {
    json.begin_object("traffic");
    json.number("duration_us",
                std::chrono::duration_cast<std::chrono::microseconds>(traffic.duration).count());
    json.unsigned_number("lost_events", traffic.lost_events);
    write_objects(json, "processes", traffic.processes,
                  [&](const ProcessTraffic& process) { write_traffic(json, process); });
    json.end_object();
}

}  // namespace

std::string diagnosis_text(const Diagnosis& diagnosis, bool verbose, const ProcFs& proc) {
    std::string text;
    const auto section = [&text](std::string_view heading, const auto& entries, const auto& sentence_of) {
        text += entries.empty() ? "" : fmt::format("{}{}:\n", text.empty() ? "" : "\n", heading);
        for (const auto& entry : entries) {
            text += fmt::format("    {}\n", sentence_of(entry));
        }
    };
    const auto itself = [](const std::string& sentence) { return sentence; };
    if (diagnosis.obstacles.empty()) {
        text = "Capture works.\n";
    }
    section("Capture does not work", diagnosis.obstacles, itself);
    section("Not captured", diagnosis.plan.skipped,
            [](const SkippedTarget& target) { return target.reason; });
    section("Notes", diagnosis.notes, itself);
    section("A capture would consist of", diagnosis.rights, rights_text);
    const LibraryDetail detail = verbose ? LibraryDetail::users_and_sites : LibraryDetail::users;
    for (const LibraryPlan& library : diagnosis.plan.libraries) {
        text += "\n" + library_text(library, detail, proc);
    }
    if (verbose) {
        for (const LibraryPlan& library : diagnosis.plan.transport_libraries) {
            text += "\nFor processes that keep TLS apart from their sockets (memory BIOs):\n" +
                    library_text(library, detail, proc);
        }
    }
    return text + kernel_text(diagnosis.kernel, verbose);
}

std::string traffic_text(const WatchedTraffic& traffic) {
    std::string text =
        fmt::format("\nIn {:.1f} s:\n", std::chrono::duration<double>(traffic.duration).count());
    for (const ProcessTraffic& process : traffic.processes) {
        text += "    " + traffic_text(process);
    }
    if (traffic.processes.empty()) {
        text +=
            "    nothing was sent or received: try while the process is busy, or longer with --duration\n";
    }
    if (traffic.lost_events > 0) {
        text += fmt::format("    {} events were lost\n", traffic.lost_events);
    }
    return text;
}

std::string diagnosis_json(const Diagnosis& diagnosis, const std::optional<WatchedTraffic>& traffic,
                           const ProcFs& proc) {
    JsonWriter json;
    json.begin_document();
    json.plain("schema", "sslsniff/1");
    json.plain("type", "doctor");
    json.boolean("works", diagnosis.obstacles.empty());
    write_texts(json, "obstacles", diagnosis.obstacles);
    write_texts(json, "notes", diagnosis.notes);
    write_kernel(json, diagnosis.kernel);
    write_libraries(json, "libraries", diagnosis.plan.libraries, proc);
    write_libraries(json, "bio_libraries", diagnosis.plan.transport_libraries, proc);
    write_objects(json, "skipped", diagnosis.plan.skipped,
                  [&](const SkippedTarget& skipped) { write_skipped(json, skipped); });
    write_objects(json, "rights", diagnosis.rights, [&](const ProcessRights& rights) {
        json.plain("process", rights.process);
        json.plain("task", rights.task);
        json.unsigned_number("uid", rights.uid);
        write_texts(json, "capabilities", rights.capabilities);
        json.boolean("filters_system_calls", rights.filters_system_calls);
    });
    if (traffic) {
        write_watched(json, *traffic);
    }
    json.end_object();
    return std::string(json.line());
}

}  // namespace sslsniff
