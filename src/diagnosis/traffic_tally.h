#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/event.h"
#include "output/json/json_writer.h"

namespace sslsniff {

/// What one process said while it was watched.
struct ProcessTraffic {
    ProcessInfo process;
    std::set<std::string> libraries;          ///< those its TLS calls went to
    std::uint64_t reads = 0;                  ///< TLS calls that returned plaintext
    std::uint64_t writes = 0;                 ///< TLS calls that took plaintext
    std::uint64_t received = 0;               ///< bytes of plaintext the reads returned
    std::uint64_t sent = 0;                   ///< bytes of plaintext the writes took
    std::uint64_t tls_connections = 0;        ///< that made at least one of these calls
    std::uint64_t bound_calls = 0;            ///< reads and writes on connections whose socket is known
    std::set<Correlation> correlations;       ///< how the sockets were found
    std::uint64_t cleartext_connections = 0;  ///< that carried bytes without TLS
    std::uint64_t cleartext_bytes = 0;        ///< both directions
};

/// Counts calls and bytes by process, and how many of the calls belong to a known socket.
class TrafficTally final : public EventConsumer {
  public:
    void on_event(const CaptureEvent& event) override;

    /// Those that said something, by pid.
    std::vector<ProcessTraffic> result() const;
    /// Events that the capture could not deliver.
    std::uint64_t lost_events() const { return lost_events_; }

  private:
    struct Flow {
        std::uint64_t calls = 0;
        std::uint64_t bytes = 0;
        // A large call comes in several events of one thread and time.
        Timestamp last_time;
        std::uint32_t last_tid = 0;
    };
    /// One that is open; what a closed one said is in its process's traffic alone.
    struct Connection {
        Carrier carrier = Carrier::tls;
        std::string library;
        Correlation correlation = Correlation::none;
        Flow sent;
        Flow received;
    };
    using Processes = std::map<ProcessKey, ProcessTraffic>;

    void on_data(const DataEvent& data);
    static void add(const ConnectionId& id, const Connection& connection, Processes& processes);

    Processes processes_;
    std::map<ConnectionId, Connection> connections_;
    std::uint64_t lost_events_ = 0;
};

/// A line: "nginx[42] OpenSSL 3.0.17: 3 reads of 240 bytes and 3 writes of 800 bytes on 1 TLS connections,
/// 100.0 % of these calls with a known socket (nested)".
std::string traffic_text(const ProcessTraffic& traffic);

/// Its fields (docs/json.md) into the object that is open.
void write_traffic(JsonWriter& json, const ProcessTraffic& traffic);

}  // namespace sslsniff
