#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/event.h"
#include "model/time.h"

namespace sslsniff {

/// What a captured TCP connection turned out to be.
enum class WireLayer : std::uint8_t {
    undecided,
    clear,        ///< no TLS at its beginning
    encrypted,    ///< TLS: bytes are ciphertext
    null_cipher,  ///< TLS that only authenticates: bytes are the plaintext inside
};

/// Receives what a connection carries, once it is known what that is.
class LayerReceiver {
  public:
    virtual ~LayerReceiver() = default;
    /// First call: how the bytes that follow are to be understood, and what the hellos said. Called again,
    /// at `time`, when that changes: TLS begins behind cleartext (STARTTLS, CONNECT ...), or ends.
    virtual void on_layer(WireLayer layer, const TlsInfo& tls, Timestamp time) = 0;
    virtual void on_bytes(Direction direction, ByteView bytes, Timestamp time) = 0;
    virtual void on_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time) = 0;
};

/// Looks at the beginning of a TCP connection for TLS, holding bytes back, bounded, until both hellos
/// passed; unwraps records of the NULL cipher suites (RFC 5246 appendix A.5, RFC 4785, RFC 4492). Behind
/// cleartext, TLS begins where a segment begins with a ClientHello and its peer answers with a record; it
/// ends where text follows a record.
class TlsLayer {
  public:
    void on_bytes(Direction direction, ByteView bytes, Timestamp time, LayerReceiver& receiver);
    void on_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time,
                    LayerReceiver& receiver);
    /// Decides with what there is, if anything.
    void finish(LayerReceiver& receiver);

    WireLayer layer() const { return layer_; }
    std::size_t held_bytes() const { return held_bytes_; }

  private:
    struct Held {
        Direction direction = Direction::sent;
        Timestamp time;
        Bytes bytes;
        std::uint64_t missing = 0;
        LossCause cause = LossCause::unknown;
        bool is_gap = false;
    };
    /// Records of one direction.
    struct Records {
        Bytes partial;        ///< a record not whole yet
        bool aligned = true;  ///< the next byte begins a record
    };
    /// Where records end, of one direction.
    struct Framing {
        bool known = true;     ///< since the first record nothing was lost
        Bytes header;          ///< not whole yet
        std::size_t rest = 0;  ///< bytes until the record ends
    };

    void hold(Direction direction, ByteView bytes, Timestamp time);
    void look(LayerReceiver& receiver);
    void decide(WireLayer layer, LayerReceiver& receiver);
    void look_behind_cleartext(LayerReceiver& receiver);
    void look_for_server_hello(LayerReceiver& receiver);
    void pass_held(LayerReceiver& receiver);
    void stay_clear(LayerReceiver& receiver);
    std::size_t bytes_of_tls(Direction direction, ByteView bytes);
    void pass(Direction direction, ByteView bytes, Timestamp time, LayerReceiver& receiver);
    void pass_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time,
                      LayerReceiver& receiver);
    void unwrap(Direction direction, ByteView bytes, Timestamp time, LayerReceiver& receiver);
    void record(Direction direction, ByteView whole, Timestamp time, LayerReceiver& receiver);

    WireLayer layer_ = WireLayer::undecided;
    std::optional<Direction> client_;  ///< behind cleartext: who sent what may be a ClientHello
    Timestamp opened_;                 ///< when the present layer began
    TlsInfo tls_;
    std::size_t mac_size_ = 0;
    std::array<Bytes, 2> first_;  ///< bytes of each direction while undecided
    std::vector<Held> held_;
    std::size_t held_bytes_ = 0;
    std::array<Records, 2> records_;
    std::array<Framing, 2> framings_;
};

}  // namespace sslsniff
