#include "capture/live/socket_probes.h"

#include "capture/kernel/event_convert.h"
#include "capture/live/clocks.h"

namespace sslsniff {

namespace {

constexpr std::uint32_t kAllProcesses = 0;

}  // namespace

void SocketProbes::attach_first(Clock now) {
    calls_.on_attached(now);
    libraries_.attach_first(now);
    if (report_.ciphertext && libraries_.expects_command() && libraries_.are_for_everybody()) {
        transports_.attach_everybody(report_.plan.transport_libraries, now, report_.remarks);
    }
    attach_likely_transports();
}

/// Children of a first fork may be in the midst of a handshake already: nothing but their calls can tell the
/// sockets of their connections then.
void SocketProbes::attach_new(Clock now) {
    const bool were_for_everybody = libraries_.are_for_everybody();
    libraries_.attach_new(now);
    if (!were_for_everybody && libraries_.are_for_everybody()) {
        on_calls_wanted();
    }
    if (transports_.are_for_everybody()) {
        if (libraries_.are_for_everybody()) {
            transports_.attach_everybody(report_.plan.transport_libraries, now, report_.remarks);
        } else {
            transports_.detach_everybody(
                [this](std::uint32_t pid) { return libraries_.transport_libraries(pid); }, report_.remarks);
        }
    }
    attach_likely_transports();
}

void SocketProbes::attach_wanted(ByteView record) {
    const auto header = read_fixed<event_header>(record);
    if (header && header->kind == EVENT_TRANSPORT_WANTED) {
        on_transport_wanted(record);
    } else if (header && header->kind == EVENT_CALLS_WANTED) {
        on_calls_wanted();
    }
}

/// It may be long ago that the kernel side asked: connections wait for what the probes see from now on.
void SocketProbes::on_transport_wanted(ByteView record) {
    const auto event = read_fixed<transport_wanted_event>(record);
    if (event && !stopped_ && !transports_.has(event->pid)) {
        transports_.attach(event->pid, libraries_.transport_libraries(event->pid), monotonic_now(),
                           report_.remarks);
        on_attached_(event->pid);
    }
}

void SocketProbes::on_calls_wanted() {
    if (!stopped_ && !libraries_.has_calls()) {
        libraries_.attach_calls();
        calls_.on_attached(monotonic_now());
        on_attached_(kAllProcesses);
    }
}

void SocketProbes::attach_likely_transports() {
    if (!report_.ciphertext) {
        return;
    }
    for (const std::uint32_t pid : libraries_.take_likely_detached()) {
        transports_.attach_early(pid, libraries_.transport_libraries(pid), monotonic_now(), report_.remarks);
    }
}

/// Without cookies records are not probed: payload is taken from the calls.
void SocketProbes::look_after(Clock now) {
    if (report_.ciphertext && !stopped_) {
        transports_.detach_idle(now);
    }
    report_.detached_processes = transports_.processes();
    const bool may_go = programs_.backends().attach_cookies && libraries_.has_calls();
    if (!stopped_ && may_go && calls_.is_over(now)) {
        libraries_.detach_calls();
    }
}

void SocketProbes::detach_all() {
    stopped_ = true;
    transports_.detach_all();
    libraries_.detach_all();
}

}  // namespace sslsniff
