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
        bios_.attach_everybody(report_.plan.bio_libraries, now, report_.remarks);
    }
    attach_likely_bios();
}

/// Children of a first fork may be in the midst of a handshake already: nothing but their calls can tell the
/// sockets of their connections then.
void SocketProbes::attach_new(Clock now) {
    const bool were_for_everybody = libraries_.are_for_everybody();
    libraries_.attach_new(now);
    if (!were_for_everybody && libraries_.are_for_everybody()) {
        on_calls_wanted();
    }
    if (bios_.are_for_everybody()) {
        if (libraries_.are_for_everybody()) {
            bios_.attach_everybody(report_.plan.bio_libraries, now, report_.remarks);
        } else {
            bios_.detach_everybody([this](std::uint32_t pid) { return libraries_.bio_libraries(pid); },
                                   report_.remarks);
        }
    }
    attach_likely_bios();
}

bool SocketProbes::take_request(ByteView record) {
    const auto header = read_fixed<event_header>(record);
    if (header && header->kind == EVENT_BIO_WANTED) {
        on_bio_wanted(record);
        return true;
    }
    if (header && header->kind == EVENT_CALLS_WANTED) {
        on_calls_wanted();
        return true;
    }
    return false;
}

/// It may be long ago that the kernel side asked: connections wait for what the probes see from now on.
void SocketProbes::on_bio_wanted(ByteView record) {
    const auto event = read_fixed<bio_wanted_event>(record);
    if (event && !stopped_ && !bios_.has(event->pid)) {
        bios_.attach(event->pid, libraries_.bio_libraries(event->pid), monotonic_now(), report_.remarks);
        stages_.on_probes(event->pid, clock_now(CLOCK_REALTIME));
    }
}

void SocketProbes::on_calls_wanted() {
    if (!stopped_ && !libraries_.has_calls()) {
        libraries_.attach_calls();
        calls_.on_attached(monotonic_now());
        stages_.on_probes(kAllProcesses, clock_now(CLOCK_REALTIME));
    }
}

void SocketProbes::attach_likely_bios() {
    if (!report_.ciphertext) {
        return;
    }
    for (const std::uint32_t pid : libraries_.take_likely_bio_processes()) {
        bios_.attach_early(pid, libraries_.bio_libraries(pid), monotonic_now(), report_.remarks);
    }
}

/// Without cookies records are not probed: payload is taken from the calls.
void SocketProbes::look_after(Clock now) {
    if (report_.ciphertext && !stopped_) {
        bios_.detach_idle(now);
    }
    report_.bio_processes = bios_.processes();
    const bool may_go = programs_.backends().attach_cookies && libraries_.has_calls();
    if (!stopped_ && may_go && calls_.is_over(now)) {
        libraries_.detach_calls();
    }
}

void SocketProbes::detach_all() {
    stopped_ = true;
    bios_.detach_all();
    libraries_.detach_all();
}

}  // namespace sslsniff
