#pragma once

#include <memory>
#include <optional>

#include "protocols/protocol.h"
#include "protocols/redis/matcher.h"
#include "protocols/redis/role_finder.h"
#include "protocols/redis/snapshot_reader.h"
#include "protocols/redis/stream_half.h"

namespace sslsniff::redis {

/// Redis and its kin (Valkey, KeyDB, Dragonfly): RESP2, RESP3, inline commands, replication.
class RedisParser : public ProtocolParser {
  public:
    RedisParser(ParserHost& host, const ParserLimits& limits);

    Status feed(Direction direction, ByteView bytes, Timestamp time) override;
    void gap(Direction direction, std::uint64_t bytes, Timestamp time) override;
    void end_of_stream(Direction direction, Timestamp time) override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    void join_midstream();
    Status feed_requests(ByteView bytes, Timestamp time);
    Status feed_replies(ByteView bytes, Timestamp time);
    // Each takes bytes from the front of `bytes`; false when they make no sense.
    bool feed_reply_values(ByteView& bytes, Timestamp time);
    bool feed_snapshot(ByteView& bytes, Timestamp time);
    bool feed_commands(ByteView& bytes, Timestamp time);
    void end_snapshot(Timestamp time, std::string_view reason);
    void lose_server_stream(std::string_view reason, Timestamp time);
    /// True when nothing was emitted yet, so that all of it may still be taken back.
    bool reject();

    ParserHost& host_;
    Matcher matcher_;
    StreamHalf requests_;
    StreamHalf replies_;
    StreamHalf commands_;  ///< what a master sends to its replica
    SnapshotReader snapshot_;
    std::optional<Timestamp> snapshot_start_;
    RoleFinder role_;
    bool midstream_ = false;
    bool rejected_ = false;
};

}  // namespace sslsniff::redis
