#include "output/json/json_sink.h"

#include <algorithm>
#include <utility>

#include "output/rendering/sink_renderer.h"

namespace sslsniff {

namespace {

constexpr std::size_t kMaxDescribed = 1024;
/// What is known of a connection begins with its process; captures made by other tools have none.
std::string_view first_key(const ConnectionInfo& info) {
    return info.process->key.pid != 0 ? "process" : "connection";
}

/// In all that is written of it.
bool is_same(const ConnectionInfo& a, const ConnectionInfo& b) {
    return a.process == b.process && a.carrier == b.carrier && a.role == b.role &&
           a.correlation == b.correlation && a.continues == b.continues && a.other_end == b.other_end &&
           a.endpoints == b.endpoints && a.tls == b.tls && a.remote_name == b.remote_name &&
           a.tunnel == b.tunnel;
}

}  // namespace

void JsonSink::on_transaction(const Transaction& transaction) {
    const Bytes& described = describe(transaction.connection);
    begin("transaction");
    time("time", transaction.timing.start);
    if (transaction.timing.end) {
        microseconds("duration_us", transaction.timing.start, *transaction.timing.end);
    }
    if (transaction.number != 0) {
        json_.plain("id", transaction_name(transaction.id()));
    }
    if (transaction.caused_by) {
        json_.begin_object("caused_by");
        json_.plain("id", transaction_name(transaction.caused_by->transaction));
        json_.plain("confidence", to_string(transaction.caused_by->confidence));
        json_.end_object();
    }
    json_.text("protocol", transaction.exchange->protocol());
    json_.raw(first_key(transaction.connection), described);
    transaction.exchange->write_fields(json_);
    timing(transaction.timing);
    integrity(transaction.integrity);
    end();
}

void JsonSink::on_connection(const ConnectionRecord& record) {
    const Bytes& described = describe(record.connection);
    begin("connection");
    time("time", record.connection.opened);
    microseconds("duration_us", record.connection.opened, record.closed);
    if (!record.protocol.empty()) {
        json_.text("protocol", record.protocol);
    }
    json_.raw(first_key(record.connection), described);
    json_.plain("reason", to_string(record.reason));
    json_.unsigned_number("transactions", record.transactions);
    stream("sent", record.sent, record.protocol.empty());
    stream("received", record.received, record.protocol.empty());
    end();
    described_.erase(record.connection.id);
}

void JsonSink::on_loss(const LossEvent& loss) {
    begin("loss");
    time("time", loss.time);
    json_.plain("cause", to_string(loss.cause));
    json_.unsigned_number("events", loss.events);
    json_.unsigned_number("bytes", loss.bytes);
    end();
}

void JsonSink::on_summary(const CaptureSummary& summary) {
    begin("summary");
    if (summary.started != Timestamp()) {
        time("time", summary.started);
        microseconds("duration_us", summary.started, summary.ended);
    }
    json_.unsigned_number("transactions", summary.transactions);
    if (summary.filtered_from) {
        json_.unsigned_number("filtered_from", *summary.filtered_from);
    }
    json_.unsigned_number("connections", summary.connections);
    json_.unsigned_number("unbound_connections", summary.unbound_connections);
    json_.unsigned_number("processes", summary.processes);
    json_.unsigned_number("bytes_sent", summary.bytes_sent);
    json_.unsigned_number("bytes_received", summary.bytes_received);
    json_.unsigned_number("missing_bytes", summary.missing_bytes);
    json_.begin_array("losses");
    for (const CaptureSummary::Loss& loss : summary.losses) {
        json_.begin_object({});
        json_.plain("cause", to_string(loss.cause));
        json_.unsigned_number("events", loss.events);
        json_.unsigned_number("bytes", loss.bytes);
        json_.end_object();
    }
    json_.end_array();
    end();
}

std::unique_ptr<Renderer> JsonSink::make_renderer() const {
    return std::make_unique<SinkRenderer<JsonSink>>();
}

const Bytes& JsonSink::describe(const ConnectionInfo& info) {
    const auto known = described_.find(info.id);
    if (known != described_.end() && is_same(known->second.connection, info)) {
        return known->second.json;
    }
    if (known == described_.end() && described_.size() >= kMaxDescribed) {
        described_.clear();
    }
    json_.begin_document();
    if (info.process->key.pid != 0) {
        process(*info.process);
    }
    connection(info);
    constexpr std::size_t kPunctuation = 4;  // {"":
    Bytes text(json_.document().substr(first_key(info).size() + kPunctuation));
    return described_.insert_or_assign(info.id, Described{info, std::move(text)}).first->second.json;
}

void JsonSink::begin(std::string_view type) {
    json_.begin_document();
    json_.plain("schema", "sslsniff/1");
    json_.plain("type", type);
}

void JsonSink::end() {
    json_.end_object();
    out_.write(json_.line());
}

/// Packets of some files have no time.
void JsonSink::time(std::string_view key, Timestamp time) {
    if (time == Timestamp()) {
        return;
    }
    json_.plain(key, TimeText(time).view());
}

void JsonSink::microseconds(std::string_view key, Timestamp from, Timestamp to) {
    microseconds(key, std::max(to - from, Duration(0)));
}

void JsonSink::microseconds(std::string_view key, Duration duration) {
    json_.number(key, std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

void JsonSink::process(const ProcessInfo& process) {
    json_.begin_object("process");
    json_.number("pid", process.key.pid);
    json_.text("comm", process.comm);
    text_if_known("exe", process.exe);
    json_.number("uid", process.uid);
    text_if_known("container_id", process.container_id);
    text_if_known("container_runtime", process.container.runtime);
    text_if_known("container_name", process.container.name);
    text_if_known("container_image", process.container.image);
    text_if_known("pod", process.container.pod);
    text_if_known("pod_namespace", process.container.pod_namespace);
    json_.end_object();
}

void JsonSink::connection(const ConnectionInfo& connection) {
    json_.begin_object("connection");
    json_.plain("id", connection_name(connection.id));
    json_.plain("role", to_string(connection.role));
    json_.plain("carrier", to_string(connection.carrier));
    json_.plain("transport", to_string(connection.endpoints.transport));
    endpoint("local", connection.endpoints.local);
    endpoint("remote", connection.endpoints.remote);
    text_if_known("remote_name", connection.remote_name);
    json_.plain("correlation", to_string(connection.correlation));
    if (connection.endpoints.socket_cookie != 0) {
        json_.unsigned_number("socket_cookie", connection.endpoints.socket_cookie);
    }
    if (connection.endpoints.netns != 0) {
        json_.number("netns", connection.endpoints.netns);
    }
    if (connection.endpoints.connect_time) {
        microseconds("connect_us", *connection.endpoints.connect_time);
    }
    if (connection.midstream) {
        json_.boolean("joined_midstream", true);
    }
    if (connection.continues) {
        json_.plain("continues", connection_name(*connection.continues));
    }
    if (connection.other_end) {
        json_.begin_object("other_end");
        json_.plain("id", connection_name(connection.other_end->connection));
        json_.number("pid", connection.other_end->process->key.pid);
        json_.text("comm", connection.other_end->process->comm);
        json_.end_object();
    }
    if (connection.tunnel) {
        tunnel(*connection.tunnel);
    }
    if (connection.carrier == Carrier::tls) {
        tls(connection.tls);
    }
    json_.end_object();
}

void JsonSink::endpoint(std::string_view key, const Endpoint& endpoint) {
    if (endpoint.address.family == IpAddress::Family::none) {
        return;
    }
    json_.begin_object(key);
    json_.plain("address", to_string(endpoint.address));
    if (endpoint.port != 0) {
        json_.number("port", endpoint.port);
    }
    json_.end_object();
}

void JsonSink::tunnel(const Tunnel& tunnel) {
    json_.begin_object("tunnel");
    json_.plain("via", tunnel.via);
    endpoint("client", tunnel.client);
    text_if_known("target", tunnel.target);
    json_.end_object();
}

void JsonSink::tls(const TlsInfo& tls) {
    json_.begin_object("tls");
    text_if_known("library", tls.library);
    text_if_known("version", tls.version);
    text_if_known("cipher", tls.cipher);
    text_if_known("sni", tls.sni);
    text_if_known("alpn", tls.alpn);
    if (!tls.offered_alpn.empty()) {
        json_.begin_array("offered_alpn");
        for (const std::string& protocol : tls.offered_alpn) {
            json_.text({}, protocol);
        }
        json_.end_array();
    }
    if (tls.handshake) {
        microseconds("handshake_us", *tls.handshake);
    }
    if (tls.handshake_failed) {
        json_.boolean("handshake_failed", true);
    }
    text_if_known("handshake_error", tls.handshake_error);
    text_if_known("not_decoded", tls.not_decoded);
    json_.end_object();
}

void JsonSink::timing(const Timing& timing) {
    json_.begin_object("timing");
    if (timing.request_end) {
        microseconds("request_end_us", timing.start, *timing.request_end);
    }
    if (timing.response_start) {
        microseconds("response_start_us", timing.start, *timing.response_start);
    }
    json_.end_object();
}

void JsonSink::integrity(const Integrity& integrity) {
    json_.begin_object("integrity");
    json_.boolean("complete", integrity.complete);
    json_.unsigned_number("missing_bytes", integrity.missing_bytes);
    json_.boolean("joined_midstream", integrity.joined_midstream);
    text_if_known("reason", integrity.reason);
    json_.end_object();
}

void JsonSink::stream(std::string_view key, const StreamTotals& totals, bool with_bytes) {
    json_.begin_object(key);
    json_.unsigned_number("bytes", totals.bytes);
    json_.unsigned_number("missing", totals.missing);
    json_.unsigned_number("gaps", totals.gaps);
    if (with_bytes && !totals.first_bytes.empty()) {
        json_.bytes("first_bytes", totals.first_bytes);
    }
    json_.end_object();
}

void JsonSink::text_if_known(std::string_view key, ByteView bytes) {
    if (!bytes.empty()) {
        json_.text(key, bytes);
    }
}

}  // namespace sslsniff
