#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/process.h"
#include "model/time.h"

namespace sslsniff {

/// A traced process was seen for the first time, replaced its image (exec), or ended.
struct ProcessEvent {
    enum class Kind : std::uint8_t { seen, exec, exited };
    Timestamp time;
    Kind kind = Kind::seen;
    ProcessInfo process;
    /// It began after the capture did, which leaves none of its connections out: nobody can have asked it for
    /// anything unseen.
    bool whole = false;
    bool operator==(const ProcessEvent&) const = default;
};

/// First event of each connection.
struct OpenEvent {
    ConnectionId connection;
    Timestamp time;
    Carrier carrier = Carrier::tls;
    bool midstream = false;  ///< it carried data before the capture began, or may have
    std::string library;     ///< "OpenSSL 3.0.17"; empty for cleartext
    bool operator==(const OpenEvent&) const = default;
};

/// The socket of a connection became known, or changed.
struct EndpointsEvent {
    ConnectionId connection;
    Timestamp time;
    Role role = Role::unknown;  ///< as far as the socket tells
    Correlation correlation = Correlation::none;
    Endpoints endpoints;
    bool operator==(const EndpointsEvent&) const = default;
};

/// Something about the TLS session became known: non-empty fields replace what was known.
struct TlsEvent {
    ConnectionId connection;
    Timestamp time;
    Role role = Role::unknown;
    TlsInfo tls;
    bool operator==(const TlsEvent&) const = default;
};

/// Plaintext of one call, or of a part of a large one.
struct DataEvent {
    ConnectionId connection;
    Timestamp time;  ///< when the call returned
    std::uint32_t tid = 0;
    Direction direction = Direction::sent;
    std::uint64_t position = 0;  ///< of the first byte in the stream since the capture saw the connection
    ByteView bytes;              ///< valid during on_event only
    bool waits =
        false;  ///< received by a call for which the thread waits until something comes (no O_NONBLOCK)
    bool operator==(const DataEvent&) const = default;
};

/// `connection_limit`: connections given up because too many were open at once. `memory_limit`: exchanges and
/// connections that were given up, wholly or in part, because all together held too much; the bytes are those
/// of memory. `missed`: runs of capture programs that the kernel passed over. The others are bytes or events.
enum class LossCause : std::uint8_t {
    ring_full,
    fault,
    snaplen,
    map_full,
    frame_limit,
    no_buffer,
    unknown,
    connection_limit,
    memory_limit,
    missed
};
std::string_view to_string(LossCause cause);
std::optional<LossCause> parse_loss_cause(std::string_view text);

/// Bytes of a stream that passed but were not captured. Any jump between positions is a gap too; this event
/// gives its cause, and is the only sign of a gap at the end of a stream.
struct GapEvent {
    ConnectionId connection;
    Timestamp time;
    Direction direction = Direction::sent;
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;  ///< 0: of unknown size
    LossCause cause = LossCause::unknown;
    bool operator==(const GapEvent&) const = default;
};

/// `given_up`: not closed, but no longer followed (see LossCause::connection_limit). `refused`, `timed_out`:
/// of a connection that never came about, or whose peer no longer answers. `covered`: it turned out to carry
/// the ciphertext of a connection that is captured. `tls_began`: the cleartext of a socket that carries TLS
/// from here on (STARTTLS, CONNECT ...), as a connection of its own (ConnectionInfo::continues).
enum class CloseReason : std::uint8_t {
    shutdown,
    freed,
    socket_closed,
    reset,
    process_exit,
    capture_end,
    given_up,
    refused,
    timed_out,
    covered,
    tls_began
};
std::string_view to_string(CloseReason reason);
std::optional<CloseReason> parse_close_reason(std::string_view text);

/// Last event of a connection. One still open when its source ends gets `capture_end` from the pipeline.
struct CloseEvent {
    ConnectionId connection;
    Timestamp time;
    CloseReason reason = CloseReason::freed;
    bool operator==(const CloseEvent&) const = default;
};

/// Events that never reached us. Counts are increments, not totals.
struct LossEvent {
    Timestamp time;
    LossCause cause = LossCause::unknown;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    bool operator==(const LossEvent&) const = default;
};

using CaptureEvent = std::variant<ProcessEvent, OpenEvent, EndpointsEvent, TlsEvent, DataEvent, GapEvent,
                                  CloseEvent, LossEvent>;

Timestamp time_of(const CaptureEvent& event);

/// The waist: live capture, traces and capture files produce events; pipeline, trace and pcapng writers take
/// them.
class EventConsumer {
  public:
    EventConsumer() = default;
    EventConsumer(const EventConsumer&) = delete;
    EventConsumer& operator=(const EventConsumer&) = delete;
    virtual ~EventConsumer() = default;
    virtual void on_event(const CaptureEvent& event) = 0;
};

}  // namespace sslsniff
