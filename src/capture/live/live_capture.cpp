#include "capture/live/live_capture.h"

#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>

#include "capture/discovery/proc_fs.h"
#include "capture/kernel/event_convert.h"
#include "capture/live/clocks.h"
#include "capture/live/pid_namespace.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

constexpr std::size_t kPollBudget = 512U << 10U;  // bytes handed over by one poll
constexpr std::size_t kUrgent = 8;                // part of the ring that may wait

/// From /proc, where the process may be gone.
void describe_process(ProcessInfo& process) {
    const ProcFs proc;
    const auto pid = static_cast<pid_t>(process.key.pid);
    if (process.exe.empty()) {
        process.exe = proc.executable(pid);
    }
    if (process.container_id.empty()) {
        process.container_id = proc.container_id(pid);
    }
}

}  // namespace

LiveCapture::LiveCapture(const LiveOptions& options, CapturePrograms programs)
    : options_(options),
      programs_(std::move(programs)),
      sites_(programs_),
      libraries_(
          options_, programs_, sites_, report_,
          [this](std::uint32_t number, std::string name) { decoder_.name_library(number, std::move(name)); }),
      ciphertext_(programs_),
      stages_([this](std::uint64_t socket_cookie) { ciphertext_.leave_socket(socket_cookie); }, options_.tls,
              [this](std::uint32_t pid) { return libraries_.describe_uncovered(pid); }, options_.cleartext),
      socket_probes_(programs_, sites_, ciphertext_, libraries_, stages_, report_),
      losses_(programs_),
      left_connections_(programs_),
      monotonic_zero_(find_monotonic_zero()),
      decoder_(monotonic_zero_, decoder_hooks()) {}

Origin LiveCapture::origin() const {
    Origin origin;
    if (utsname system{}; uname(&system) == 0) {
        origin.kernel = static_cast<const char*>(system.release);
    }
    origin.clock_offset = monotonic_zero_.time_since_epoch();
    return origin;
}

EventDecoder::Hooks LiveCapture::decoder_hooks() {
    EventDecoder::Hooks hooks;
    hooks.take_ends = [this](const ConnectionId& id, std::uint64_t generation) {
        return take_ends(id, generation);
    };
    hooks.describe_process = describe_process;
    hooks.on_bound = [this](std::uint64_t generation, std::uint64_t socket_cookie) {
        ciphertext_.mark_bound(generation, socket_cookie);
    };
    hooks.describe_uncovered = [this](std::uint32_t pid) { return libraries_.describe_uncovered(pid); };
    hooks.on_released = [this](std::uint64_t socket_cookie) { ciphertext_.release_socket(socket_cookie); };
    return hooks;
}

Result<std::unique_ptr<LiveCapture>> LiveCapture::start(const LiveOptions& options) {
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
    std::unique_ptr<LiveCapture> capture(new LiveCapture(options, std::move(*programs)));
    if (auto done = capture->set_up(); !done) {
        return std::unexpected(done.error());
    }
    return capture;
}

Result<void> LiveCapture::set_up() {
    auto ring = RecordRing::open(programs_.ring_fd(), programs_.ring_bytes());
    if (!ring) {
        return std::unexpected(ring.error());
    }
    ring_ = std::move(*ring);
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
    report_.cleartext = programs_.backends().cleartext;
    stages_.use(report_.cleartext, report_.ciphertext);
    const TargetFilter& targets = options_.targets;
    if (const auto note = pid_namespace_note();
        note && (targets.everything || !targets.comms.empty() || !targets.uids.empty())) {
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
    if (auto done = set_up_poll(); !done) {
        return done;
    }
    return programs_.arm(true);
}

/// Forks of targets are followed from the moment they are added; a child forked just before is found by
/// looking again until there is nobody new.
Result<void> LiveCapture::add_targets() {
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

/// Those that are there already. The kernel side decides of whoever comes later, or takes another name.
Result<void> LiveCapture::add_matches() {
    const TargetFilter& targets = options_.targets;
    if (targets.everything || (targets.comms.empty() && targets.uids.empty())) {
        return {};
    }
    const ProcFs proc;
    std::set<pid_t> seen = {getpid()};
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

Result<void> LiveCapture::set_up_poll() {
    auto set = WaitSet::open();
    if (!set) {
        return std::unexpected(set.error());
    }
    wait_set_ = std::move(*set);
    wait_set_.add(ring_->descriptor());
    for (const int descriptor : libraries_.descriptors()) {
        wait_set_.add(descriptor);
    }
    return {};
}

std::optional<StreamEnds> LiveCapture::take_ends(const ConnectionId& id, std::uint64_t generation) {
    connection state{};
    if (!programs_.take_connection(id.pid, id.handle, generation, state)) {
        return std::nullopt;
    }
    StreamEnds ends;
    std::ranges::copy(state.position, ends.position.begin());
    std::ranges::transform(state.missing, ends.missing.begin(), to_loss_cause);
    return ends;
}

/// When records were lost, ends of connections may be among them. Only while no record waits.
void LiveCapture::reconcile(EventConsumer& consumer) {
    if (!losses_.take_reconciliation()) {
        return;
    }
    const auto is_alive = [this](const ConnectionId& id, std::uint64_t generation) {
        return programs_.has_connection(id.pid, id.handle, generation);
    };
    stages_.run(consumer, [&](EventConsumer& first) {
        decoder_.reconcile(is_alive, clock_now(CLOCK_REALTIME), first);
    });
}

/// Hands over what waits in the ring; true when there was anything.
bool LiveCapture::take_records(EventConsumer& consumer) {
    const bool took = stages_.run(consumer, [&](EventConsumer& first) {
        return ring_->take(kPollBudget, [&](ByteView record) {
            socket_probes_.see(record);
            decoder_.decode(record, first);
        });
    });
    if (!took) {  // the events do not tell how late it is
        const Timestamp now = clock_now(CLOCK_REALTIME);
        stages_.run(consumer, [&](EventConsumer& first) {
            decoder_.expire(now, first);
            return true;
        });
        stages_.expire(now, consumer);
    }
    socket_probes_.look_after(monotonic_now());
    return took;
}

/// On a busy CPU the traced programs and their peers wait for us. So others may run after every piece, unless
/// so much is waiting already that the ring could run full in the meantime: giving way costs milliseconds.
void LiveCapture::give_way() {
    if (ring_->waiting() < ring_->size() / kUrgent) {
        sched_yield();
    }
}

Result<PollStatus> LiveCapture::poll(EventConsumer& consumer) {
    if (ended_) {
        return PollStatus::ended;
    }
    if (!stopped_ && options_.tls) {
        socket_probes_.attach_new(monotonic_now());
    }
    const bool took = take_records(consumer);
    losses_.report(consumer, stopped_ && !took);
    left_connections_.sweep();
    if (took) {
        give_way();
        return PollStatus::more;
    }
    reconcile(consumer);
    if (stopped_) {
        stages_.run(consumer, [&](EventConsumer& first) {
            decoder_.expire(clock_now(CLOCK_REALTIME), first, Duration(0));
            return true;
        });
        stages_.flush(consumer);
        ended_ = true;
        return PollStatus::ended;
    }
    wait_set_.clear();
    return PollStatus::idle;
}

std::vector<pid_t> LiveCapture::captured() const {
    std::vector<pid_t> processes;
    std::ranges::transform(programs_.targets(), std::back_inserter(processes),
                           [](std::uint32_t pid) { return static_cast<pid_t>(pid); });
    return processes;
}

Result<void> LiveCapture::stop() {
    if (stopped_) {
        return {};
    }
    stopped_ = true;
    auto done = programs_.arm(false);
    socket_probes_.detach_all();
    losses_.read_missed();
    programs_.detach_tracing();
    return done;
}

}  // namespace sslsniff
