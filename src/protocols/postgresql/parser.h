#pragma once

#include <memory>
#include <optional>

#include "protocols/framing/client_finder.h"
#include "protocols/framing/frame_reader.h"
#include "protocols/framing/resync.h"
#include "protocols/postgresql/matcher.h"
#include "protocols/postgresql/plausible.h"
#include "protocols/protocol.h"

namespace sslsniff::postgresql {

/// PostgreSQL and what speaks its protocol (CockroachDB, YugabyteDB, Redshift, PgBouncer).
class PostgresqlParser final : public ProtocolParser {
  public:
    PostgresqlParser(ParserHost& host, const ParserLimits& limits);
    /// Of the connection inside TLS that one side asked for.
    PostgresqlParser(ParserHost& host, const ParserLimits& limits, Direction client);

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
    };
    using Finder = framing::ClientFinder<Tiling>;

    void join_midstream();
    Status find_client(Direction direction, ByteView bytes, Timestamp time);
    Status feed_known(Direction direction, ByteView bytes, Timestamp time);
    Status feed_half(Side side, ByteView bytes, Timestamp time);
    bool on_encryption_answer(ByteView& bytes, Timestamp time);
    Status lose(Side side);
    framing::FrameReader::Result read(Side side, ByteView& bytes, Timestamp time);
    Side side_of(Direction direction) const { return direction == *client_ ? Side::client : Side::server; }
    Half& half(Side side) { return side == Side::client ? requests_ : answers_; }

    ParserHost& host_;
    ParserLimits limits_;
    Matcher matcher_;
    Half requests_;
    Half answers_;
    Finder finder_{plausible_beginning};
    std::optional<Direction> client_;
    bool midstream_ = false;
    bool startup_ = true;  ///< the client's next message is a startup packet
    bool opaque_ = false;  ///< GSSAPI encrypts what follows
    bool rejected_ = false;
};

}  // namespace sslsniff::postgresql
