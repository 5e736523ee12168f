#include "capture/kernel/kernel_connections.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "capture/kernel/event_convert.h"

namespace sslsniff {

namespace {

constexpr Duration kDatagramPatience = std::chrono::seconds(60);
constexpr std::size_t kWithheldEvents = 16;

}  // namespace

void KernelConnection::deliver(CaptureEvent event, EventConsumer& consumer) {
    if (!held) {
        consumer.on_event(event);
    } else if (withheld.size() < kWithheldEvents) {
        withheld.push_back(std::move(event));
    }
}

void KernelConnection::release_held(const UncoveredTls& why, Timestamp time, EventConsumer& consumer) {
    if (!held) {
        return;
    }
    TlsEvent undecoded;
    undecoded.connection = id;
    undecoded.time = time;
    undecoded.tls.library = why.library;
    undecoded.tls.not_decoded = why.reason;
    withheld.emplace_back(std::move(undecoded));
    held = false;
    for (const CaptureEvent& event : std::exchange(withheld, {})) {
        consumer.on_event(event);
    }
}

void KernelConnection::advance(Direction direction, std::uint64_t position, LossCause cause, Timestamp time,
                               EventConsumer& consumer) {
    std::uint64_t& reached = next.at(index_of(direction));
    if (position <= reached) {
        return;
    }
    GapEvent gap;
    gap.connection = id;
    gap.time = time;
    gap.direction = direction;
    gap.position = reached;
    gap.bytes = position - reached;
    gap.cause = cause;
    reached = position;
    consumer.on_event(gap);
}

KernelConnection* KernelConnections::find(std::uint64_t generation) {
    const auto found = connections_.find(generation);
    return found != connections_.end() ? &found->second : nullptr;
}

KernelConnection* KernelConnections::find_socket(std::uint32_t pid, std::uint64_t cookie) {
    const auto found = by_handle_.find({pid, SOCKET_HANDLE | cookie});
    return found != by_handle_.end() ? find(found->second) : nullptr;
}

bool KernelConnections::has_tls_object(std::uint32_t pid) const {
    const auto first = by_handle_.lower_bound({pid, 0});  // sockets have the greatest handles
    return first != by_handle_.end() && first->first.first == pid &&
           (first->first.second & SOCKET_HANDLE) == 0;
}

KernelConnection& KernelConnections::open(KernelConnection connection, Timestamp time,
                                          EventConsumer& consumer) {
    const Handle handle{connection.id.pid, connection.id.handle};
    // The close of the object's former connection was lost.
    if (const auto former = by_handle_.find(handle); former != by_handle_.end()) {
        close(connections_.at(former->second), nullptr, CloseReason::freed, time, consumer);
    }
    const std::uint64_t generation = connection.kernel_generation;
    connection.id.generation = ++last_generation_;
    by_handle_[handle] = generation;
    return connections_.insert_or_assign(generation, std::move(connection)).first->second;
}

void KernelConnections::add_datagrams(const KernelConnection& connection, std::uint64_t socket_cookie,
                                      Timestamp time) {
    datagrams_.add(connection.kernel_generation, socket_cookie, time);
}

void KernelConnections::touch(const KernelConnection& connection, Timestamp time, EventConsumer& consumer) {
    datagrams_.touch(connection.kernel_generation, time);
    while (const auto generation = datagrams_.idle(time, kDatagramPatience)) {
        close_unasked(connections_.at(*generation), CloseReason::given_up, time, consumer);
    }
}

void KernelConnections::close(KernelConnection& connection, const StreamEnds* ends, CloseReason reason,
                              Timestamp time, EventConsumer& consumer) {
    if (ends != nullptr) {
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const std::size_t index = index_of(direction);
            connection.advance(direction, ends->position.at(index), ends->missing.at(index), time, consumer);
        }
    }
    CloseEvent out;
    out.connection = connection.id;
    out.time = time;
    out.reason = reason;
    if (connection.ciphertext_socket != 0) {
        kernel_.release_socket(connection.ciphertext_socket);
    }
    const bool silent = connection.held;
    forget(connection);
    if (!silent) {
        consumer.on_event(out);
    }
}

/// Without a record that says so: the kernel's state is removed too.
void KernelConnections::close_unasked(KernelConnection& connection, CloseReason reason, Timestamp time,
                                      EventConsumer& consumer) {
    const auto ends = kernel_.take_ends(connection.id, connection.kernel_generation);
    close(connection, ends ? &*ends : nullptr, reason, time, consumer);
}

/// The image with all its SSL objects is gone; sockets outlive it when another program takes its place.
void KernelConnections::close_process(std::uint32_t pid, bool sockets_too, Timestamp time,
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

void KernelConnections::close_socket(std::uint64_t socket_cookie, Timestamp time, EventConsumer& consumer) {
    for (const std::uint64_t generation : datagrams_.of_socket(socket_cookie)) {
        close_unasked(connections_.at(generation), CloseReason::socket_closed, time, consumer);
    }
}

void KernelConnections::reconcile(Timestamp time, EventConsumer& consumer) {
    for (const std::uint64_t generation : std::exchange(suspects_, {})) {
        if (KernelConnection* connection = find(generation)) {
            close_unasked(*connection, CloseReason::given_up, time, consumer);
        }
    }
    for (const auto& [generation, connection] : connections_) {
        if (!kernel_.has_connection(connection.id, generation)) {
            suspects_.push_back(generation);
        }
    }
}

void KernelConnections::end_all(Timestamp time, EventConsumer& consumer) {
    std::vector<KernelConnection*> open;
    open.reserve(connections_.size());
    for (auto& [generation, connection] : connections_) {
        open.push_back(&connection);
    }
    std::ranges::sort(open, {}, [](const KernelConnection* each) { return each->id.generation; });
    for (KernelConnection* connection : open) {
        close_unasked(*connection, CloseReason::capture_end, time, consumer);
    }
    suspects_.clear();
}

void KernelConnections::forget(const KernelConnection& connection) {
    datagrams_.remove(connection.kernel_generation);
    by_handle_.erase({connection.id.pid, connection.id.handle});
    connections_.erase(connection.kernel_generation);
}

}  // namespace sslsniff
