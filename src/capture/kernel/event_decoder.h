#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "bpf/event.h"
#include "capture/kernel/ciphertext_binder.h"
#include "capture/kernel/kernel_connections.h"
#include "capture/kernel/process_table.h"
#include "model/event.h"

namespace sslsniff {

/// Turns the kernel's records (bpf/event.h) into events. Does no I/O and reads no clock. The records are
/// taken for hostile: lengths are checked, and what contradicts itself is dropped and counted.
///
/// Adds what the records leave out: the ConnectionId of data, gaps between positions, the close of
/// connections whose process ended or whose SSL object is used again, of UDP connections that are silent for
/// a minute. TLS on a socket that no probe is known to cover yet is held back until the kernel side knows.
class EventDecoder {
  public:
    /// `monotonic_zero`: the time at which CLOCK_MONOTONIC was 0. `kernel` must outlive this.
    EventDecoder(Timestamp monotonic_zero, KernelSide& kernel);

    /// Whether the records tell of all connections of the processes that they name, with TLS or without.
    void set_leaves_nothing_out(bool nothing) { leaves_nothing_out_ = nothing; }
    /// Names the library number, from 1 on, that probes were attached with, as in "OpenSSL 3.0.17".
    void name_library(std::uint32_t number, std::string name);
    /// The number by which the record means a library that was not named yet; 0: it does not.
    std::uint32_t unnamed_library(ByteView record) const;

    /// Delivers what `record` says. False when it is malformed or names an unknown connection.
    bool decode(ByteView record, EventConsumer& consumer);

    /// KernelConnections::reconcile().
    void reconcile(Timestamp time, EventConsumer& consumer) { connections_.reconcile(time, consumer); }

    /// The capture stops: ends every connection and forgets everything else.
    void end_all(Timestamp time, EventConsumer& consumer);

    /// It is `time` now: TLS of a socket that no memory BIO has claimed for kClaimDelay is told of as not
    /// decoded. Events do the same by their own time.
    void expire(Timestamp time, EventConsumer& consumer, Duration delay = kClaimDelay);
    static constexpr Duration kClaimDelay = std::chrono::milliseconds(500);
    static constexpr std::size_t kMostUnclaimed = 4096;
    static constexpr std::size_t kMostDetached = 4096;

    std::size_t open_connections() const { return connections_.size(); }

  private:
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
    bool on_transport_wanted(ByteView record);
    bool on_release(ByteView record, EventConsumer& consumer);

    Timestamp time_of(const event_header& header) const;
    bool is_whole(const event_header& header) const;
    void end_hellos(KernelConnection& connection);
    bool tell_uncovered(KernelConnection& connection, Timestamp time, EventConsumer& consumer);
    void adopt_hellos(const KernelConnection& connection, std::uint64_t cookie, Timestamp time,
                      EventConsumer& consumer);
    void bind_by(const std::optional<CiphertextBinder::Match>& match, Timestamp time,
                 EventConsumer& consumer);

    UncoveredTls describe_uncovered(const KernelConnection& connection) const;

    Timestamp monotonic_zero_;
    KernelSide& kernel_;
    bool leaves_nothing_out_ = false;
    struct Unclaimed {
        std::uint64_t generation = 0;
        Timestamp since;
    };
    KernelConnections connections_;
    // What end_all() forgets:
    std::set<std::uint64_t> claimed_;  ///< sockets that were found to be of TLS objects, the last ones
    std::deque<Unclaimed> unclaimed_;  ///< held, of processes that have TLS objects
    std::deque<Unclaimed>
        unclaimed_until_closed_;  ///< held, of processes where only payload shows which socket is whose
    std::set<std::uint32_t>
        detached_;  ///< processes whose TLS library reads and writes memory, without probes there so far
    std::vector<std::string> libraries_;
    ProcessTable processes_;
    CiphertextBinder binder_;
};

}  // namespace sslsniff
