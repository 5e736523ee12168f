#pragma once

#include <cstddef>

#include "capture/datagram_tls/datagram_handshake.h"

namespace sslsniff {

/// Reads the hellos of one DTLS connection (RFC 6347). DTLS 1.3 (RFC 9147) begins like the versions before;
/// joined after its handshake it is not recognised, because its records then have no version.
class DtlsHandshake final : public DatagramHandshake {
  public:
    /// Datagrams that are looked at: hellos may be sent again, the first with and without a cookie.
    static constexpr std::size_t kMostDatagrams = 32;

    News see(Direction direction, ByteView datagram) override;
    bool is_done() const override { return is_done_; }
    std::optional<Direction> client() const override { return client_; }
    std::string_view name() const override { return "DTLS"; }
    std::string_view version() const override { return {}; }

  private:
    std::optional<Direction> client_;
    std::size_t datagrams_ = 0;
    bool is_done_ = false;
};

}  // namespace sslsniff
