#include "output/text/line_parts.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff {

std::string time_text(Timestamp time, const TextOptions& options) {
    using std::chrono::microseconds;
    if (time == Timestamp()) {  // packets of some files have none
        return "-";
    }
    const Timestamp local = options.utc_offset ? time + options.utc_offset(time) : time;
    const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<microseconds>(of_day));
    return fmt::format("{:02}:{:02}:{:02}.{:06}", clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count(), clock.subseconds().count());
}

std::string short_time_text(Timestamp time, const TextOptions& options) {
    return time_text(time, options).substr(0, std::string_view("12:00:01").size());
}

void add_time(StyledText& line, Timestamp time, const TextOptions& options) {
    line.add(Style::dim, fmt::format("{:<15}", time_text(time, options)));
}

std::size_t columns_of(const TextOptions& options) {
    return options.columns ? options.columns() : 0;
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

std::string short_endpoint_text(const Endpoint& endpoint) {
    return endpoint.port == 0 ? endpoint_text(endpoint) : fmt::format(":{}", endpoint.port);
}

void add_tunnel(StyledText& line, const Tunnel& tunnel, std::string_view said) {
    const std::string_view host = std::string_view(tunnel.target).substr(0, tunnel.target.rfind(':'));
    if (tunnel.client.address.family != IpAddress::Family::none) {
        line.add(fmt::format("(for {}) ", endpoint_text(tunnel.client)));
    } else if (!host.empty() && said.find(host) == std::string_view::npos) {
        line.add(fmt::format("(via {} to ", tunnel.via));
        line.add_bytes(Style::plain, tunnel.target, kMaxName);
        line.add(") ");
    }
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
