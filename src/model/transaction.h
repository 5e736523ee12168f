#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/connection.h"
#include "model/event.h"
#include "model/exchange.h"
#include "model/time.h"

namespace sslsniff {

/// When the parts of an exchange passed. Absent: not seen.
struct Timing {
    Timestamp start;  ///< first byte of the exchange that was seen
    std::optional<Timestamp> request_end;
    std::optional<Timestamp> response_start;
    std::optional<Timestamp> end;  ///< last byte; absent when the exchange did not finish
};

/// What is missing from an exchange.
struct Integrity {
    bool complete = true;             ///< every byte of both halves was seen and the exchange finished
    std::uint64_t missing_bytes = 0;  ///< bytes known to be lost from it
    bool joined_midstream = false;    ///< its beginning passed before the capture began or inside a gap
    std::string reason;               ///< one phrase when not complete: "no response", "gap in body" ...
};

/// How it is known which request caused a call (docs/causes.md). `thread`: a thread that does one thing at a
/// time was working on this request. `sole`: it was the only one in progress, and the program was not seen to
/// make calls without one. `traceparent`, `header`: the call carries an id that of all requests in progress
/// this one alone had: W3C Trace Context, or another header field that programs pass on.
enum class CauseConfidence : std::uint8_t { thread, sole, traceparent, header };
std::string_view to_string(CauseConfidence confidence);

/// An exchange before it is over.
struct TransactionId {
    ConnectionId connection;
    std::uint64_t number = 0;  ///< on its connection, from 1
    auto operator<=>(const TransactionId&) const = default;
};
/// "4242.17.3": that of its connection, and its number there. Unique within one capture.
std::string transaction_name(const TransactionId& id);

/// The request that a process was working on when it made a call of its own.
struct Cause {
    TransactionId transaction;
    CauseConfidence confidence = CauseConfidence::thread;
    bool is_over = false;            ///< the request was, when the call was over
    std::optional<TraceId> trace{};  ///< that the request says it belongs to ("traceparent")
};

struct Transaction {
    const ConnectionInfo& connection;
    Timing timing;
    Integrity integrity;
    std::shared_ptr<const Exchange> exchange;  ///< never null; changed by nobody behind the stages
    std::uint64_t number = 0;                  ///< on its connection, from 1; 0: not known
    std::optional<Cause> caused_by{};          ///< of calls that the process made

    TransactionId id() const { return {connection.id, number}; }
};

/// One direction of a connection that ended.
struct StreamTotals {
    std::uint64_t bytes = 0;    ///< passed, captured or not
    std::uint64_t missing = 0;  ///< of these, not captured
    std::uint64_t gaps = 0;
    Bytes first_bytes;  ///< up to 64 bytes, for protocols nobody knows
};

/// A connection that ended.
struct ConnectionRecord {
    const ConnectionInfo& connection;
    Timestamp closed;
    CloseReason reason = CloseReason::freed;
    std::string protocol;  ///< as detected; empty when unknown
    std::uint64_t transactions = 0;
    StreamTotals sent;
    StreamTotals received;
};

/// Totals of a capture, by cause for what was lost.
struct CaptureSummary {
    struct Loss {
        LossCause cause = LossCause::unknown;
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;
    };
    Timestamp started;                           ///< first event
    Timestamp ended;                             ///< last event
    std::uint64_t transactions = 0;              ///< shown
    std::uint64_t connections = 0;               ///< followed, whether their transactions were shown or not
    std::optional<std::uint64_t> filtered_from;  ///< with a filter of transactions: how many it looked at
    std::uint64_t unbound_connections = 0;       ///< whose socket was never found
    std::uint64_t processes = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t missing_bytes = 0;
    std::vector<Loss> losses;
};

/// A connection that goes on, as far as it is known by now.
struct OpenConnection {
    const ConnectionInfo& connection;
    std::string_view protocol;  ///< as detected; empty when unknown, or not yet known
    /// What it is likely to be, when nothing of that is shown before more agrees; empty otherwise.
    std::string_view likely_protocol{};
};

/// Where finished transactions go, and what is told of connections. Implementations write to an injected
/// stream.
class TransactionSink {
  public:
    TransactionSink() = default;
    TransactionSink(const TransactionSink&) = delete;
    TransactionSink& operator=(const TransactionSink&) = delete;
    virtual ~TransactionSink() = default;

    /// A connection appeared. Its record follows when it ends, unless it is withdrawn.
    virtual void on_open(const OpenConnection& /*connection*/) {}
    /// More is known of it: its socket, TLS session, process, name or protocol; once for each event.
    virtual void on_change(const OpenConnection& /*connection*/) {}
    /// It was none: its bytes are those of another connection, or there never were any.
    virtual void on_withdraw(const ConnectionInfo& /*connection*/) {}

    virtual void on_transaction(const Transaction& transaction) = 0;
    virtual void on_connection(const ConnectionRecord& record) = 0;
    virtual void on_loss(const LossEvent& loss) = 0;
    virtual void on_summary(const CaptureSummary& summary) = 0;
};

}  // namespace sslsniff
