#include "diagnosis/traffic_tally.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "output/json/json_arrays.h"

namespace sslsniff {
namespace {

std::uint64_t calls_of(const ProcessTraffic& traffic) {
    return traffic.reads + traffic.writes;
}

std::vector<std::string_view> names_of(const std::set<Correlation>& correlations) {
    std::vector<std::string_view> names;
    names.reserve(correlations.size());
    for (const Correlation correlation : correlations) {
        names.push_back(to_string(correlation));
    }
    return names;
}

}  // namespace

void TrafficTally::on_event(const CaptureEvent& event) {
    if (const auto* process = std::get_if<ProcessEvent>(&event)) {
        processes_[process->process.key].process = process->process;
    } else if (const auto* open = std::get_if<OpenEvent>(&event)) {
        Connection& connection = connections_[open->connection];
        connection.carrier = open->carrier;
        connection.library = open->library;
    } else if (const auto* endpoints = std::get_if<EndpointsEvent>(&event)) {
        connections_[endpoints->connection].correlation = endpoints->correlation;
    } else if (const auto* data = std::get_if<DataEvent>(&event)) {
        on_data(*data);
    } else if (const auto* close = std::get_if<CloseEvent>(&event)) {
        if (const auto closed = connections_.extract(close->connection)) {
            add(closed.key(), closed.mapped(), processes_);
        }
    } else if (const auto* loss = std::get_if<LossEvent>(&event)) {
        lost_events_ += loss->events;
    }
}

void TrafficTally::on_data(const DataEvent& data) {
    Connection& connection = connections_[data.connection];
    Flow& flow = data.direction == Direction::sent ? connection.sent : connection.received;
    const bool same_call = flow.last_time == data.time && flow.last_tid == data.tid;
    flow.calls += same_call ? 0 : 1;
    flow.bytes += data.bytes.size();
    flow.last_time = data.time;
    flow.last_tid = data.tid;
}

void TrafficTally::add(const ConnectionId& id, const Connection& connection, Processes& processes) {
    const Flow& sent = connection.sent;
    const Flow& received = connection.received;
    if (sent.calls + received.calls == 0) {
        return;
    }
    ProcessTraffic& traffic = processes[id.process()];
    traffic.process.key = id.process();
    if (connection.carrier == Carrier::cleartext) {
        ++traffic.cleartext_connections;
        traffic.cleartext_bytes += sent.bytes + received.bytes;
        return;
    }
    traffic.libraries.insert(connection.library);
    traffic.reads += received.calls;
    traffic.writes += sent.calls;
    traffic.received += received.bytes;
    traffic.sent += sent.bytes;
    ++traffic.tls_connections;
    if (connection.correlation != Correlation::none) {
        traffic.bound_calls += sent.calls + received.calls;
        traffic.correlations.insert(connection.correlation);
    }
}

std::vector<ProcessTraffic> TrafficTally::result() const {
    Processes processes = processes_;
    for (const auto& [id, connection] : connections_) {
        add(id, connection, processes);
    }
    std::vector<ProcessTraffic> result;
    for (auto& [key, traffic] : processes) {
        if (traffic.tls_connections + traffic.cleartext_connections > 0) {
            result.push_back(std::move(traffic));
        }
    }
    return result;
}

std::string traffic_text(const ProcessTraffic& traffic) {
    std::string text = fmt::format("{}[{}]", printable(traffic.process.comm), traffic.process.key.pid);
    if (traffic.tls_connections > 0) {
        text += fmt::format(" {}: {} reads of {} bytes and {} writes of {} bytes on {} TLS connections, ",
                            printable(fmt::format("{}", fmt::join(traffic.libraries, ", "))), traffic.reads,
                            traffic.received, traffic.writes, traffic.sent, traffic.tls_connections);
        text += fmt::format(
            "{:.1f} % of these calls with a known socket{}",
            100.0 * static_cast<double>(traffic.bound_calls) / static_cast<double>(calls_of(traffic)),
            traffic.correlations.empty()
                ? ""
                : fmt::format(" ({})", fmt::join(names_of(traffic.correlations), ", ")));
    }
    if (traffic.cleartext_connections > 0) {
        text +=
            fmt::format("{} {} bytes on {} connections without TLS", traffic.tls_connections > 0 ? ";" : ":",
                        traffic.cleartext_bytes, traffic.cleartext_connections);
    }
    return text + "\n";
}

void write_traffic(JsonWriter& json, const ProcessTraffic& traffic) {
    json.unsigned_number("pid", traffic.process.key.pid);
    json.text("comm", traffic.process.comm);
    write_texts(json, "libraries", traffic.libraries);
    json.unsigned_number("reads", traffic.reads);
    json.unsigned_number("writes", traffic.writes);
    json.unsigned_number("received", traffic.received);
    json.unsigned_number("sent", traffic.sent);
    json.unsigned_number("tls_connections", traffic.tls_connections);
    json.unsigned_number("bound_calls", traffic.bound_calls);
    write_texts(json, "correlations", names_of(traffic.correlations));
    json.unsigned_number("cleartext_connections", traffic.cleartext_connections);
    json.unsigned_number("cleartext_octets", traffic.cleartext_bytes);
}

}  // namespace sslsniff
