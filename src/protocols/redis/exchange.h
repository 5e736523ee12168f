#pragma once

#include <string>

#include "model/exchange.h"
#include "protocols/redis/resp.h"

namespace sslsniff::redis {

enum class ExchangeKind : std::uint8_t {
    command,    ///< a request, its reply, or both
    push,       ///< the server speaks unasked: pub/sub message, invalidation
    monitor,    ///< one line of MONITOR
    snapshot,   ///< replication: the data set that follows FULLRESYNC
    replicated  ///< replication: one command of the stream from master to replica
};
std::string_view to_string(ExchangeKind kind);

/// What a replication snapshot was.
struct Snapshot {
    std::uint64_t size = 0;     ///< bytes of RDB
    std::uint64_t missing = 0;  ///< of these, not captured
    bool finished = false;
    bool diskless = false;  ///< delimited by an end mark instead of a length
};

struct RedisExchange : Exchange {
    ExchangeKind kind = ExchangeKind::command;
    RespValue request;   ///< array of words; empty when only the reply was seen
    RespValue response;  ///< empty when there was none
    bool secrets_hidden = false;
    bool reply_expected = true;  ///< false after CLIENT REPLY OFF, and for REPLCONF ACK
    Snapshot snapshot;

    std::string_view protocol() const override { return "redis"; }
    Summary summary() const override;
    Facts facts() const override;
    bool escapes_backslashes() const override { return true; }
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override;
};

}  // namespace sslsniff::redis
