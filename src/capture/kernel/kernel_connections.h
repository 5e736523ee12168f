#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "bpf/event.h"
#include "capture/kernel/datagram_flows.h"
#include "capture/kernel/kernel_side.h"
#include "model/event.h"

namespace sslsniff {

/// A connection as the kernel's records tell of it.
struct KernelConnection {
    ConnectionId id;
    std::uint64_t kernel_generation = 0;
    std::array<std::uint64_t, DIRECTION_COUNT> next{};  ///< position behind the last byte delivered
    std::uint64_t ciphertext_socket = 0;                ///< cookie; 0: not bound by ciphertext
    std::uint64_t socket = 0;  ///< cookie of a connection that is a socket; 0: unknown
    /// Its ServerHello may still come: as long the kernel side must not take it for bound.
    bool awaits_hello = false;
    Carrier carrier = Carrier::tls;
    /// Nobody is to hear of it before it is certain that nobody else tells of it.
    bool held = false;
    std::vector<CaptureEvent> withheld;
    /// Beginnings of datagrams that came in several records.
    std::array<Bytes, DIRECTION_COUNT> unfinished;

    /// Hands the event over, or keeps it while the connection is held: some of them, the rest is dropped.
    void deliver(CaptureEvent event, EventConsumer& consumer);
    /// Ends the holding back: `reason` is why its TLS is not decoded.
    void release_held(const UncoveredTls& why, Timestamp time, EventConsumer& consumer);
    /// The stream has come to `position`: what was not delivered before it is a gap.
    void advance(Direction direction, std::uint64_t position, LossCause cause, Timestamp time,
                 EventConsumer& consumer);
};

/// The connections that the kernel's records opened, until they end: by a record that says so, with their
/// process or their UDP socket, because their SSL object is used again, or, over UDP, by a minute of silence.
class KernelConnections {
  public:
    explicit KernelConnections(KernelSide& kernel) : kernel_(kernel) {}

    /// Whether the process has a TLS object of a library that is probed.
    bool has_tls_object(std::uint32_t pid) const;
    /// By the kernel's generation; null when there is none.
    KernelConnection* find(std::uint64_t generation);
    /// What the process says on this TCP socket beside its TLS objects; null when there is nothing.
    KernelConnection* find_socket(std::uint32_t pid, std::uint64_t cookie);
    /// Takes a connection whose generation is new and counts it; its handle's former connection is over.
    KernelConnection& open(KernelConnection connection, Timestamp time, EventConsumer& consumer);
    /// The connection is one of those of a UDP socket.
    void add_datagrams(const KernelConnection& connection, std::uint64_t socket_cookie, Timestamp time);
    /// Bytes passed: other connections may have been silent for too long by now.
    void touch(const KernelConnection& connection, Timestamp time, EventConsumer& consumer);

    // The following end connections: references to them are gone.

    /// `ends` may be null: unknown.
    void close(KernelConnection& connection, const StreamEnds* ends, CloseReason reason, Timestamp time,
               EventConsumer& consumer);
    void close_process(std::uint32_t pid, bool sockets_too, Timestamp time, EventConsumer& consumer);
    void close_socket(std::uint64_t socket_cookie, Timestamp time, EventConsumer& consumer);
    /// The capture stops, but may go on: what comes then is not what was.
    void end_all(Timestamp time, EventConsumer& consumer);
    /// Without telling anybody.
    void forget(const KernelConnection& connection);

    /// After records were lost: ends connections that the kernel knows no longer. Those that it did not know
    /// at the last call are ended by this one: between two calls, all records must have been read.
    void reconcile(Timestamp time, EventConsumer& consumer);

    std::size_t size() const { return connections_.size(); }

  private:
    using Handle = std::pair<std::uint32_t, std::uint64_t>;  // pid, SSL object

    void close_unasked(KernelConnection& connection, CloseReason reason, Timestamp time,
                       EventConsumer& consumer);

    KernelSide& kernel_;
    std::unordered_map<std::uint64_t, KernelConnection> connections_;  // by the kernel's generation
    std::map<Handle, std::uint64_t> by_handle_;                        // -> the kernel's generation
    DatagramFlows datagrams_;
    std::vector<std::uint64_t> suspects_;  // generations that the kernel did not know
    std::uint64_t last_generation_ = 0;
};

}  // namespace sslsniff
