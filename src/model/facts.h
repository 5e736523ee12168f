#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sslsniff {

/// How an exchange went, for the client.
enum class Outcome : std::uint8_t {
    ok,            ///< also of what needs no answer: a message, a replicated command
    redirected,    ///< to be asked again elsewhere: HTTP 3xx, Redis MOVED and ASK
    client_error,  ///< the server blames the request: HTTP 4xx, NXDOMAIN, WRONGTYPE
    server_error,  ///< the server, or what is behind it, could not
    failed,        ///< it was cut off: a stream was reset
    unanswered,    ///< no answer was seen
    unknown,       ///< there was an answer of which nobody knows what it said
};
std::string_view to_string(Outcome outcome);

/// What statistics, exports and colours need to know of an exchange, whatever its protocol; its times are in
/// Timing. In quotes the attributes of OpenTelemetry's semantic conventions (1.44) that say the same. Texts
/// come from the peers: hostile, and as long as the protocol's bounds let them be.
struct Facts {
    /// What was asked: "http.request.method", "db.operation.name" (Redis' command in capitals), "rpc.method"
    /// (gRPC: "package.Service/Method"), the type of a DNS query, the type of a message. Empty: not seen.
    std::string operation;
    /// What it was asked of: "url.full", "dns.question.name", Redis' first key. Empty: nothing, or not seen.
    std::string target;
    Outcome outcome = Outcome::ok;
    /// "error.type": "404", "WRONGTYPE", "NXDOMAIN", "CANCEL". Empty unless the outcome is one of the errors
    /// or failed.
    std::string error_type;
    std::uint64_t request_bytes = 0;   ///< payload towards the server ("http.request.body.size"), as passed
    std::uint64_t response_bytes = 0;  ///< payload towards the client
};

}  // namespace sslsniff
