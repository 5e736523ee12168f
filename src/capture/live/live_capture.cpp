#include "capture/live/live_capture.h"

#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "capture/discovery/proc_fs.h"
#include "capture/event_convert.h"
#include "capture/live/clocks.h"
#include "capture/live/preflight.h"

namespace sslsniff {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPollBudget = 48U << 10U;  // octets handed over by one poll
constexpr unsigned kPatience = 64;               // polls in a row with more waiting behind them
constexpr milliseconds kTick{20};
constexpr milliseconds kLossInterval{250};
constexpr milliseconds kReconcileInterval{1000};
constexpr unsigned kReconciliations = 2;  // one finds, the next ends

/// Passes events on by way of something that may keep them for a while.
template <class Stage>
class Through final : public EventConsumer {
  public:
    Through(Stage& stage, EventConsumer& next) : stage_(stage), next_(next) {}
    void on_event(const CaptureEvent& event) override { stage_.pass(event, next_); }

  private:
    Stage& stage_;
    EventConsumer& next_;
};

/// From /proc, where the process may be gone.
void describe_process(ProcessInfo& process) {
    const ProcFs proc;
    if (const auto status = proc.status(static_cast<pid_t>(process.key.pid))) {
        process.exe = status->info.exe;
        process.container_id = status->info.container_id;
    }
}

}  // namespace

LiveCapture::LiveCapture(const LiveOptions& options, CapturePrograms programs)
    : options_(options),
      programs_(std::move(programs)),
      libraries_(
          options_, programs_, report_,
          [this](std::uint32_t number, std::string name) { decoder_.name_library(number, std::move(name)); }),
      ciphertext_(programs_),
      bio_probes_(programs_, ciphertext_),
      doubt_([this](std::uint64_t socket_cookie) { ciphertext_.leave_socket(socket_cookie); }, options_.tls),
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
    hooks.on_released = [this](std::uint64_t socket_cookie) { ciphertext_.release_socket(socket_cookie); };
    return hooks;
}

Result<std::unique_ptr<LiveCapture>> LiveCapture::start(const LiveOptions& options) {
    if (const auto found = obstacles(); !found.empty()) {
        return fail(found.front());
    }
    for (const pid_t pid : options.targets.pids) {
        if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH)) {
            return fail(fmt::format("There is no process {}.", pid));
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
    auto ring = RecordRing::open(programs_.ring_fd());
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
    report_.cleartext = programs_.backends().cleartext;
    if (options_.cleartext && !report_.cleartext) {
        report_.remarks.emplace_back(
            "Cleartext is not captured: this kernel has neither socket tracepoints, fentry nor kprobes "
            "(--tls-only silences this).");
    }
    if (options_.tls) {
        libraries_.attach_first();
        attach_likely_bios();
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

Result<void> LiveCapture::set_up_poll() {
    const auto tick = std::chrono::duration_cast<Duration>(kTick);
    epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const timespec period = {0, static_cast<long>(tick.count())};
    const itimerspec timer = {period, period};
    if (!epoll_ || !timer_ || timerfd_settime(timer_.get(), 0, &timer, nullptr) != 0) {
        return fail(fmt::format("No descriptors for waiting: {}", std::strerror(errno)));
    }
    watch(timer_.get());
    watch(ring_->descriptor());
    for (const int descriptor : libraries_.descriptors()) {
        watch(descriptor);
    }
    return {};
}

void LiveCapture::watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
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

void LiveCapture::report_losses(EventConsumer& consumer, bool at_once) {
    const auto now = std::chrono::steady_clock::now();
    if (!at_once && now < next_loss_report_) {
        return;
    }
    next_loss_report_ = now + kLossInterval;
    const std::vector<loss_count> totals = programs_.losses();
    reported_losses_.resize(totals.size());
    for (std::uint32_t cause = 0; cause < totals.size(); cause++) {
        loss_count& reported = reported_losses_[cause];
        LossEvent event;
        event.time = clock_now(CLOCK_REALTIME);
        event.cause = to_loss_cause(cause);
        event.events = totals[cause].events - reported.events;
        event.bytes = totals[cause].octets - reported.octets;
        if (event.events != 0) {
            reconciliations_ = kReconciliations;
            reported = totals[cause];
            consumer.on_event(event);
        }
    }
}

/// When records were lost, ends of connections may be among them. Only while no record waits.
void LiveCapture::reconcile(EventConsumer& consumer) {
    const auto now = std::chrono::steady_clock::now();
    if (reconciliations_ == 0 || now < next_reconciliation_) {
        return;
    }
    reconciliations_--;
    next_reconciliation_ = now + kReconcileInterval;
    Through delayed(delay_, consumer);
    Through judged(doubt_, delayed);
    decoder_.reconcile(
        [this](const ConnectionId& id, std::uint64_t generation) {
            return programs_.has_connection(id.pid, id.handle, generation);
        },
        clock_now(CLOCK_REALTIME), judged);
}

/// Hands over what waits in the ring; true when there was anything.
bool LiveCapture::take_records(EventConsumer& consumer) {
    Through delayed(delay_, consumer);
    EventConsumer& bound = report_.ciphertext ? static_cast<EventConsumer&>(delayed) : consumer;
    Through judged(doubt_, bound);
    EventConsumer& target = report_.cleartext ? static_cast<EventConsumer&>(judged) : bound;
    const bool took = ring_->take(kPollBudget, [&](ByteView record) {
        const auto header = read_fixed<event_header>(record);
        if (header && header->kind == EVENT_BIO_WANTED) {
            on_bio_wanted(record);
        } else {
            decoder_.decode(record, target);
        }
    });
    if (!took) {  // the events do not tell how late it is
        doubt_.expire(clock_now(CLOCK_REALTIME), bound);
        delay_.expire(clock_now(CLOCK_REALTIME), consumer);
    }
    look_after_bios();
    return took;
}

/// On a busy CPU the traced programs and their peers wait for us. So others may run after every little piece,
/// unless much is waiting already.
void LiveCapture::give_way() {
    polls_behind_ = ring_->has_more() ? polls_behind_ + 1 : 0;
    if (polls_behind_ < kPatience) {
        sched_yield();
    }
}

void LiveCapture::on_bio_wanted(ByteView record) {
    const auto event = read_fixed<bio_wanted_event>(record);
    if (event && !stopped_ && !bio_probes_.has(event->pid)) {
        bio_probes_.attach(event->pid, libraries_.bio_libraries(event->pid), report_.remarks);
    }
}

void LiveCapture::attach_likely_bios() {
    if (!report_.ciphertext) {
        return;
    }
    for (const std::uint32_t pid : libraries_.take_likely_bio_processes()) {
        bio_probes_.attach_early(pid, libraries_.bio_libraries(pid), report_.remarks);
    }
}

void LiveCapture::look_after_bios() {
    if (report_.ciphertext && !stopped_) {
        bio_probes_.detach_idle(clock_now(CLOCK_MONOTONIC).time_since_epoch());
    }
    report_.bio_processes = bio_probes_.processes();
}

Result<PollStatus> LiveCapture::poll(milliseconds timeout, EventConsumer& consumer) {
    if (ended_) {
        return PollStatus::ended;
    }
    const auto until = std::chrono::steady_clock::now() + timeout;
    while (true) {
        if (!stopped_ && options_.tls) {
            libraries_.attach_new();
            attach_likely_bios();
        }
        const bool took = take_records(consumer);
        report_losses(consumer, stopped_ && !took);
        if (took) {
            give_way();
            return PollStatus::more;
        }
        reconcile(consumer);
        if (stopped_) {
            Through delayed(delay_, consumer);
            doubt_.flush(delayed);
            delay_.flush(consumer);
            ended_ = true;
            return PollStatus::ended;
        }
        const auto left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
        std::array<epoll_event, 4> events{};
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                   static_cast<int>(std::clamp(left, milliseconds(0), kTick).count()));
        std::uint64_t ticks = 0;
        static_cast<void>(::read(timer_.get(), &ticks, sizeof(ticks)));
        if (left <= milliseconds(0)) {
            // What came during the wait, once more.
            return take_records(consumer) ? PollStatus::more : PollStatus::idle;
        }
    }
}

Result<void> LiveCapture::stop() {
    if (stopped_) {
        return {};
    }
    stopped_ = true;
    auto done = programs_.arm(false);
    bio_probes_.detach_all();
    libraries_.detach_all();
    programs_.detach_tracing();
    return done;
}

}  // namespace sslsniff
