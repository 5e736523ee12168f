#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocols/protocol.h"

namespace sslsniff {

/// What a client says before its own protocol begins, for a proxy or from one: SOCKS 4, 4A and 5 (RFC 1928,
/// RFC 1929), HAProxy's PROXY protocol, versions 1 and 2. It is taken off, both directions, and what follows
/// is searched as if the connection began there. The ends that it names become the connection's Tunnel; no
/// exchange is emitted.
namespace preamble {

/// How long a piece at the start of `bytes` is; `need_more` when that cannot be told yet, `no` when it is
/// none.
struct Length {
    Verdict verdict = Verdict::need_more;
    std::size_t size = 0;  ///< bytes, with Verdict::yes
};

/// "PROXY TCP4 ..." with its line's end (version 1), or the binary header of version 2.
Length proxy_header(ByteView bytes);
/// Whom the proxy speaks for, and where the client had connected to. Without a client when the header does
/// not say, or names no IP addresses.
Tunnel proxy_addresses(ByteView header);
/// What a SOCKS client says first: methods (5), or the whole request (4).
Length socks_greeting(ByteView bytes);
/// "HOST:PORT" of a whole request of version 4 or 5.
std::string socks_target(ByteView request);
Length socks5_authentication(ByteView bytes);
/// Request and reply have the same form.
Length socks5_request(ByteView bytes);

}  // namespace preamble

// The row of the table of protocols (protocols/registry.cpp).
std::unique_ptr<Detector> detect_preamble();
bool may_begin_preamble(ByteView message, const ConnectionInfo& connection);
std::unique_ptr<ProtocolParser> create_preamble(ParserHost& host, const ParserLimits& limits);

}  // namespace sslsniff
