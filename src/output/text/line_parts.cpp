#include "output/text/line_parts.h"

#include <fmt/format.h>

namespace sslsniff {

void add_time(StyledText& line, Timestamp time, const TextOptions& options) {
    using std::chrono::microseconds;
    const Timestamp local = options.utc_offset ? time + options.utc_offset(time) : time;
    const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<microseconds>(of_day));
    line.add(Style::dim,
             fmt::format("{:02}:{:02}:{:02}.{:06}", clock.hours().count(), clock.minutes().count(),
                         clock.seconds().count(), clock.subseconds().count()));
}

void add_process(StyledText& line, const ProcessInfo& process) {
    line.add_octets(Style::bold, process.comm.empty() ? "?" : ByteView(process.comm), kMaxName);
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

}  // namespace sslsniff
