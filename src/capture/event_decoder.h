#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "bpf/event.h"
#include "capture/ciphertext_binder.h"
#include "capture/datagram_flows.h"
#include "capture/process_table.h"
#include "model/event.h"

namespace sslsniff {

/// How far a connection had come when it ended without an EVENT_CLOSE.
struct StreamEnds {
    std::array<std::uint64_t, DIRECTION_COUNT> position{};
    std::array<LossCause, DIRECTION_COUNT> missing{};
};

/// Turns the kernel's records (bpf/event.h) into events. Does no I/O and reads no clock. The records are
/// taken for hostile: lengths are checked, and what contradicts itself is dropped and counted.
///
/// Adds what the records leave out: the ConnectionId of data, gaps between positions, the close of
/// connections whose process ended or whose SSL object is used again, of UDP connections that are silent for
/// a minute. TLS on a socket that no probe is known to cover yet is held back until the kernel side knows.
class EventDecoder {
  public:
    /// What the decoder asks and tells the kernel's side. Each may be empty.
    struct Hooks {
        /// A connection ends without a record of its own: removes what the kernel keeps of it.
        std::function<std::optional<StreamEnds>(const ConnectionId& id, std::uint64_t kernel_generation)>
            take_ends;
        ProcessTable::Describe describe_process;
        /// The socket of a connection was found by its ciphertext: neither need be looked at any longer.
        std::function<void(std::uint64_t kernel_generation, std::uint64_t socket_cookie)> on_bound;
        /// Such a connection is over: its socket may carry another.
        std::function<void(std::uint64_t socket_cookie)> on_released;
    };

    /// `monotonic_zero`: the time at which CLOCK_MONOTONIC was 0.
    explicit EventDecoder(Timestamp monotonic_zero, Hooks hooks = {});

    /// Names the library number, from 1 on, that probes were attached with, as in "OpenSSL 3.0.17".
    void name_library(std::uint32_t number, std::string name);

    /// Delivers what `record` says. False when it is malformed or names an unknown connection.
    bool decode(ByteView record, EventConsumer& consumer);

    std::size_t open_connections() const { return connections_.size(); }

  private:
    struct Connection {
        ConnectionId id;
        std::uint64_t kernel_generation = 0;
        std::array<std::uint64_t, DIRECTION_COUNT> next{};  // position behind the last octet delivered
        std::uint64_t ciphertext_socket = 0;                // cookie; 0: not bound by ciphertext
        Carrier carrier = Carrier::tls;
        bool held = false;
        std::vector<CaptureEvent> withheld;
        /// Beginnings of datagrams that came in several records.
        std::array<Bytes, DIRECTION_COUNT> unfinished;
    };
    using Handle = std::pair<std::uint32_t, std::uint64_t>;  // pid, SSL object

    bool on_process(ByteView record, EventConsumer& consumer);
    bool on_exec(ByteView record, EventConsumer& consumer);
    bool on_exit(ByteView record, EventConsumer& consumer);
    bool on_open(ByteView record, EventConsumer& consumer);
    bool on_bind(ByteView record, EventConsumer& consumer);
    bool on_hello(ByteView record, EventConsumer& consumer);
    bool on_handshake(ByteView record, EventConsumer& consumer);
    bool on_alpn(ByteView record, EventConsumer& consumer);
    bool on_data(ByteView record, EventConsumer& consumer);
    bool on_close(ByteView record, EventConsumer& consumer);
    bool on_library_record(ByteView record, EventConsumer& consumer);
    bool on_socket_sample(ByteView record, EventConsumer& consumer);
    bool on_uncovered(ByteView record, EventConsumer& consumer);
    bool on_release(ByteView record, EventConsumer& consumer);

    Timestamp time_of(const event_header& header) const;
    Connection* find(const event_header& header);
    void advance(Connection& connection, Direction direction, std::uint64_t position, LossCause cause,
                 Timestamp time, EventConsumer& consumer);
    void close(Connection& connection, const StreamEnds* ends, CloseReason reason, Timestamp time,
               EventConsumer& consumer);
    void bind_by(const std::optional<CiphertextBinder::Match>& match, Timestamp time,
                 EventConsumer& consumer);
    void close_all_of(std::uint32_t pid, bool sockets_too, Timestamp time, EventConsumer& consumer);
    void close_unasked(Connection& connection, CloseReason reason, Timestamp time, EventConsumer& consumer);
    void close_idle(Timestamp time, EventConsumer& consumer);
    void forget(const Connection& connection);
    static void deliver(Connection& connection, CaptureEvent event, EventConsumer& consumer);
    static void release_held(Connection& connection, Timestamp time, EventConsumer& consumer);

    Timestamp monotonic_zero_;
    Hooks hooks_;
    std::vector<std::string> libraries_;
    std::unordered_map<std::uint64_t, Connection> connections_;  // by the kernel's generation
    std::map<Handle, std::uint64_t> by_handle_;                  // -> the kernel's generation
    DatagramFlows datagrams_;
    ProcessTable processes_;
    CiphertextBinder binder_;
    std::uint64_t last_generation_ = 0;
};

}  // namespace sslsniff
