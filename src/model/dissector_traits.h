#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/stream_context.h"

namespace sslsniff {

/// How Wireshark's default preferences find a protocol (3.4 to 4.6, measured): what files have to do so that
/// it dissects a connection without settings. As it is here, a protocol that Wireshark does not know.
struct DissectorTraits {
    /// A record that names a heuristic dissector, which has the connection from then on, whatever its ports
    /// are registered for.
    struct Hint {
        std::string_view heuristic;  ///< "http_tcp"
        ByteView payload;            ///< that it accepts
        bool to_server = true;
    };
    /// In plain TCP, on a port that nobody is registered for.
    enum class Elsewhere : std::uint8_t {
        found,   ///< by its first bytes
        hinted,  ///< with `hints`, or on another port
        lost,    ///< nothing helps
    };

    /// Application protocols (RFC 7301) that mean it; the first is what a handshake made up for it names.
    std::span<const std::string_view> alpns{};
    std::uint16_t port = 80;       ///< a server has mostly, and with TLS
    std::uint16_t tls_port = 443;  ///< the same
    /// TCP ports that its dissector is registered for, in plain TCP; ascending.
    std::span<const std::uint16_t> ports{};
    ByteView preface{};        ///< on these it is found if the connection begins so; empty: in any case
    bool found_in_tls = true;  ///< its dissector is found inside TLS, by ALPN or content
    Elsewhere elsewhere = Elsewhere::lost;
    std::span<const Hint> hints{};
    /// For a dissector that begins in the middle; null when it needs no help, see StreamContext. `client` is
    /// the direction of the requests; `from_start`: the first bytes are the first of the connection.
    std::unique_ptr<StreamContext> (*make_context)(Direction client, bool from_start) = nullptr;
};

/// How Wireshark finds the protocols that are understood, and what a connection speaks.
struct Dissectors {
    std::span<const DissectorTraits* const> all;
    /// Of a connection, as far as its first bytes tell; null when they do not.
    std::function<const DissectorTraits*(const ConnectionInfo&, ByteView sent, ByteView received)> guess;
};

}  // namespace sslsniff
