#include "capture/event_decoder.h"

#include <algorithm>

#include "capture/event_convert.h"

namespace sslsniff {

namespace {

constexpr Duration kDatagramPatience = std::chrono::seconds(60);
constexpr std::size_t kGreatestDatagram = 1U << 17U;
constexpr std::size_t kWithheldEvents = 16;
constexpr const char* kUncovered = "no supported library";

}  // namespace

EventDecoder::EventDecoder(Timestamp monotonic_zero, Hooks hooks)
    : monotonic_zero_(monotonic_zero), hooks_(std::move(hooks)), processes_(hooks_.describe_process) {}

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
        case EVENT_RELEASE:
            return on_release(record, consumer);
        default:
            return false;
    }
}

EventDecoder::Connection* EventDecoder::find(const event_header& header) {
    const auto found = connections_.find(header.generation);
    return found != connections_.end() ? &found->second : nullptr;
}

bool EventDecoder::on_process(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<process_event>(record);
    if (!event) {
        return false;
    }
    consumer.on_event(ProcessEvent{time_of(event->header), ProcessEvent::Kind::seen,
                                   processes_.see(to_process_info(*event))});
    return true;
}

bool EventDecoder::on_exec(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<exec_event>(record);
    if (!event || event->exe_length > EXE_LENGTH || event->cgroup_length > CGROUP_LENGTH) {
        return false;
    }
    const Timestamp time = time_of(event->process.header);
    close_all_of(event->process.pid, false, time, consumer);
    const ProcessInfo info = to_process_info(*event);
    if (processes_.replace(info)) {
        consumer.on_event(ProcessEvent{time, ProcessEvent::Kind::exec, info});
    }
    return true;
}

bool EventDecoder::on_exit(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<process_event>(record);
    if (!event) {
        return false;
    }
    const Timestamp time = time_of(event->header);
    close_all_of(event->pid, true, time, consumer);
    if (const auto info = processes_.remove(to_process_info(*event))) {
        consumer.on_event(ProcessEvent{time, ProcessEvent::Kind::exited, *info});
    }
    return true;
}

/// The image with all its SSL objects is gone; sockets outlive it when another program takes its place.
void EventDecoder::close_all_of(std::uint32_t pid, bool sockets_too, Timestamp time,
                                EventConsumer& consumer) {
    std::vector<std::uint64_t> gone;
    for (auto it = by_handle_.lower_bound({pid, 0}); it != by_handle_.end() && it->first.first == pid; ++it) {
        if (sockets_too || connections_.at(it->second).carrier == Carrier::tls) {
            gone.push_back(it->second);
        }
    }
    for (const std::uint64_t generation : gone) {
        close_unasked(connections_.at(generation), CloseReason::process_exit, time, consumer);
    }
}

/// Without a record that says so: the kernel's state is removed too.
void EventDecoder::close_unasked(Connection& connection, CloseReason reason, Timestamp time,
                                 EventConsumer& consumer) {
    const auto ends = hooks_.take_ends ? hooks_.take_ends(connection.id, connection.kernel_generation)
                                       : std::optional<StreamEnds>();
    close(connection, ends ? &*ends : nullptr, reason, time, consumer);
}

void EventDecoder::close_idle(Timestamp time, EventConsumer& consumer) {
    while (const auto generation = datagrams_.idle(time, kDatagramPatience)) {
        close_unasked(connections_.at(*generation), CloseReason::given_up, time, consumer);
    }
}

void EventDecoder::deliver(Connection& connection, CaptureEvent event, EventConsumer& consumer) {
    if (!connection.held) {
        consumer.on_event(event);
    } else if (connection.withheld.size() < kWithheldEvents) {
        connection.withheld.push_back(std::move(event));
    }
}

/// It is certain that nobody else tells of this connection.
void EventDecoder::release_held(Connection& connection, Timestamp time, EventConsumer& consumer) {
    if (!connection.held) {
        return;
    }
    TlsEvent reason;
    reason.connection = connection.id;
    reason.time = time;
    reason.tls.not_decoded = kUncovered;
    connection.withheld.emplace_back(std::move(reason));
    connection.held = false;
    for (const CaptureEvent& event : std::exchange(connection.withheld, {})) {
        consumer.on_event(event);
    }
}

bool EventDecoder::on_open(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<open_event>(record);
    if (!event || event->header.generation == 0 || find(event->header) != nullptr) {
        return false;
    }
    const Timestamp time = time_of(event->header);
    const Handle handle{event->pid, event->handle};
    // The close of the object's former connection was lost.
    if (const auto former = by_handle_.find(handle); former != by_handle_.end()) {
        close(connections_.at(former->second), nullptr, CloseReason::freed, time, consumer);
    }
    Connection connection;
    connection.id = {event->pid, event->start_time, event->handle, ++last_generation_};
    connection.kernel_generation = event->header.generation;
    connection.held = (event->header.flags & OPEN_HELD) != 0;
    const bool cleartext = (event->header.flags & OPEN_CLEARTEXT) != 0 && !connection.held;
    connection.carrier = cleartext ? Carrier::cleartext : Carrier::tls;
    by_handle_[handle] = event->header.generation;

    OpenEvent out;
    out.connection = connection.id;
    out.time = time;
    out.carrier = connection.carrier;
    out.midstream = (event->header.flags & OPEN_MIDSTREAM) != 0;
    if (event->library < libraries_.size()) {
        out.library = libraries_[event->library];
    }
    deliver(connections_.insert_or_assign(event->header.generation, std::move(connection)).first->second, out,
            consumer);
    return true;
}

bool EventDecoder::on_bind(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<bind_event>(record);
    Connection* connection = event ? find(event->header) : nullptr;
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
    if (is_socket && out.endpoints.transport == Transport::udp) {
        datagrams_.add(event->header.generation, event->cookie, out.time);
    }
    // A socket call that a callback of the library made does not outweigh equal ciphertext.
    if (connection->ciphertext_socket == 0) {
        deliver(*connection, out, consumer);
    }
    return true;
}

bool EventDecoder::on_library_record(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<library_record_event>(record);
    const Connection* connection = event ? find(event->header) : nullptr;
    if (connection == nullptr || event->length > RECORD_SAMPLE) {
        return false;
    }
    const ByteView octets = record.substr(offsetof(library_record_event, octets), event->length);
    bind_by(binder_.see_library_record(connection->id.pid, event->header.generation,
                                       to_direction(event->header.direction), octets),
            time_of(event->header), consumer);
    return true;
}

bool EventDecoder::on_socket_sample(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<socket_sample_event>(record);
    if (!event || event->length > record.size() - sizeof(socket_sample_event)) {
        return false;
    }
    const event_header& header = event->socket.header;
    const ByteView octets = record.substr(sizeof(socket_sample_event), event->length);
    bind_by(
        binder_.see_socket(event->pid, to_endpoints(event->socket), to_direction(header.direction), octets),
        time_of(header), consumer);
    return true;
}

void EventDecoder::bind_by(const std::optional<CiphertextBinder::Match>& match, Timestamp time,
                           EventConsumer& consumer) {
    const auto found = match ? connections_.find(match->generation) : connections_.end();
    if (found == connections_.end() || found->second.ciphertext_socket != 0) {
        return;
    }
    Connection& connection = found->second;
    connection.ciphertext_socket = match->socket.socket_cookie;
    if (hooks_.on_bound) {
        hooks_.on_bound(match->generation, match->socket.socket_cookie);
    }
    EndpointsEvent out;
    out.connection = connection.id;
    out.time = time;
    out.correlation = Correlation::ciphertext;
    out.endpoints = match->socket;
    consumer.on_event(out);
}

bool EventDecoder::on_data(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<data_event>(record);
    Connection* connection = event ? find(event->header) : nullptr;
    if (connection == nullptr || event->length > record.size() - sizeof(data_event)) {
        return false;
    }
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
    out.bytes = record.substr(sizeof(data_event), event->length);
    Bytes& before = connection->unfinished.at(index_of(direction));
    if (event->position > next) {
        before.clear();
    }
    advance(*connection, direction, event->position, to_loss_cause(event->header.detail), out.time, consumer);
    next = event->position + event->length;
    if (connection->carrier == Carrier::cleartext) {
        datagrams_.touch(event->header.generation, out.time);
        close_idle(out.time, consumer);
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
    advance(*connection, direction, next + event->snipped, LossCause::snaplen, out.time, consumer);
    return true;
}

bool EventDecoder::on_close(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<close_event>(record);
    Connection* connection = event ? find(event->header) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    StreamEnds ends;
    std::ranges::copy(event->position, ends.position.begin());
    std::ranges::transform(event->missing, ends.missing.begin(), to_loss_cause);
    const Timestamp time = time_of(event->header);
    if (event->header.detail == CLOSED_COVERED && connection->held) {
        forget(*connection);
        return true;
    }
    release_held(*connection, time, consumer);
    close(*connection, &ends, to_close_reason(event->header.detail), time, consumer);
    return true;
}

bool EventDecoder::on_uncovered(ByteView record, EventConsumer& consumer) {
    const auto header = read_fixed<event_header>(record);
    Connection* connection = header ? find(*header) : nullptr;
    if (connection == nullptr) {
        return false;
    }
    release_held(*connection, time_of(*header), consumer);
    return true;
}

bool EventDecoder::on_release(ByteView record, EventConsumer& consumer) {
    const auto event = read_fixed<release_event>(record);
    if (!event) {
        return false;
    }
    for (const std::uint64_t generation : datagrams_.of_socket(event->cookie)) {
        close_unasked(connections_.at(generation), CloseReason::socket_closed, time_of(event->header),
                      consumer);
    }
    return true;
}

void EventDecoder::forget(const Connection& connection) {
    datagrams_.remove(connection.kernel_generation);
    by_handle_.erase({connection.id.pid, connection.id.handle});
    connections_.erase(connection.kernel_generation);
}

void EventDecoder::advance(Connection& connection, Direction direction, std::uint64_t position,
                           LossCause cause, Timestamp time, EventConsumer& consumer) {
    std::uint64_t& next = connection.next.at(index_of(direction));
    if (position <= next) {
        return;
    }
    GapEvent gap;
    gap.connection = connection.id;
    gap.time = time;
    gap.direction = direction;
    gap.position = next;
    gap.bytes = position - next;
    gap.cause = cause;
    next = position;
    consumer.on_event(gap);
}

void EventDecoder::close(Connection& connection, const StreamEnds* ends, CloseReason reason, Timestamp time,
                         EventConsumer& consumer) {
    if (ends != nullptr) {
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const std::size_t index = index_of(direction);
            advance(connection, direction, ends->position.at(index), ends->missing.at(index), time, consumer);
        }
    }
    CloseEvent out;
    out.connection = connection.id;
    out.time = time;
    out.reason = reason;
    if (connection.ciphertext_socket != 0 && hooks_.on_released) {
        hooks_.on_released(connection.ciphertext_socket);
    }
    const bool silent = connection.held;
    forget(connection);
    if (!silent) {
        consumer.on_event(out);
    }
}

}  // namespace sslsniff
