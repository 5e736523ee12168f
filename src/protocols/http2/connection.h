#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>

#include "protocols/http2/half_connection.h"
#include "protocols/http2/stream.h"
#include "protocols/pairing/per_channel.h"
#include "protocols/protocol.h"

namespace sslsniff::http2 {

/// Both halves of a connection and its streams.
class Connection final : public ProtocolParser, private HalfListener {
  public:
    Connection(ParserHost& host, const ParserLimits& limits);

    /// Stream 1 is the answer to this request.
    void open_upgraded(const HttpRequest& request, Timestamp start);

    Status feed(Direction direction, ByteView bytes, Timestamp time) override;
    void gap(Direction direction, std::uint64_t bytes, Timestamp time) override;
    void end_of_stream(Direction direction, Timestamp time) override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    using Streams = pairing::PerChannel<Stream>;
    using Side = Stream::Side;

    void on_preface(Direction direction) override;
    void on_headers(Direction direction, HeaderSection&& section, Timestamp time) override;
    void on_data(Direction direction, const DataPiece& piece, Timestamp time) override;
    void on_reset(Direction direction, std::uint32_t stream, std::optional<std::uint32_t> code,
                  Timestamp time) override;
    void on_goaway(Direction direction, std::uint32_t last_stream, std::uint32_t code,
                   Timestamp time) override;
    void on_context(const hpack::Block& block) override;
    void on_lost(Direction direction, Timestamp time) override;

    HalfConnection& half(Direction direction) { return direction == Direction::sent ? sent_ : received_; }
    std::optional<Side> side_of(Direction direction) const;
    void set_client(Direction direction);
    /// The stream a frame belongs to, opened when that is plausible; null for one that is over.
    Stream* find(std::uint32_t id, bool opens, Timestamp time);
    void settle(std::uint32_t id);
    Streams::iterator emit(Streams::iterator stream, std::string_view why);

    ParserHost& host_;
    ParserLimits limits_;
    HalfConnection sent_;
    HalfConnection received_;
    bool complete_ = true;             ///< every frame so far was seen
    std::optional<Direction> client_;  ///< direction of the requests
    Streams streams_;
    std::unordered_set<std::uint32_t> grpc_;  ///< joined streams that are known to carry gRPC
    std::string goaway_;                      ///< why the peer closes the connection
};

}  // namespace sslsniff::http2
