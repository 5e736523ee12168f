#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "model/connection.h"
#include "tls/hello.h"

namespace sslsniff {

/// What the datagrams of one connection that nobody decodes show of its TLS: QUIC, DTLS.
class DatagramHandshake {
  public:
    DatagramHandshake() = default;
    DatagramHandshake(const DatagramHandshake&) = delete;
    DatagramHandshake& operator=(const DatagramHandshake&) = delete;
    virtual ~DatagramHandshake() = default;

    /// What a datagram brought.
    struct News {
        bool is_recognised = false;  ///< it is this protocol's; asked about the first one alone
        std::optional<TlsHello> hello;
    };
    virtual News see(Direction direction, ByteView datagram) = 0;

    /// Nothing more is to be learnt.
    virtual bool is_done() const = 0;
    /// Who the client is, once a hello told.
    virtual std::optional<Direction> client() const = 0;
    /// TlsInfo::not_decoded.
    virtual std::string_view name() const = 0;
    /// TlsInfo::version where the protocol has just one, else empty: the ServerHello tells.
    virtual std::string_view version() const = 0;
};

}  // namespace sslsniff
