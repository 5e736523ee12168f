#pragma once

#include <memory>
#include <optional>

#include "protocols/framing/client_finder.h"
#include "protocols/framing/frame_reader.h"
#include "protocols/framing/resync.h"
#include "protocols/mysql/decompressor.h"
#include "protocols/mysql/matcher.h"
#include "protocols/mysql/plausible.h"
#include "protocols/protocol.h"

namespace sslsniff::mysql {

/// MySQL and MariaDB, and what speaks their protocol (TiDB, ProxySQL, MaxScale).
class MysqlParser final : public ProtocolParser {
  public:
    MysqlParser(ParserHost& host, const ParserLimits& limits);
    /// Of the connection inside TLS, after the greeting and SSLRequest in cleartext.
    MysqlParser(ParserHost& host, const ParserLimits& limits, Direction client, const Beginning& beginning);

    Status feed(Direction direction, ByteView bytes, Timestamp time) override;
    void gap(Direction direction, std::uint64_t bytes, Timestamp time) override;
    void end_of_stream(Direction direction, Timestamp time) override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    /// One direction.
    struct Half {
        Half(Side side, std::size_t max_body) : reader(max_body), resync(side) {}
        framing::FrameReader reader;
        framing::Resync<Tiling> resync;
        std::optional<Decompressor> decompressor;
    };
    using Finder = framing::ClientFinder<Tiling>;

    void join_midstream();
    Status find_client(Direction direction, ByteView bytes, Timestamp time);
    Status feed_known(Direction direction, ByteView bytes, Timestamp time);
    Status feed_plain(Side side, ByteView bytes, Timestamp time);
    Status feed_packets(Side side, ByteView& bytes, Timestamp time);
    void begin_compression();
    void begin_tls(ByteView rest);
    Status lose(Side side, std::string_view why);
    Side side_of(Direction direction) const { return direction == *client_ ? Side::client : Side::server; }
    Half& half(Side side) { return side == Side::client ? requests_ : answers_; }

    ParserHost& host_;
    Matcher matcher_;
    Half requests_;
    Half answers_;
    Finder finder_{plausible_beginning};
    std::optional<Direction> client_;
    bool midstream_ = false;
    bool over_ = false;  ///< TLS follows
    bool rejected_ = false;
};

}  // namespace sslsniff::mysql
