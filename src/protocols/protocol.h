#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/dissector_traits.h"
#include "model/field_spec.h"
#include "model/transaction.h"

namespace sslsniff {

class MessageSchema;
class ProtocolParser;

class ParserHost;
struct ParserLimits;

/// The call of the traced process by which bytes passed, as far as the capture knows: large ones pass in
/// parts.
struct Call {
    std::uint32_t tid = 0;  ///< of the thread; 0: not known
    bool begins = true;     ///< the bytes are the first of what the call moved
    bool waits = false;     ///< DataEvent::waits
};

/// What a parser knows when its connection turns into TLS: carried over to the parser of what is inside
/// (MySQL's greeting, PostgreSQL's startup). Shared by both connections.
class ParserSession {
  public:
    ParserSession() = default;
    ParserSession(const ParserSession&) = delete;
    ParserSession& operator=(const ParserSession&) = delete;
    virtual ~ParserSession() = default;
    /// The parser of the connection inside, from its first byte on: never null.
    virtual std::unique_ptr<ProtocolParser> resume(ParserHost& host, const ParserLimits& limits) const = 0;
    /// Bytes of memory that it needs, itself included.
    virtual std::size_t held() const = 0;
};

/// What a parser may tell the connection it belongs to.
class ParserHost {
  public:
    virtual ~ParserHost() = default;
    /// A finished (or given up) exchange.
    virtual void emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) = 0;
    /// The traffic shows which end the process is; may be called again with the same answer.
    virtual void set_role(Role role) = 0;
    /// The peers named an end behind the one that they are connected to.
    virtual void set_tunnel(Tunnel tunnel) = 0;
    /// From here on both directions speak another protocol (Upgrade, CONNECT): `parser` takes over once the
    /// current call into this parser returned; bytes not yet consumed must be handed to it by the caller
    /// through `rest`. A null parser means unknown: detection starts again.
    virtual void become(std::unique_ptr<ProtocolParser> parser, ByteView rest_sent,
                        ByteView rest_received) = 0;
    /// From here on both directions carry TLS (STARTTLS, an SSLRequest that was granted), or may (CONNECT):
    /// then `session` is null. The TLS connection on the same socket is parsed by what `session` makes; with
    /// null, its protocol is found out. Bytes not yet consumed are handed over through `rest`, as with
    /// become(): what is TLS for certain is not looked at any more, else detection starts again.
    virtual void begin_tls(std::shared_ptr<const ParserSession> session, ByteView rest_sent,
                           ByteView rest_received) = 0;
    /// A request has come of which more is known later, when its exchange is emitted:
    /// Exchange::set_request_number of it with the result. `time`: when enough of it had come to act on it.
    virtual std::uint64_t begin_request(Timestamp /*time*/, const TraceIds& /*ids*/) { return 0; }
    /// The answer to that request is over, though the request goes on.
    virtual void end_answer(std::uint64_t /*request_number*/) {}
    /// By which call the bytes passed that are fed.
    virtual Call call() const { return {}; }
    virtual const ConnectionInfo& connection() const = 0;
    /// The first bytes of what one direction said before the parser began, when the connection's beginning
    /// was seen and nobody understood it; else empty.
    virtual ByteView not_understood(Direction /*direction*/) const { return {}; }
};

/// What the user set for all parsers; most of it are bounds that keep a hostile peer from filling memory.
struct ParserLimits {
    std::size_t max_body = 65'536;      ///< bytes of each body that are kept (--max-body)
    std::size_t max_headers = 262'144;  ///< bytes of one header section that are kept
    std::size_t max_pending = 1024;     ///< requests waiting for their response
    bool assume_grpc = false;           ///< streams of which nobody knows what they carry are gRPC
    bool show_secrets = false;          ///< passwords in what is emitted (--show-secrets)
    /// Somebody reads the fields and details of what is emitted. Without, parsers may leave out what only
    /// those tell: Exchange::summary() and facts() must be the same.
    bool fields = true;
    BodyStore* bodies = nullptr;            ///< takes whole bodies (--save-bodies); may be null
    const MessageSchema* schema = nullptr;  ///< what messages mean (--proto); may be null
};

/// Integrity::reason of exchanges that lost something to the bound of all that is held.
inline constexpr std::string_view kNoLongerKept = "no longer kept: too much was held (--max-memory)";

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
        /// What came is not the protocol; the parser looks for its next message. A claim that is only likely
        /// is withdrawn then, and one that is sure when it goes on like that.
        strange,
        rejected  ///< this is not the protocol after all: nothing was emitted and nothing will be
    };
    /// `bytes` are the next bytes of a stream, in chunks that mean nothing; on UDP (the connection's
    /// endpoints.transport) each call is one datagram, or what was captured of it.
    virtual Status feed(Direction direction, ByteView bytes, Timestamp time) = 0;
    /// `bytes` bytes are missing here; 0 when nobody knows how many. A direction whose beginning passed
    /// before the capture began (0) or was not understood (its size) starts with a gap.
    virtual void gap(Direction direction, std::uint64_t bytes, Timestamp time) = 0;
    /// One direction ended in order (close_notify, FIN): bodies delimited by close end here.
    virtual void end_of_stream(Direction direction, Timestamp time) = 0;
    /// The connection is over: emit what is unfinished.
    virtual void finish(Timestamp time) = 0;

    /// When wake() is wanted, by the time of events: what waits too long needs no clock then. Asked after
    /// each event of the connection; nothing: never.
    virtual std::optional<Timestamp> wakes_at() const { return std::nullopt; }
    /// An event of any connection has come at or after that time; `now` is the event's.
    virtual void wake(Timestamp /*now*/) {}

    /// Bytes of memory that the parser needs by now, itself included. Asked after each event: may cost a few
    /// additions, not a loop.
    virtual std::size_t held() const = 0;
    /// All connections together hold too much: gives up what can be spared, the oldest first, until `bytes`
    /// less are held or nothing is left. Exchanges that lose something by it are incomplete (kNoLongerKept).
    /// Returns how many they are.
    virtual std::uint64_t give_up(std::size_t bytes) = 0;
};

/// How sure a protocol is about bytes that nobody understood yet. `likely`: more than chance, less than
/// proof: what its parser makes of them is shown only when two exchanges agree.
enum class Verdict : std::uint8_t { no, need_more, likely, yes };

/// Bytes of both directions that nobody understood yet, and what else is known. A message is what one
/// direction says until the other one speaks, as far as a capture can tell.
struct Evidence {
    enum class Start : std::uint8_t {
        beginning,  ///< of the connection
        message,    ///< of a message of an unknown protocol: earlier ones were refused
        anywhere,   ///< in the middle of anything: the capture joined here, or bytes were lost
    };
    struct Side {
        ByteView bytes;
        std::size_t message = 0;  ///< where its latest message begins in `bytes`
    };
    const ConnectionInfo& connection;
    Start start = Start::beginning;
    std::array<Side, 2> sides{};  ///< by Direction

    const Side& side(Direction direction) const { return sides[static_cast<std::size_t>(direction)]; }
};

/// One protocol's search in the evidence of one connection. Remembers how far it searched.
class Detector {
  public:
    Detector() = default;
    Detector(const Detector&) = delete;
    Detector& operator=(const Detector&) = delete;
    virtual ~Detector() = default;

    /// Asked after each event, with more bytes behind those of the last time, for which only what is new may
    /// cost time. `no` for now: a later message may change it, unless the evidence is the connection's
    /// beginning. `need_more` costs memory: everything is kept while one protocol says so.
    virtual Verdict look(const Evidence& evidence) = 0;
    /// After a claim: how many of a direction's first bytes belong to something else, messages before the one
    /// that told. The parser does not get them.
    virtual std::size_t foreign(Direction /*direction*/) const { return 0; }
    /// Bytes of memory that it needs by now, itself included.
    virtual std::size_t held() const = 0;
};

/// One row of the table of protocols (protocols/registry.cpp): all that the rest of the program gets to know
/// of a protocol besides its exchanges.
struct Protocol {
    std::string_view name;  ///< "http/1", "h2" ...: prefix of Exchange::protocol, and for --decode-as
    std::unique_ptr<Detector> (*detect)();
    /// Whether it is worthwhile to search a message of an unknown connection that begins so. Asked for each
    /// message of bulk traffic: a few instructions mostly, and true for few messages of other protocols. What
    /// is too short to tell may begin it.
    bool (*may_begin)(ByteView message, const ConnectionInfo& connection);
    std::unique_ptr<ProtocolParser> (*create)(ParserHost&, const ParserLimits&);
    /// What its exchanges have for --where; null when they have nothing of their own.
    std::span<const FieldSpec> (*fields)() = nullptr;
    /// How files make Wireshark dissect it; null when it knows no such protocol.
    const DissectorTraits& (*dissector)() = nullptr;
};

/// All protocols, the most specific first.
std::span<const Protocol> protocols();
/// By its name; null when there is none.
const Protocol* find_protocol(std::string_view name);
/// The fields of all of them, and of what HTTP carries.
std::vector<std::span<const FieldSpec>> protocol_fields();
/// How Wireshark finds each of them.
std::vector<const DissectorTraits*> protocol_dissectors();

}  // namespace sslsniff
