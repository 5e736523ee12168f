#include "output/text/line_parts.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff {

void add_time(StyledText& line, Timestamp time, const TextOptions& options) {
    using std::chrono::microseconds;
    if (time == Timestamp()) {  // packets of some files have none
        line.add(Style::dim, "-              ");
        return;
    }
    const Timestamp local = options.utc_offset ? time + options.utc_offset(time) : time;
    const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<microseconds>(of_day));
    line.add(Style::dim,
             fmt::format("{:02}:{:02}:{:02}.{:06}", clock.hours().count(), clock.minutes().count(),
                         clock.seconds().count(), clock.subseconds().count()));
}

void add_process(StyledText& line, const ProcessInfo& process) {
    line.add_bytes(Style::bold, process.comm.empty() ? "?" : ByteView(process.comm), kMaxName);
    line.add(fmt::format("[{}]", process.key.pid));
}

char arrow_of(Role role) {
    switch (role) {
        case Role::client:
            return '>';
        case Role::server:
            return '<';
        case Role::unknown:
            break;
    }
    return '-';
}

std::string endpoint_text(const Endpoint& endpoint) {
    const bool has_address = endpoint.address.family != IpAddress::Family::none;
    return has_address && endpoint.port == 0 ? to_string(endpoint.address) : to_string(endpoint);
}

void add_losses(LossCollector& losses, Timestamp now, const TextOptions& options, OutputStream& out) {
    if (!losses.due(now)) {
        return;
    }
    losses.take(now, [&](LossCause cause, std::uint64_t events, std::uint64_t bytes) {
        StyledText line(options.color);
        add_time(line, now, options);
        line.add(" ");
        line.add(Style::warning, loss_text(cause, events, bytes));
        line.add("\n");
        out.write(line.text());
    });
}

bool has_no_handshake(const TlsInfo& tls) {
    return tls.handshake_failed || !tls.handshake_error.empty();
}

std::string handshake_outcome(const TlsInfo& tls) {
    if (!tls.handshake_failed) {
        return "handshake " + printable(tls.handshake_error);
    }
    return tls.handshake_error.empty() ? "handshake failed"
                                       : "handshake failed: " + printable(tls.handshake_error);
}

}  // namespace sslsniff
