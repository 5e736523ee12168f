#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "model/stream_context.h"
#include "protocols/http2/half_connection.h"
#include "protocols/http2/open_streams.h"

namespace sslsniff::http2 {

/// Lets a dissector begin in the middle of an HTTP/2 connection. It gets a connection preface and SETTINGS,
/// then in each direction a HEADERS frame on stream 0, where no peer sends one, that fills the dynamic table,
/// what opens the streams again that are open, and the beginning of the frame that is under way. Bytes among
/// which no frame boundary is known are put into frames of a type nobody uses, so that the dissector does not
/// take lengths from them.
class DissectorContext final : public StreamContext, private HalfListener {
  public:
    /// `assume_grpc`: streams whose beginning nobody saw carry gRPC.
    DissectorContext(Direction client, bool from_start, bool assume_grpc = false);

    Beginning begin() override;
    std::vector<Piece> opening(ByteView bytes) override;
    Bytes before(Direction direction, ByteView bytes) override;
    bool skip(Direction direction, std::uint64_t bytes) override;
    std::size_t held() const override;

  private:
    struct Half {
        HalfConnection frames;
        bool detached = false;  ///< the dissector has seen less than `frames`
        bool reopens = false;   ///< it does not know the streams
    };

    void on_preface(Direction /*direction*/) override {}
    void on_headers(Direction direction, HeaderSection&& section, Timestamp /*time*/) override {
        streams_.on_headers(direction, section);
    }
    void on_data(Direction direction, const DataPiece& piece, Timestamp /*time*/) override {
        streams_.on_data(direction, piece);
    }
    void on_reset(Direction /*direction*/, std::uint32_t stream, std::optional<std::uint32_t> /*code*/,
                  Timestamp /*time*/) override {
        streams_.on_reset(stream);
    }
    void on_goaway(Direction /*direction*/, std::uint32_t /*last_stream*/, std::uint32_t /*code*/,
                   Timestamp /*time*/) override {}
    void on_lost(Direction direction, Timestamp /*time*/) override { streams_.on_lost(direction); }

    /// A frame may stand between what was written and what is.
    bool is_at_boundary(Direction direction) const;

    Half& half(Direction direction) { return halves_[static_cast<std::size_t>(direction)]; }
    const Half& half(Direction direction) const { return halves_[static_cast<std::size_t>(direction)]; }

    Direction client_;
    OpenStreams streams_;
    bool assume_grpc_;
    bool has_passed_;  ///< there may be something before what is written next
    std::array<Half, 2> halves_;
};

}  // namespace sslsniff::http2
