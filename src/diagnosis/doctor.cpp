#include "diagnosis/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "diagnosis/doctor_report.h"

namespace sslsniff {
namespace {

bool is_captured(const AttachPlan& plan, pid_t pid) {
    return std::ranges::any_of(plan.libraries, [pid](const LibraryPlan& library) {
        return std::ranges::binary_search(library.processes, pid);
    });
}

void add_notes(pid_t pid, const ProcFs& proc, const KernelFeatures& kernel, std::vector<std::string>& notes) {
    if (proc.uses_io_uring(pid)) {
        notes.push_back(fmt::format(
            "process {} uses io_uring: cleartext that it moves that way is {}; TLS is not affected", pid,
            kernel.captures_io_uring ? "captured"
                                     : "only counted on this kernel, which has neither fentry nor kprobes"));
    }
    if (const auto sessions = proc.kernel_tls_sessions(pid); sessions > 0) {
        notes.push_back(fmt::format(
            "kernel TLS (kTLS) has {} open sessions in the network namespace of process {}: what passes "
            "SSL_read and "
            "SSL_write is captured, what the kernel itself reads from a file (SSL_sendfile) is not",
            sessions, pid));
    }
}

Diagnosis diagnose(const DoctorOptions& options, const KernelFeatures& kernel, Planner& planner) {
    Diagnosis diagnosis{kernel,
                        options.pids.empty() ? planner.plan_all() : planner.plan_processes(options.pids),
                        kernel.notes, kernel.obstacles, options.rights};
    for (const pid_t pid : options.pids) {
        if (!is_captured(diagnosis.plan, pid)) {
            diagnosis.obstacles.push_back(fmt::format("Nothing of process {} can be captured.", pid));
        }
        add_notes(pid, planner.proc(), kernel, diagnosis.notes);
    }
    return diagnosis;
}

Result<std::optional<WatchedTraffic>> watch(const DoctorOptions& options, const Diagnosis& diagnosis) {
    if (!options.watch || !diagnosis.obstacles.empty()) {
        return std::nullopt;
    }
    return options.watch();
}

}  // namespace

Result<int> run_doctor(const DoctorOptions& options, const KernelFeatures& kernel, Planner& planner,
                       OutputStream& out) {
    const Diagnosis diagnosis = diagnose(options, kernel, planner);
    if (options.format == ReportFormat::text) {
        out.write(diagnosis_text(diagnosis, options.verbose, planner.proc()));
        if (auto flushed = out.flush(); !flushed) {  // before the wait
            return std::unexpected(flushed.error());
        }
    }
    const auto traffic = watch(options, diagnosis);
    if (!traffic) {
        return std::unexpected(traffic.error());
    }
    if (options.format == ReportFormat::json) {
        out.write(diagnosis_json(diagnosis, *traffic, planner.proc()));
    } else if (*traffic) {
        out.write(traffic_text(**traffic));
    }
    if (auto flushed = out.flush(); !flushed) {
        return std::unexpected(flushed.error());
    }
    return diagnosis.obstacles.empty() ? 0 : 1;
}

}  // namespace sslsniff
