#include "api/records.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace sslsniff::api {
namespace {

static_assert(static_cast<int>(Direction::received) == SSLSNIFF_RECEIVED);
static_assert(static_cast<int>(Carrier::cleartext) == SSLSNIFF_CARRIER_CLEARTEXT);
static_assert(static_cast<int>(Role::client) == SSLSNIFF_ROLE_CLIENT);
static_assert(static_cast<int>(Role::server) == SSLSNIFF_ROLE_SERVER);
static_assert(static_cast<int>(Transport::tcp) == SSLSNIFF_TRANSPORT_TCP);
static_assert(static_cast<int>(Transport::udp) == SSLSNIFF_TRANSPORT_UDP);
static_assert(static_cast<int>(Transport::unix_socket) == SSLSNIFF_TRANSPORT_UNIX);

std::int64_t nanoseconds(const std::optional<Timestamp>& time) {
    return time ? api::nanoseconds(*time) : SSLSNIFF_NO_TIME;
}

std::int64_t nanoseconds(const std::optional<Duration>& duration) {
    return duration ? duration->count() : SSLSNIFF_NO_DURATION;
}

sslsniff_address make_address(const Endpoint& endpoint) {
    sslsniff_address address{};
    switch (endpoint.address.family) {
        case IpAddress::Family::none:
            return address;
        case IpAddress::Family::v4:
            address.family = 4;
            break;
        case IpAddress::Family::v6:
            address.family = 6;
            break;
    }
    address.port = endpoint.port;
    std::ranges::copy(endpoint.address.bytes, std::begin(address.bytes));
    return address;
}

std::uint32_t message_type(Role role, Direction direction) {
    if (role == Role::unknown) {
        return SSLSNIFF_MESSAGE_UNKNOWN;
    }
    const bool to_server = (role == Role::client) == (direction == Direction::sent);
    return to_server ? SSLSNIFF_MESSAGE_REQUEST : SSLSNIFF_MESSAGE_RESPONSE;
}

/// Fills what events of each kind have.
class Filler {
  public:
    Filler(sslsniff_event& record, Role role, const sslsniff_process* process)
        : record_(record), role_(role), process_(process) {}

    void operator()(const ProcessEvent& event) const {
        record_.kind = SSLSNIFF_EVENT_PROCESS;
        record_.process = process_;
        switch (event.kind) {
            case ProcessEvent::Kind::seen:
                record_.process_change = SSLSNIFF_PROCESS_SEEN;
                break;
            case ProcessEvent::Kind::exec:
                record_.process_change = SSLSNIFF_PROCESS_EXEC;
                break;
            case ProcessEvent::Kind::exited:
                record_.process_change = SSLSNIFF_PROCESS_EXITED;
                break;
        }
    }
    void operator()(const OpenEvent& /*event*/) const { record_.kind = SSLSNIFF_EVENT_OPEN; }
    void operator()(const EndpointsEvent& /*event*/) const { record_.kind = SSLSNIFF_EVENT_SOCKET; }
    void operator()(const TlsEvent& /*event*/) const { record_.kind = SSLSNIFF_EVENT_TLS; }
    void operator()(const DataEvent& event) const {
        record_.kind = SSLSNIFF_EVENT_DATA;
        set_place(event.direction, event.position);
        record_.tid = event.tid;
        record_.data = reinterpret_cast<const std::uint8_t*>(event.bytes.data());
        record_.length = event.bytes.size();
    }
    void operator()(const GapEvent& event) const {
        record_.kind = SSLSNIFF_EVENT_GAP;
        set_place(event.direction, event.position);
        record_.length = event.bytes;
        record_.cause = literal(to_string(event.cause));
    }
    void operator()(const CloseEvent& event) const {
        record_.kind = SSLSNIFF_EVENT_CLOSE;
        record_.reason = literal(to_string(event.reason));
    }
    void operator()(const LossEvent& event) const {
        record_.kind = SSLSNIFF_EVENT_LOSS;
        record_.cause = literal(to_string(event.cause));
        record_.lost_events = event.events;
        record_.lost_bytes = event.bytes;
    }

  private:
    void set_place(Direction direction, std::uint64_t position) const {
        record_.direction = static_cast<std::uint32_t>(direction);
        record_.position = position;
        record_.message_type = message_type(role_, direction);
    }

    sslsniff_event& record_;
    Role role_;
    const sslsniff_process* process_;
};

}  // namespace

const char* literal(std::string_view name) {
    return name.data();
}

std::int64_t nanoseconds(Timestamp time) {
    return time.time_since_epoch().count();
}

sslsniff_text borrow(const std::string& text) {
    return {.data = text.c_str(), .length = text.size()};
}

sslsniff_process make_record(const ProcessInfo& process) {
    return {.struct_size = sizeof(sslsniff_process),
            .pid = process.key.pid,
            .uid = process.uid,
            .start_time_ns = process.key.start_time,
            .comm = borrow(process.comm),
            .exe = borrow(process.exe),
            .container_id = borrow(process.container_id),
            .container_runtime = borrow(process.container.runtime),
            .container_name = borrow(process.container.name),
            .container_image = borrow(process.container.image),
            .pod = borrow(process.container.pod),
            .pod_namespace = borrow(process.container.pod_namespace)};
}

ConnectionRecordText::ConnectionRecordText(const OpenConnection& connection, std::uint64_t id)
    : name_(connection_name(connection.connection.id)),
      protocol_(connection.protocol.empty() ? connection.likely_protocol : connection.protocol),
      continues_(connection.connection.continues ? connection_name(*connection.connection.continues) : ""),
      process_(make_record(*connection.connection.process)) {
    const ConnectionInfo& info = connection.connection;
    record_.struct_size = sizeof(record_);
    record_.id = id;
    record_.name = borrow(name_);
    record_.process = &process_;
    record_.carrier = static_cast<std::uint32_t>(info.carrier);
    record_.role = static_cast<std::uint32_t>(info.role);
    record_.transport = static_cast<std::uint32_t>(info.endpoints.transport);
    record_.joined_midstream = info.midstream ? 1 : 0;
    record_.correlation = literal(to_string(info.correlation));
    record_.local = make_address(info.endpoints.local);
    record_.remote = make_address(info.endpoints.remote);
    record_.socket_cookie = info.endpoints.socket_cookie;
    record_.netns = info.endpoints.netns;
    record_.protocol_confidence = !connection.protocol.empty() ? SSLSNIFF_PROTOCOL_CERTAIN
                                  : !protocol_.empty()         ? SSLSNIFF_PROTOCOL_LIKELY
                                                               : SSLSNIFF_PROTOCOL_UNKNOWN;
    record_.protocol = borrow(protocol_);
    record_.remote_name = borrow(info.remote_name);
    record_.continues = borrow(continues_);
    record_.opened_ns = nanoseconds(info.opened);
    record_.connect_ns = nanoseconds(info.endpoints.connect_time);
    record_.tls_library = borrow(info.tls.library);
    record_.tls_version = borrow(info.tls.version);
    record_.tls_cipher = borrow(info.tls.cipher);
    record_.tls_sni = borrow(info.tls.sni);
    record_.tls_alpn = borrow(info.tls.alpn);
    record_.tls_handshake_error = borrow(info.tls.handshake_error);
    record_.tls_not_decoded = borrow(info.tls.not_decoded);
    record_.tls_handshake_ns = nanoseconds(info.tls.handshake);
}

sslsniff_event make_record(const CaptureEvent& event, Role role, const sslsniff_process* process) {
    sslsniff_event record{};
    record.struct_size = sizeof(record);
    record.time_ns = nanoseconds(time_of(event));
    std::visit(Filler(record, role, process), event);
    return record;
}

sslsniff_event make_close_record(CloseReason reason, Timestamp time) {
    return make_record(CloseEvent{.connection = {}, .time = time, .reason = reason}, Role::unknown, nullptr);
}

TransactionText::TransactionText(const Transaction& transaction, const sslsniff_connection& connection)
    : facts_(transaction.exchange->facts()),
      summary_(transaction.exchange->summary()),
      protocol_(transaction.exchange->protocol()) {
    const Timing& timing = transaction.timing;
    const Integrity& integrity = transaction.integrity;
    record_.struct_size = sizeof(record_);
    record_.connection = &connection;
    record_.protocol = borrow(protocol_);
    record_.operation = borrow(facts_.operation);
    record_.target = borrow(facts_.target);
    record_.outcome = literal(to_string(facts_.outcome));
    record_.error_type = borrow(facts_.error_type);
    record_.request = borrow(summary_.request);
    record_.response = borrow(summary_.response);
    record_.request_bytes = facts_.request_bytes;
    record_.response_bytes = facts_.response_bytes;
    record_.start_ns = api::nanoseconds(timing.start);
    record_.request_end_ns = nanoseconds(timing.request_end);
    record_.response_start_ns = nanoseconds(timing.response_start);
    record_.end_ns = nanoseconds(timing.end);
    record_.complete = integrity.complete ? 1 : 0;
    record_.joined_midstream = integrity.joined_midstream ? 1 : 0;
    record_.missing_bytes = integrity.missing_bytes;
    record_.reason = borrow(integrity.reason);
}

sslsniff_connection_end make_record(const ConnectionRecord& record, const sslsniff_connection& connection) {
    const auto stream = [](const StreamTotals& totals) {
        return sslsniff_stream{.bytes = totals.bytes, .missing = totals.missing, .gaps = totals.gaps};
    };
    return {.struct_size = sizeof(sslsniff_connection_end),
            .connection = &connection,
            .closed_ns = nanoseconds(record.closed),
            .reason = literal(to_string(record.reason)),
            .transactions = record.transactions,
            .sent = stream(record.sent),
            .received = stream(record.received)};
}

}  // namespace sslsniff::api
