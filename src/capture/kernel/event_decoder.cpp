#include "capture/kernel/event_decoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/kernel/event_convert.h"
#include "tls/alert.h"
#include "tls/hello.h"

namespace sslsniff {
namespace {

constexpr std::size_t kGreatestDatagram = 1U << 17U;

std::string handshake_error(const handshake_event& event) {
    switch (event.header.detail) {
        case HANDSHAKE_ALERT_SENT:
            return "alert sent: " + tls_alert_name(event.alert);
        case HANDSHAKE_ALERT_RECEIVED:
            return "alert received: " + tls_alert_name(event.alert);
        case HANDSHAKE_PEER_CLOSED:
            return "closed by peer";
        case HANDSHAKE_PEER_RESET:
            return "reset by peer";
        case HANDSHAKE_REFUSED:
            return "stopped at what the peer sent: no TLS, or an encrypted alert";
        default:
            return "not finished";
    }
}

}  // namespace

EventDecoder::EventDecoder(Timestamp monotonic_zero, KernelSide& kernel)
    : monotonic_zero_(monotonic_zero), kernel_(kernel), connections_(kernel), processes_(kernel) {}

void EventDecoder::end_all(Timestamp time, EventConsumer& consumer) {
    connections_.end_all(time, consumer);
    claimed_.clear();
    unclaimed_.clear();
    unclaimed_until_closed_.clear();
    detached_.clear();
    libraries_.clear();
    processes_.clear();
    binder_ = CiphertextBinder();
}

void EventDecoder::name_library(std::uint32_t number, std::string name) {
    const bool first = libraries_.empty();
    if (number >= libraries_.size()) {
        libraries_.resize(number + 1);
    }
    // Number 0 comes from kernels without attach cookies (before 5.15): sure only while there is one name.
    if (first) {
        libraries_[0] = name;
    } else if (libraries_[0] != name) {
        libraries_[0].clear();
    }
    libraries_[number] = std::move(name);
}

std::uint32_t EventDecoder::unnamed_library(ByteView record) const {
    const auto event = read_fixed<open_event>(record);
    return event && event->header.kind == EVENT_OPEN && event->library >= libraries_.size() ? event->library
                                                                                            : 0;
}

Timestamp EventDecoder::time_of(const event_header& header) const {
    // Unsigned, because a hostile time must not overflow a signed one.
    const auto zero = static_cast<std::uint64_t>(monotonic_zero_.time_since_epoch().count());
    return Timestamp(Duration(static_cast<std::int64_t>(zero + header.time)));
}

bool EventDecoder::decode(ByteView record, EventConsumer& consumer) {
    const auto header = read_fixed<event_header>(record);
    if (!header) {
        return false;
    }
    expire(time_of(*header), consumer);
    switch (header->kind) {
        case EVENT_PROCESS:
            return on_process(record, consumer);
        case EVENT_EXEC:
            return on_exec(record, consumer);
        case EVENT_EXIT:
            return on_exit(record, consumer);
        case EVENT_OPEN:
            return on_open(record, consumer);
        case EVENT_BIND:
            return on_bind(record, consumer);
        case EVENT_HELLO:
            return on_hello(record, consumer);
        case EVENT_HANDSHAKE:
            return on_handshake(record, consumer);
        case EVENT_ALPN:
            return on_alpn(record, consumer);
        case EVENT_DATA:
            return on_data(record, consumer);
        case EVENT_CLOSE:
            return on_close(record, consumer);
        case EVENT_LIBRARY_RECORD:
            return on_library_record(record, consumer);
        case EVENT_SOCKET_SAMPLE:
            return on_socket_sample(record, consumer);
        case EVENT_UNCOVERED:
            return on_uncovered(record, consumer);
        case EVENT_TRANSPORT_WANTED:
            return on_transport_wanted(record);
        case EVENT_RELEASE:
            return on_release(record, consumer);
        default:
            return false;
    }
}

bool EventDecoder::is_whole(const event_header& header) const {
    return leaves_nothing_out_ && (header.flags & PROCESS_AFTER_CAPTURE) != 0;
}

bool EventDecoder::on_process(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<exec_event>(record);
    if (!event || event->exe_length > EXE_LENGTH || event->cgroup_length > CGROUP_LENGTH) {
        return false;
    }
    consumer.on_event(ProcessEvent{time_of(event->process.header), ProcessEvent::Kind::seen,
                                   processes_.see(to_process_info(*event)), is_whole(event->process.header)});
    return true;
}

bool EventDecoder::on_exec(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<exec_event>(record);
    if (!event || event->exe_length > EXE_LENGTH || event->cgroup_length > CGROUP_LENGTH) {
        return false;
    }
    const Timestamp time = time_of(event->process.header);
    detached_.erase(event->process.pid);
    connections_.close_process(event->process.pid, false, time, consumer);
    const ProcessInfo info = to_process_info(*event);
    if (processes_.replace(info)) {
        consumer.on_event(
            ProcessEvent{time, ProcessEvent::Kind::exec, info, is_whole(event->process.header)});
    }
    return true;
}

bool EventDecoder::on_exit(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<process_event>(record);
    if (!event) {
        return false;
    }
    const Timestamp time = time_of(event->header);
    detached_.erase(event->pid);
    connections_.close_process(event->pid, true, time, consumer);
    if (const auto info = processes_.remove(to_process_info(*event))) {
        consumer.on_event(ProcessEvent{time, ProcessEvent::Kind::exited, *info, false});
    }
    return true;
}

bool EventDecoder::on_open(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<open_event>(record);
    if (!event || event->header.generation == 0 || connections_.find(event->header.generation) != nullptr) {
        return false;
    }
    const Timestamp time = time_of(event->header);
    KernelConnection opened;
    opened.id = {event->pid, event->start_time, event->handle, 0};
    opened.kernel_generation = event->header.generation;
    opened.held = (event->header.flags & OPEN_HELD) != 0;
    const bool cleartext = (event->header.flags & OPEN_CLEARTEXT) != 0 && !opened.held;
    opened.carrier = cleartext ? Carrier::cleartext : Carrier::tls;
    const bool midstream = (event->header.flags & OPEN_MIDSTREAM) != 0;
    opened.awaits_hello = !midstream && opened.carrier == Carrier::tls;
    KernelConnection& connection = connections_.open(std::move(opened), time, consumer);

    OpenEvent out;
    out.connection = connection.id;
    out.time = time;
    out.carrier = connection.carrier;
    out.midstream = midstream;
    const bool is_socket = (event->header.flags & OPEN_CLEARTEXT) != 0;
    if (!is_socket && event->library < libraries_.size()) {
        out.library = libraries_[event->library];
    }
    connection.deliver(std::move(out), consumer);
    return true;
}

bool EventDecoder::on_bind(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<bind_event>(record);
    KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    EndpointsEvent out;
    out.connection = connection->id;
    out.time = time_of(event->header);
    const bool is_socket = connection->held || connection->carrier == Carrier::cleartext;
    out.correlation = is_socket ? Correlation::socket : Correlation::nested;
    out.role = (event->header.flags & BIND_CLIENT) != 0   ? Role::client
               : (event->header.flags & BIND_SERVER) != 0 ? Role::server
                                                          : Role::unknown;
    out.endpoints = to_endpoints(*event);
    connection->socket = is_socket ? event->cookie : 0;
    if (is_socket && out.endpoints.transport == Transport::udp) {
        connections_.add_datagrams(*connection, event->cookie, out.time);
    }
    // A socket call that a callback of the library made does not outweigh equal ciphertext.
    if (connection->ciphertext_socket == 0) {
        connection->deliver(out, consumer);
    }
    return true;
}

bool EventDecoder::on_library_record(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<library_record_event>(record);
    const KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr || event->length > RECORD_SAMPLE) {
        return false;
    }
    const ByteView bytes = record.substr(offsetof(library_record_event, bytes), event->length);
    bind_by(binder_.see_library_record(connection->id.pid, event->header.generation,
                                       to_direction(event->header.direction), bytes),
            time_of(event->header), consumer);
    return true;
}

bool EventDecoder::on_socket_sample(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<socket_sample_event>(record);
    if (!event || event->length > record.size() - sizeof(socket_sample_event)) {
        return false;
    }
    const event_header& header = event->socket.header;
    const ByteView bytes = record.substr(sizeof(socket_sample_event), event->length);
    bind_by(
        binder_.see_socket(event->pid, to_endpoints(event->socket), to_direction(header.direction), bytes),
        time_of(header), consumer);
    return true;
}

void EventDecoder::bind_by(const std::optional<CiphertextBinder::Match>& match, Timestamp time,
                           EventConsumer& consumer) {
    KernelConnection* connection = match ? connections_.find(match->generation) : nullptr;
    if (connection == nullptr || connection->ciphertext_socket != 0) {
        return;
    }
    connection->ciphertext_socket = match->socket.socket_cookie;
    if (!connection->awaits_hello) {
        kernel_.mark_bound(match->generation, match->socket.socket_cookie);
    }
    if (claimed_.size() >= kMostUnclaimed) {
        claimed_.clear();
    }
    claimed_.insert(match->socket.socket_cookie);
    EndpointsEvent out;
    out.connection = connection->id;
    out.time = time;
    out.correlation = Correlation::ciphertext;
    out.endpoints = match->socket;
    consumer.on_event(out);
    if (kernel_.shows_sockets_by_payload(connection->id.pid)) {
        adopt_hellos(*connection, match->socket.socket_cookie, time, consumer);
    }
}

/// What was said of the TLS on a socket while nobody knew whose it is.
void EventDecoder::adopt_hellos(const KernelConnection& connection, std::uint64_t cookie, Timestamp time,
                                EventConsumer& consumer) {
    const KernelConnection* const socket = connections_.find_socket(connection.id.pid, cookie);
    if (socket == nullptr || !socket->held) {
        return;
    }
    for (const CaptureEvent& event : socket->withheld) {
        if (const auto* said = std::get_if<TlsEvent>(&event)) {
            TlsEvent own = *said;
            own.connection = connection.id;
            own.time = time;
            consumer.on_event(own);
        }
    }
}

bool EventDecoder::on_data(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<data_event>(record);
    KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr || event->length > record.size() - sizeof(data_event)) {
        return false;
    }
    end_hellos(*connection);
    const Direction direction = to_direction(event->header.direction);
    std::uint64_t& next = connection->next.at(index_of(direction));
    constexpr std::uint64_t kGreatest = UINT64_MAX / 2;  // beyond any true position: sums cannot wrap
    if (event->position < next || event->position > kGreatest) {
        return false;
    }
    DataEvent out;
    out.connection = connection->id;
    out.time = time_of(event->header);
    out.tid = event->header.tid;
    out.direction = direction;
    out.position = event->position;
    out.waits = (event->header.flags & DATA_WAITS) != 0;
    out.bytes = record.substr(sizeof(data_event), event->length);
    Bytes& before = connection->unfinished.at(index_of(direction));
    if (event->position > next) {
        before.clear();
    }
    connection->advance(direction, event->position, to_loss_cause(event->header.detail), out.time, consumer);
    next = event->position + event->length;
    if (connection->carrier == Carrier::cleartext) {
        connections_.touch(*connection, out.time, consumer);
    }
    if (event->length == 0 && event->snipped == 0) {
        return true;
    }
    if ((event->header.flags & DATA_MORE) != 0 && before.size() + out.bytes.size() <= kGreatestDatagram) {
        before.append(out.bytes);
        return true;
    }
    const Bytes whole = std::exchange(before, {});
    if (!whole.empty()) {
        out.position -= whole.size();
    }
    const Bytes joined = whole.empty() ? Bytes() : whole + Bytes(out.bytes);
    out.bytes = whole.empty() ? out.bytes : ByteView(joined);
    consumer.on_event(out);
    connection->advance(direction, next + event->snipped, LossCause::snaplen, out.time, consumer);
    return true;
}

bool EventDecoder::on_close(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<close_event>(record);
    KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    StreamEnds ends;
    std::ranges::copy(event->position, ends.position.begin());
    std::ranges::transform(event->missing, ends.missing.begin(), to_loss_cause);
    const Timestamp time = time_of(event->header);
    if (event->header.detail == CLOSED_COVERED && connection->held) {
        connections_.forget(*connection);
        return true;
    }
    if (!tell_uncovered(*connection, time, consumer)) {
        return true;
    }
    connections_.close(*connection, &ends, to_close_reason(event->header.detail), time, consumer);
    return true;
}

UncoveredTls EventDecoder::describe_uncovered(const KernelConnection& connection) const {
    return connection.held ? kernel_.describe_uncovered(connection.id.pid)
                           : UncoveredTls{{}, kUnknownLibrary};
}

/// Its TLS objects are announced when there is something to tell of them, which may be later.
bool EventDecoder::on_transport_wanted(ByteView record) {
    const auto event = read_fixed<transport_wanted_event>(record);
    if (!event) {
        return false;
    }
    if (detached_.size() >= kMostDetached) {
        detached_.clear();  // most of them have ended
    }
    detached_.insert(event->pid);
    return true;
}

bool EventDecoder::on_uncovered(ByteView record, EventConsumer& consumer) {
    const auto header = read_fixed<event_header>(record);
    KernelConnection* connection = header ? connections_.find(header->generation) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    // The library that has memory BIOs may be probed: its ciphertext tells which socket is whose.
    const std::uint32_t pid = connection->id.pid;
    if (connection->held && kernel_.shows_sockets_by_payload(pid)) {
        unclaimed_until_closed_.push_back({connection->kernel_generation, time_of(*header)});
        return true;
    }
    if (connection->held && (connections_.has_tls_object(pid) || detached_.contains(pid))) {
        unclaimed_.push_back({connection->kernel_generation, time_of(*header)});
        return true;
    }
    tell_uncovered(*connection, time_of(*header), consumer);
    return true;
}

void EventDecoder::expire(Timestamp time, EventConsumer& consumer, Duration delay) {
    // Unsigned, as of hostile times.
    const auto since_epoch = [](Timestamp at) {
        return static_cast<std::uint64_t>(at.time_since_epoch().count());
    };
    const auto is_due = [&](Timestamp since) {
        return time >= since &&
               since_epoch(time) - since_epoch(since) >= static_cast<std::uint64_t>(delay.count());
    };
    const auto tell_first = [&](std::deque<Unclaimed>& unclaimed) {
        if (KernelConnection* connection = connections_.find(unclaimed.front().generation)) {
            tell_uncovered(*connection, time, consumer);
        }
        unclaimed.pop_front();
    };
    while (!unclaimed_.empty() && (is_due(unclaimed_.front().since) || unclaimed_.size() > kMostUnclaimed)) {
        tell_first(unclaimed_);
    }
    const bool is_end = delay == Duration::zero();
    while (!unclaimed_until_closed_.empty() && (is_end || unclaimed_until_closed_.size() > kMostUnclaimed)) {
        tell_first(unclaimed_until_closed_);
    }
}

/// False when a TLS object turned out to have the socket: its plaintext is captured.
bool EventDecoder::tell_uncovered(KernelConnection& connection, Timestamp time, EventConsumer& consumer) {
    if (connection.held && claimed_.contains(connection.socket)) {
        connections_.forget(connection);
        return false;
    }
    connection.release_held(describe_uncovered(connection), time, consumer);
    return true;
}

bool EventDecoder::on_release(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<release_event>(record);
    if (!event) {
        return false;
    }
    connections_.close_socket(event->cookie, time_of(event->header), consumer);
    return true;
}

/// Nothing more is to be had from hellos. The socket is often found by the first of them, its ClientHello.
void EventDecoder::end_hellos(KernelConnection& connection) {
    if (!std::exchange(connection.awaits_hello, false)) {
        return;
    }
    if (connection.ciphertext_socket != 0) {
        kernel_.mark_bound(connection.kernel_generation, connection.ciphertext_socket);
    }
}

bool EventDecoder::on_hello(ByteView record, EventConsumer& consumer) {
    constexpr std::size_t kOffset = offsetof(hello_event, bytes);
    if (record.size() < kOffset) {
        return false;
    }
    hello_event event{};
    std::memcpy(&event, record.data(), kOffset);
    KernelConnection* connection = connections_.find(event.header.generation);
    if (connection == nullptr || event.length > record.size() - kOffset) {
        return false;
    }
    const auto hello = parse_tls_hello(record.substr(kOffset, event.length),
                                       (event.header.flags & HELLO_WITHOUT_RECORD_HEADER) == 0);
    if (!hello) {
        return false;
    }
    TlsEvent out;
    out.connection = connection->id;
    out.time = time_of(event.header);
    const bool sent = to_direction(event.header.direction) == Direction::sent;
    out.role = hello->from_client == sent ? Role::client : Role::server;
    out.tls = to_tls_info(*hello);
    connection->deliver(out, consumer);
    if (!hello->from_client) {
        end_hellos(*connection);
    }
    return true;
}

bool EventDecoder::on_handshake(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<handshake_event>(record);
    KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    end_hellos(*connection);
    TlsEvent out;
    out.connection = connection->id;
    out.time = time_of(event->header);
    out.role = (event->header.flags & HANDSHAKE_CLIENT) != 0   ? Role::client
               : (event->header.flags & HANDSHAKE_SERVER) != 0 ? Role::server
                                                               : Role::unknown;
    const bool open = (event->header.flags & HANDSHAKE_OPEN) != 0;
    if (event->duration != 0 && !open) {
        out.tls.handshake = Duration(static_cast<std::int64_t>(event->duration));
    }
    out.tls.handshake_failed = (event->header.flags & HANDSHAKE_FAILED) != 0;
    if (out.tls.handshake_failed || open) {
        out.tls.handshake_error = handshake_error(*event);
    }
    consumer.on_event(out);
    return true;
}

bool EventDecoder::on_alpn(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<alpn_event>(record);
    const KernelConnection* connection = event ? connections_.find(event->header.generation) : nullptr;
    if (connection == nullptr || event->length == 0) {
        return false;
    }
    TlsEvent out;
    out.connection = connection->id;
    out.time = time_of(event->header);
    const ByteView bytes = record.substr(offsetof(alpn_event, bytes), event->length);
    out.tls.alpn.assign(bytes);
    consumer.on_event(out);
    return true;
}

}  // namespace sslsniff
