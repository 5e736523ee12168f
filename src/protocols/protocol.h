#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/transaction.h"

namespace sslsniff {

class MessageSchema;
class ProtocolParser;

/// What a parser may tell the connection it belongs to.
class ParserHost {
  public:
    virtual ~ParserHost() = default;
    /// A finished (or given up) exchange.
    virtual void emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) = 0;
    /// The traffic shows which end the process is; may be called again with the same answer.
    virtual void set_role(Role role) = 0;
    /// From here on both directions speak another protocol (Upgrade, CONNECT): `parser` takes over once the
    /// current call into this parser returned; octets not yet consumed must be handed to it by the caller
    /// through `rest`. A null parser means unknown: detection starts again.
    virtual void become(std::unique_ptr<ProtocolParser> parser, ByteView rest_sent,
                        ByteView rest_received) = 0;
    virtual const ConnectionInfo& connection() const = 0;
};

/// What the user set for all parsers; most of it are bounds that keep a hostile peer from filling memory.
struct ParserLimits {
    std::size_t max_body = 65'536;          ///< octets of each body that are kept (--max-body)
    std::size_t max_headers = 262'144;      ///< octets of one header section that are kept
    std::size_t max_pending = 1024;         ///< requests waiting for their response
    bool show_secrets = false;              ///< passwords in what is emitted (--show-secrets)
    BodyStore* bodies = nullptr;            ///< takes whole bodies (--save-bodies); may be null
    const MessageSchema* schema = nullptr;  ///< what messages mean (--proto); may be null
};

/// Understands one connection, both directions. Fed in capture order with any chunking; reads no clock, does
/// no I/O.
class ProtocolParser {
  public:
    ProtocolParser() = default;
    ProtocolParser(const ProtocolParser&) = delete;
    ProtocolParser& operator=(const ProtocolParser&) = delete;
    virtual ~ProtocolParser() = default;

    enum class Status : std::uint8_t {
        ok,
        rejected  ///< this is not the protocol after all: nothing was emitted and nothing will be
    };
    /// `bytes` are the next octets of a stream, in chunks that mean nothing; on UDP (the connection's
    /// endpoints.transport) each call is one datagram, or what was captured of it.
    virtual Status feed(Direction direction, ByteView bytes, Timestamp time) = 0;
    /// `bytes` octets are missing here; 0 when nobody knows how many. A direction whose beginning passed
    /// before the capture began (0) or was not understood (its size) starts with a gap.
    virtual void gap(Direction direction, std::uint64_t bytes, Timestamp time) = 0;
    /// One direction ended in order (close_notify, FIN): bodies delimited by close end here.
    virtual void end_of_stream(Direction direction, Timestamp time) = 0;
    /// The connection is over: emit what is unfinished.
    virtual void finish(Timestamp time) = 0;
};

/// How sure a protocol is about the first octets of a connection.
enum class Verdict : std::uint8_t { no, need_more, yes };

/// First octets of both directions, and what else is known.
struct Evidence {
    ByteView sent;
    ByteView received;
    const ConnectionInfo& connection;
    bool midstream = false;  ///< the octets may start in the middle of anything
};

/// One row of the table of protocols (protocols/registry.cpp).
struct Protocol {
    std::string_view name;  ///< "http/1", "h2" ...: prefix of Exchange::protocol
    Verdict (*detect)(const Evidence&);
    std::unique_ptr<ProtocolParser> (*create)(ParserHost&, const ParserLimits&);
};

/// All protocols, the most specific first.
std::span<const Protocol> protocols();

}  // namespace sslsniff
