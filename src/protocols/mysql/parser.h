#pragma once

#include <array>
#include <optional>

#include "protocols/dialogue/dialogue_parser.h"
#include "protocols/mysql/decompressor.h"
#include "protocols/mysql/matcher.h"
#include "protocols/mysql/plausible.h"

namespace sslsniff::mysql {

/// MySQL and MariaDB, and what speaks their protocol (TiDB, ProxySQL, MaxScale).
class MysqlParser final : public dialogue::DialogueParser<Tiling, Matcher> {
  public:
    MysqlParser(ParserHost& host, const ParserLimits& limits);
    /// Of the connection inside TLS, after the greeting and SSLRequest in cleartext.
    MysqlParser(ParserHost& host, const ParserLimits& limits, Direction client, const Beginning& beginning);

    std::size_t held() const override;

  private:
    Status feed_side(Side side, ByteView bytes, Timestamp time) override;
    Status feed_messages(Side side, ByteView bytes, Timestamp time) override;
    bool skip(Side side, std::uint64_t bytes) override;
    void on_place_lost(Side side) override;

    void on_server(const Packet& packet);
    std::optional<Decompressor>& decompressor(Side side) {
        return decompressors_[static_cast<std::size_t>(side)];
    }

    std::array<std::optional<Decompressor>, 2> decompressors_;  ///< by Side, once both ends compress
};

}  // namespace sslsniff::mysql
