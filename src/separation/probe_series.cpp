#include "separation/probe_series.h"

#include <fcntl.h>

#include <utility>

#include "base/saturating.h"
#include "capture/discovery/proc_fs.h"

namespace sslsniff::separation {
namespace {

std::set<ProcessKey> keys_of(const std::vector<pid_t>& processes) {
    const ProcFs proc;
    std::set<ProcessKey> keys;
    for (const pid_t pid : processes) {
        if (const auto status = proc.status(pid)) {
            keys.insert(status->info.key);
        }
    }
    return keys;
}

bool names_any(const CaptureOptions& targets) {
    return targets.whole_host || !targets.pids.empty() || !targets.comms.empty() || !targets.users.empty() ||
           !targets.containers.empty() || !targets.pods.empty();
}

}  // namespace

Result<void> ProbeSeries::start(std::optional<pid_t> command) {
    auto probes = HeldProbes::start(options_, {.command = command, .reader = reader_});
    if (!probes) {
        return std::unexpected(probes.error());
    }
    probes_ = *std::move(probes);
    // The ring outlives the probes that filled it first.
    ring_ = UniqueFd(::fcntl(probes_->records().ring_fd, F_DUPFD_CLOEXEC, 0));
    return {};
}

Result<void> ProbeSeries::stop() {
    stopped_ = keys_of(probes_->captured());
    return probes_->probes().stop();
}

CaptureOptions ProbeSeries::options_to_go_on() const {
    CaptureOptions options = options_;
    if (!options.pids.empty() || !options.command.empty()) {
        options.pids.clear();
        options.command.clear();
        const ProcFs proc;
        for (const ProcessKey& key : stopped_) {
            const auto pid = static_cast<pid_t>(key.pid);
            if (const auto status = proc.status(pid); status && status->info.key == key) {
                options.pids.push_back(pid);
            }
        }
    }
    return options;
}

Result<void> ProbeSeries::restart() {
    const CaptureOptions options = options_to_go_on();
    if (!names_any(options)) {
        return fail(ErrorKind::not_found, "nothing runs any longer that was captured");
    }
    auto probes = HeldProbes::start(options, {.reader = reader_, .ring_fd = ring_.get()});
    if (!probes) {
        return std::unexpected(probes.error());
    }
    for (const KernelLoss& loss : losses()) {
        lost_[loss.cause] = loss;
    }
    probes_ = *std::move(probes);
    return {};
}

std::vector<KernelLoss> ProbeSeries::losses() const {
    std::vector<KernelLoss> losses = probes_->probes().losses();
    for (KernelLoss& loss : losses) {
        const auto before = lost_.find(loss.cause);
        if (before != lost_.end()) {
            add_saturating(loss.events, before->second.events);
            add_saturating(loss.bytes, before->second.bytes);
        }
    }
    return losses;
}

}  // namespace sslsniff::separation
