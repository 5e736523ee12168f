#include "output/otlp/span_maker.h"

#include <algorithm>
#include <limits>

namespace sslsniff {
namespace {

constexpr std::string_view kTraceParent = "request.headers.traceparent";
constexpr std::string_view kTraceState = "request.headers.tracestate";

std::int64_t bounded(std::uint64_t number) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()));
}

/// An instrumented server does not call it an error when it refuses a request.
bool is_error(const Facts& facts, Role role) {
    return facts.outcome == Outcome::server_error || facts.outcome == Outcome::failed ||
           (facts.outcome == Outcome::client_error && role != Role::server);
}

SpanKind kind_of(Role role) {
    switch (role) {
        case Role::client:
            return SpanKind::client;
        case Role::server:
            return SpanKind::server;
        case Role::unknown:
            break;
    }
    return SpanKind::unspecified;
}

/// Of the registry: "tls.protocol.version" is "1.3" for TLSv1.3.
void add_tls(const TlsInfo& tls, Span& span) {
    constexpr std::string_view kTls = "TLSv";
    const ByteView version = tls.version;
    if (version.starts_with(kTls)) {
        span.attributes.add("tls.protocol.name", "tls");
        span.attributes.add("tls.protocol.version", version.substr(kTls.size()));
    }
    span.attributes.add_known("tls.cipher", tls.cipher);
    span.attributes.add_known("tls.next_protocol", tls.alpn);
    span.attributes.add_known("sslsniff.tls.library", tls.library);
}

void add_peer(const ConnectionInfo& connection, Span& span) {
    const Endpoint& peer = connection.endpoints.remote;
    span.attributes.add_known("network.peer.address", to_string(peer.address));
    if (peer.port != 0) {
        span.attributes.add("network.peer.port", std::int64_t{peer.port});
    }
    if (connection.endpoints.transport != Transport::unknown) {
        span.attributes.add("network.transport", to_string(connection.endpoints.transport));
    }
    switch (peer.address.family) {
        case IpAddress::Family::v4:
            span.attributes.add("network.type", "ipv4");
            break;
        case IpAddress::Family::v6:
            span.attributes.add("network.type", "ipv6");
            break;
        case IpAddress::Family::none:
            break;
    }
}

/// How sure all of this is.
void add_own(const Transaction& transaction, const Facts& facts, Span& span) {
    const ConnectionInfo& connection = transaction.connection;
    span.attributes.add("sslsniff.protocol", transaction.exchange->protocol());
    span.attributes.add("sslsniff.outcome", to_string(facts.outcome));
    span.attributes.add("sslsniff.connection.id", connection_name(connection.id));
    span.attributes.add("sslsniff.id", transaction_name(transaction.id()));
    if (const auto& cause = transaction.caused_by) {
        span.attributes.add("sslsniff.caused_by.id", transaction_name(cause->transaction));
        span.attributes.add("sslsniff.caused_by.confidence", to_string(cause->confidence));
    }
    span.attributes.add("sslsniff.connection.carrier", to_string(connection.carrier));
    span.attributes.add("sslsniff.connection.correlation", to_string(connection.correlation));
    const Integrity& integrity = transaction.integrity;
    span.attributes.add("sslsniff.integrity.complete", integrity.complete);
    if (!integrity.complete) {
        span.attributes.add_known("sslsniff.integrity.reason", integrity.reason);
        span.attributes.add("sslsniff.integrity.missing_bytes", bounded(integrity.missing_bytes));
        span.attributes.add("sslsniff.integrity.joined_midstream", integrity.joined_midstream);
    }
}

}  // namespace

SpanMaker::SpanMaker(const SpanIds& ids) : ids_(ids) {
    for (const auto& area : {http_conventions(), database_conventions(), messaging_conventions(),
                             rpc_conventions(), other_conventions()}) {
        for (const SpanConvention& convention : area) {
            conventions_.try_emplace(convention.protocol, convention);
        }
    }
}

PreparedConvention& SpanMaker::convention_of(std::string_view protocol) {
    const auto found = conventions_.find(protocol);
    return found != conventions_.end() ? found->second : conventions_.at("");
}

Span SpanMaker::make(const Transaction& transaction) {
    const Timing& timing = transaction.timing;
    const Facts facts = transaction.exchange->facts();
    const SpanSource source(transaction, facts, convention_of(transaction.exchange->protocol()));
    Span span;
    span.id = ids_.span_of(transaction.id());
    const std::optional<Cause>& cause = transaction.caused_by;
    if (const auto parent = parse_traceparent(source.text(kTraceParent))) {
        span.trace = parent->trace;
        span.parent = parent->span;
        span.flags = parent->flags;
        span.trace_state = source.text(kTraceState);
    } else if (cause) {
        span.trace = cause->trace.value_or(ids_.trace_of(cause->transaction));
        span.parent = ids_.span_of(cause->transaction);
        span.flags = 1;
    } else {
        span.trace = ids_.trace_of(transaction.id());
        span.flags = 1;
    }
    span.kind = kind_of(transaction.connection.role);
    span.start = timing.start;
    const auto last = timing.end              ? timing.end
                      : timing.response_start ? timing.response_start
                                              : timing.request_end;
    span.end = std::max(last.value_or(timing.start), timing.start);
    span.failed = is_error(facts, transaction.connection.role);
    source.apply_rules(span);
    source.convention().complete(source, span);
    if (span.failed) {
        span.attributes.add("error.type",
                            facts.error_type.empty() ? ByteView("_OTHER") : ByteView(facts.error_type));
    }
    add_peer(transaction.connection, span);
    if (transaction.connection.carrier == Carrier::tls) {
        add_tls(transaction.connection.tls, span);
    }
    add_own(transaction, facts, span);
    return span;
}

Span SpanMaker::make(const LossEvent& loss) {
    Span span;
    span.id = ids_.span();
    span.trace = ids_.trace();
    span.flags = 1;
    span.name = "sslsniff loss";
    span.kind = SpanKind::internal;
    span.start = span.end = loss.time;
    span.attributes.add("sslsniff.loss.cause", to_string(loss.cause));
    span.attributes.add("sslsniff.loss.events", bounded(loss.events));
    span.attributes.add("sslsniff.loss.bytes", bounded(loss.bytes));
    return span;
}

}  // namespace sslsniff
