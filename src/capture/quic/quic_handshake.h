#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "capture/quic/crypto_stream.h"
#include "capture/quic/initial_packet.h"
#include "model/connection.h"
#include "tls/hello.h"

namespace sslsniff {

/// Reads the hellos of one QUIC connection out of its Initial packets (RFC 9001 section 5.2), from both ends.
class QuicHandshake {
  public:
    /// Packets per direction that are tried with the keys: a ClientHello takes one or two.
    static constexpr std::size_t kMostPackets = 32;

    /// What a datagram brought. Once `hello` was there for a direction, more of it is not read.
    struct News {
        bool is_quic = false;  ///< begins with a QUIC packet of a long header, whole and of a known version
        std::optional<TlsHello> hello;
        bool from_client = false;
    };
    News see(Direction direction, ByteView datagram);

    bool is_done() const { return ends_[0].done && ends_[1].done; }
    /// Who the client is, by what the packets could be opened with.
    std::optional<Direction> client() const { return client_; }

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
