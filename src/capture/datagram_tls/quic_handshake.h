#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "capture/datagram_tls/crypto_stream.h"
#include "capture/datagram_tls/datagram_handshake.h"
#include "capture/datagram_tls/initial_packet.h"
#include "model/connection.h"

namespace sslsniff {

/// Reads the hellos of one QUIC connection out of its Initial packets (RFC 9001 section 5.2), from both ends.
class QuicHandshake final : public DatagramHandshake {
  public:
    /// Packets per direction that are tried with the keys: a ClientHello takes one or two.
    static constexpr std::size_t kMostPackets = 32;

    /// Recognised: begins with a QUIC packet of a long header, whole and of a known version. Once a hello was
    /// there for a direction, more of it is not read.
    News see(Direction direction, ByteView datagram) override;

    bool is_done() const override { return ends_[0].done && ends_[1].done; }
    /// Who the client is, by what the packets could be opened with.
    std::optional<Direction> client() const override { return client_; }
    std::string_view name() const override { return "QUIC"; }
    std::string_view version() const override { return "TLSv1.3"; }  ///< RFC 9001 section 4.2: no other

  private:
    struct End {
        QuicCryptoStream stream;
        std::size_t packets = 0;
        bool done = false;
    };
    std::optional<Bytes> open(Direction direction, const QuicLongHeader& header);

    std::array<End, 2> ends_;  // by direction
    std::optional<Direction> client_;
    std::uint32_t version_ = 0;
    std::string client_destination_;  ///< of the client's first packet
};

}  // namespace sslsniff
