#include "capture/live/attacher.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <utility>

#include "capture/discovery/proc_fs.h"
#include "capture/kernel/event_convert.h"
#include "capture/live/clocks.h"
#include "capture/live/pid_namespace.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

constexpr std::chrono::seconds kMissedInterval{1};  // takes a system call for each program

}  // namespace

Attacher::Attacher(const LiveOptions& options, CapturePrograms programs)
    : options_(options),
      programs_(std::move(programs)),
      sites_(programs_),
      libraries_(options_, programs_, sites_, report_,
                 [this](std::uint32_t number, std::string name) {
                     news_.emplace_back(LibraryNamed{number, std::move(name)});
                 }),
      ciphertext_(programs_),
      socket_probes_(programs_, sites_, ciphertext_, libraries_, report_,
                     [this](std::uint32_t pid) {
                         news_.emplace_back(SocketProbesAttached{pid, clock_now(CLOCK_REALTIME)});
                     }),
      left_connections_(programs_) {}

Result<std::unique_ptr<Attacher>> Attacher::start(const LiveOptions& options) {
    if (const auto found = obstacles(); !found.empty()) {
        return std::unexpected(found.front());
    }
    for (const pid_t pid : options.targets.pids) {
        if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH)) {
            return fail(ErrorKind::not_found, fmt::format("There is no process {}.", pid));
        }
    }
    const auto kernel = KernelBtf::load();
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    const auto backends = choose_backends(*kernel, options);
    if (!backends) {
        return std::unexpected(backends.error());
    }
    auto programs = CapturePrograms::load(*backends, options);
    if (!programs) {
        return std::unexpected(programs.error());
    }
    std::unique_ptr<Attacher> attacher(new Attacher(options, std::move(*programs)));
    if (auto done = attacher->set_up(); !done) {
        return std::unexpected(done.error());
    }
    return attacher;
}

Result<void> Attacher::set_up() {
    report_.ring_bytes = programs_.ring_bytes();
    report_.probe_mechanism = to_string(programs_.backends().probes);
    report_.payload_strategy = to_string(programs_.backends().payload);
    report_.socket_backend = to_string(programs_.backends().sockets);
    report_.ciphertext = programs_.backends().ciphertext;

    if (auto done = programs_.attach_tracing(report_.remarks); !done) {
        return done;
    }
    if (auto done = add_targets(); !done) {
        return done;
    }
    if (auto done = add_matches(); !done) {
        return done;
    }
    if (auto done = add_of_containers(); !done) {
        return done;
    }
    report_.cleartext = programs_.backends().cleartext;
    const TargetFilter& targets = options_.targets;
    if (const auto note = pid_namespace_note(); note && finds_processes(targets)) {
        report_.remarks.push_back(*note);
    }
    if (options_.cleartext && !report_.cleartext) {
        report_.remarks.emplace_back(
            "Cleartext is not captured: this kernel has neither socket tracepoints, fentry nor kprobes "
            "(--tls-only silences this).");
    }
    if (options_.tls) {
        socket_probes_.attach_first(monotonic_now());
    }
    return programs_.arm(true);
}

/// Forks of targets are followed from the moment they are added; a child forked just before is found by
/// looking again until there is nobody new.
Result<void> Attacher::add_targets() {
    std::set<pid_t> added;
    std::vector<pid_t> found = options_.targets.pids;
    while (!found.empty()) {
        for (const pid_t pid : found) {
            if (auto done = programs_.add_target(static_cast<std::uint32_t>(pid)); !done) {
                return done;
            }
            added.insert(pid);
        }
        found = options_.targets.children ? ProcFs().with_descendants(options_.targets.pids)
                                          : std::vector<pid_t>();
        std::erase_if(found, [&](pid_t pid) { return added.contains(pid); });
    }
    return {};
}

/// Those of containers that are there already; look_after() adds whoever comes later.
Result<void> Attacher::add_of_containers() {
    if (wanted_containers_.is_empty()) {
        return {};
    }
    bool any = false;
    for (const pid_t pid : wanted_containers_.take_new(monotonic_now())) {
        any = true;
        if (auto done = programs_.add_target(static_cast<std::uint32_t>(pid)); !done) {
            return done;
        }
    }
    if (!any) {
        report_.remarks.emplace_back("No such container runs yet: it is captured when it starts.");
    }
    return {};
}

/// Those that are there already. The kernel side decides of whoever comes later, or takes another name.
Result<void> Attacher::add_matches() {
    const TargetFilter& targets = options_.targets;
    if (targets.everything || (targets.comms.empty() && targets.uids.empty())) {
        return {};
    }
    const ProcFs proc;
    std::set<pid_t> seen = {getpid(), options_.reader};
    for (bool found_any = true; found_any;) {
        found_any = false;
        for (const pid_t pid : proc.processes().value_or(std::vector<pid_t>())) {
            const auto status = seen.insert(pid).second ? proc.status(pid) : std::unexpected(ProcFailure());
            if (!status || programs_.is_target(static_cast<std::uint32_t>(pid))) {
                continue;
            }
            found_any = true;
            if (std::ranges::find(targets.comms, status->info.comm) == targets.comms.end() &&
                std::ranges::find(targets.uids, status->info.uid) == targets.uids.end()) {
                continue;
            }
            if (auto done = programs_.add_match(status->info.key.pid, status->info.uid); !done) {
                return done;
            }
        }
    }
    return {};
}

std::vector<pid_t> Attacher::captured() const {
    std::vector<pid_t> processes;
    std::ranges::transform(programs_.targets(), std::back_inserter(processes),
                           [](std::uint32_t pid) { return static_cast<pid_t>(pid); });
    return processes;
}

RecordSource Attacher::records() const {
    return {.ring_fd = programs_.ring_fd(),
            .ring_bytes = report_.ring_bytes,
            .show_tls = options_.tls,
            .show_cleartext = options_.cleartext,
            .has_cleartext = report_.cleartext,
            .has_ciphertext = report_.ciphertext};
}

void Attacher::attend() {
    if (!stopped_ && options_.tls) {
        socket_probes_.attach_new(monotonic_now());
    }
}

void Attacher::look_after() {
    socket_probes_.look_after(monotonic_now());
    follow_containers();
    left_connections_.sweep();
}

void Attacher::follow_containers() {
    std::vector<pid_t> added;
    if (!stopped_) {
        for (const pid_t pid : wanted_containers_.take_new(monotonic_now())) {
            const auto tgid = static_cast<std::uint32_t>(pid);
            if (!programs_.is_target(tgid) && programs_.add_target(tgid)) {
                added.push_back(pid);
            }
        }
    }
    if (!added.empty() && options_.tls) {
        libraries_.add_processes(added, monotonic_now());
    }
}

/// Some counts go with the links of the programs.
Result<void> Attacher::stop() {
    if (stopped_) {
        return {};
    }
    stopped_ = true;
    auto done = programs_.arm(false);
    socket_probes_.detach_all();
    read_missed();
    programs_.detach_tracing();
    return done;
}

std::vector<KernelNews> Attacher::take_news() {
    return std::exchange(news_, {});
}

std::vector<KernelLoss> Attacher::losses() {
    if (const auto now = monotonic_now(); !stopped_ && now >= next_missed_) {
        next_missed_ = now + kMissedInterval;
        read_missed();
    }
    std::vector<KernelLoss> losses;
    const std::vector<loss_count> counts = programs_.losses();
    losses.reserve(counts.size() + 1);
    for (std::uint32_t cause = 0; cause < counts.size(); cause++) {
        losses.push_back({to_loss_cause(cause), counts[cause].events, counts[cause].bytes});
    }
    losses.push_back({LossCause::missed, missed_, 0});
    return losses;
}

void Attacher::read_missed() {
    missed_ = std::max(missed_, programs_.missed());
}

std::optional<StreamEnds> Attacher::take_ends(const ConnectionId& id, std::uint64_t generation) {
    connection state{};
    if (!programs_.take_connection(id.pid, id.handle, generation, state)) {
        return std::nullopt;
    }
    StreamEnds ends;
    std::ranges::copy(state.position, ends.position.begin());
    std::ranges::transform(state.missing, ends.missing.begin(), to_loss_cause);
    return ends;
}

bool Attacher::has_connection(const ConnectionId& id, std::uint64_t generation) {
    return programs_.has_connection(id.pid, id.handle, generation);
}

void Attacher::mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) {
    ciphertext_.mark_bound(generation, socket_cookie);
}

void Attacher::release_socket(std::uint64_t socket_cookie) {
    ciphertext_.release_socket(socket_cookie);
}

void Attacher::leave_socket(std::uint64_t socket_cookie) {
    ciphertext_.leave_socket(socket_cookie);
}

/// From /proc, where the process may be gone.
void Attacher::describe_process(ProcessInfo& process) {
    const ProcFs proc;
    const auto pid = static_cast<pid_t>(process.key.pid);
    if (process.exe.empty()) {
        process.exe = proc.executable(pid);
    }
    if (process.container_id.empty()) {
        process.container_id = proc.container_id(pid);
    }
    if (!process.container_id.empty() && process.container.runtime.empty()) {
        process.container = containers_.find(process.container_id);
    }
}

bool Attacher::shows_sockets_by_payload(std::uint32_t pid) {
    return libraries_.shows_sockets_by_payload(pid);
}

UncoveredTls Attacher::describe_uncovered(std::uint32_t pid) {
    return libraries_.describe_uncovered(pid);
}

}  // namespace sslsniff
