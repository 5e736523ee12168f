#include "output/text/summary_text.h"

#include <fmt/format.h>

#include "output/text/loss_text.h"

namespace sslsniff {

std::string summary_text(const CaptureSummary& summary) {
    std::string out = summary.filtered_from ? fmt::format("{} of {} shown", summary.transactions,
                                                          counted(*summary.filtered_from, "transaction"))
                                            : counted(summary.transactions, "transaction");
    out += '\n';
    out += counted(summary.connections, "connection");
    if (summary.processes != 0) {
        out += summary.processes == 1 ? " of 1 process" : fmt::format(" of {} processes", summary.processes);
    }
    if (summary.unbound_connections != 0) {
        out += fmt::format(" ({} unbound: the socket was not found)", summary.unbound_connections);
    }
    out += '\n';
    out += fmt::format("{} sent, {} received\n", counted(summary.bytes_sent, "byte"),
                       counted(summary.bytes_received, "byte"));
    if (summary.missing_bytes != 0) {
        out += fmt::format("{} missing in the streams\n", counted(summary.missing_bytes, "byte"));
    }
    for (const CaptureSummary::Loss& loss : summary.losses) {
        out += loss_text(loss.cause, loss.events, loss.bytes);
        out += '\n';
    }
    if (summary.losses.empty()) {
        out += "0 events lost\n";
    }
    return out;
}

}  // namespace sslsniff
