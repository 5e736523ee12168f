#include "filter/fields.h"

namespace sslsniff {
namespace {

void text_if_known(std::string_view key, ByteView bytes, FieldWriter& writer) {
    if (!bytes.empty()) {
        writer.text(key, bytes);
    }
}

void write_endpoint(std::string_view key, const Endpoint& endpoint, FieldWriter& writer) {
    if (endpoint.address.family != IpAddress::Family::none) {
        writer.begin_object(key);
        writer.text("address", to_string(endpoint.address));
        writer.number("port", endpoint.port);
        writer.end_object();
    }
}

void write_totals(std::string_view key, const StreamTotals& totals, FieldWriter& writer) {
    writer.begin_object(key);
    writer.number("bytes", static_cast<std::int64_t>(totals.bytes));
    writer.number("missing", static_cast<std::int64_t>(totals.missing));
    writer.end_object();
}

void write_tls(const TlsInfo& tls, FieldWriter& writer) {
    writer.begin_object("tls");
    text_if_known("library", tls.library, writer);
    text_if_known("version", tls.version, writer);
    text_if_known("cipher", tls.cipher, writer);
    text_if_known("sni", tls.sni, writer);
    text_if_known("alpn", tls.alpn, writer);
    writer.begin_array("offered_alpn");
    for (const std::string& protocol : tls.offered_alpn) {
        writer.text({}, protocol);
    }
    writer.end_array();
    if (tls.handshake) {
        writer.number("handshake", tls.handshake->count());
    }
    writer.boolean("handshake_failed", tls.handshake_failed);
    text_if_known("handshake_error", tls.handshake_error, writer);
    writer.end_object();
}

/// All that people call it by.
void write_container(const ProcessInfo& process, FieldWriter& writer) {
    constexpr std::size_t kShown = 12;  // digits of an id, in what the runtimes' commands print
    if (process.container_id.empty()) {
        return;
    }
    writer.begin_array("container");
    text_if_known({}, process.container.name, writer);
    writer.text({}, process.container_id);
    if (process.container_id.size() > kShown) {
        writer.text({}, ByteView(process.container_id).substr(0, kShown));
    }
    writer.end_array();
}

void write_connection(const ConnectionInfo& connection, FieldWriter& writer) {
    const ProcessInfo& process = *connection.process;
    writer.begin_object("process");
    writer.number("pid", process.key.pid);
    writer.text("comm", process.comm);
    text_if_known("exe", process.exe, writer);
    writer.number("uid", process.uid);
    text_if_known("container_id", process.container_id, writer);
    text_if_known("container_runtime", process.container.runtime, writer);
    text_if_known("container_name", process.container.name, writer);
    text_if_known("container_image", process.container.image, writer);
    text_if_known("pod", process.container.pod, writer);
    text_if_known("pod_namespace", process.container.pod_namespace, writer);
    write_container(process, writer);
    writer.end_object();
    writer.begin_object("connection");
    writer.text("id", connection_name(connection.id));
    writer.text("role", to_string(connection.role));
    writer.text("carrier", to_string(connection.carrier));
    writer.text("transport", to_string(connection.endpoints.transport));
    write_endpoint("local", connection.endpoints.local, writer);
    write_endpoint("remote", connection.endpoints.remote, writer);
    text_if_known("remote_name", connection.remote_name, writer);
    writer.text("correlation", to_string(connection.correlation));
    if (connection.endpoints.socket_cookie != 0) {
        writer.number("socket_cookie", static_cast<std::int64_t>(connection.endpoints.socket_cookie));
    }
    if (connection.endpoints.netns != 0) {
        writer.number("netns", connection.endpoints.netns);
    }
    if (connection.endpoints.connect_time) {
        writer.number("connect", connection.endpoints.connect_time->count());
    }
    writer.boolean("joined_midstream", connection.midstream);
    if (connection.continues) {
        writer.text("continues", connection_name(*connection.continues));
    }
    if (connection.other_end) {
        writer.begin_object("other_end");
        writer.text("id", connection_name(connection.other_end->connection));
        writer.number("pid", connection.other_end->process->key.pid);
        writer.text("comm", connection.other_end->process->comm);
        writer.end_object();
    }
    if (connection.tunnel) {
        writer.begin_object("tunnel");
        writer.text("via", connection.tunnel->via);
        write_endpoint("client", connection.tunnel->client, writer);
        text_if_known("target", connection.tunnel->target, writer);
        writer.end_object();
    }
    if (connection.carrier == Carrier::tls) {
        write_tls(connection.tls, writer);
    }
    writer.end_object();
}

}  // namespace

std::string_view to_string(FieldType type) {
    using enum FieldType;
    switch (type) {
        case number:
            return "a number";
        case size:
            return "a size";
        case duration:
            return "a duration";
        case text:
            return "text";
        case boolean:
            return "true or false";
        case address:
            return "an address";
    }
    return "?";
}

void write_common_fields(const Transaction& transaction, FieldWriter& writer) {
    const Timing& timing = transaction.timing;
    if (transaction.number != 0) {
        writer.text("id", transaction_name(transaction.id()));
    }
    if (transaction.caused_by) {
        writer.begin_object("caused_by");
        writer.text("id", transaction_name(transaction.caused_by->transaction));
        writer.text("confidence", to_string(transaction.caused_by->confidence));
        writer.end_object();
    }
    writer.text("protocol", transaction.exchange->protocol());
    if (timing.end) {
        writer.number("duration", (*timing.end - timing.start).count());
    }
    write_connection(transaction.connection, writer);
    writer.begin_object("timing");
    if (timing.request_end) {
        writer.number("request_end", (*timing.request_end - timing.start).count());
    }
    if (timing.response_start) {
        writer.number("response_start", (*timing.response_start - timing.start).count());
    }
    writer.end_object();
    writer.begin_object("integrity");
    writer.boolean("complete", transaction.integrity.complete);
    writer.number("missing_bytes", static_cast<std::int64_t>(transaction.integrity.missing_bytes));
    writer.boolean("joined_midstream", transaction.integrity.joined_midstream);
    text_if_known("reason", transaction.integrity.reason, writer);
    writer.end_object();
}

void write_common_fields(const ConnectionRecord& record, FieldWriter& writer) {
    text_if_known("protocol", record.protocol, writer);
    writer.number("duration", (record.closed - record.connection.opened).count());
    write_connection(record.connection, writer);
    writer.text("reason", to_string(record.reason));
    writer.number("transactions", static_cast<std::int64_t>(record.transactions));
    write_totals("sent", record.sent, writer);
    write_totals("received", record.received, writer);
}

}  // namespace sslsniff
