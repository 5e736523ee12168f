#pragma once

#include "protocols/dialogue/dialogue_parser.h"
#include "protocols/postgresql/matcher.h"
#include "protocols/postgresql/plausible.h"

namespace sslsniff::postgresql {

/// PostgreSQL and what speaks its protocol (CockroachDB, YugabyteDB, Redshift, PgBouncer).
class PostgresqlParser final : public dialogue::DialogueParser<Tiling, Matcher> {
  public:
    PostgresqlParser(ParserHost& host, const ParserLimits& limits);
    /// Of the connection inside TLS that one side asked for.
    PostgresqlParser(ParserHost& host, const ParserLimits& limits, Direction client);

    std::size_t held() const override;

  private:
    Status feed_messages(Side side, ByteView bytes, Timestamp time) override;
    void on_place_lost(Side side) override;
    void on_joined() override { startup_ = false; }

    dialogue::FrameReader::Result read(Side side, ByteView& bytes, Timestamp time);
    bool on_encryption_answer(ByteView& bytes, Timestamp time);

    bool startup_;  ///< the client's next message is a startup packet
};

}  // namespace sslsniff::postgresql
