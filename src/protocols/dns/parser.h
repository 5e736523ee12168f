#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocols/dns/query_table.h"
#include "protocols/dns/tcp_framer.h"
#include "protocols/protocol.h"

namespace sslsniff::dns {

/// DNS over UDP (each feed() is one datagram), TCP and TLS.
class DnsParser : public ProtocolParser {
  public:
    DnsParser(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    Status feed(Direction direction, ByteView bytes, Timestamp time) override;
    void gap(Direction direction, std::uint64_t bytes, Timestamp time) override;
    void end_of_stream(Direction direction, Timestamp time) override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    bool is_udp() const { return host_.connection().endpoints.transport == Transport::udp; }
    /// A datagram that ends too early. What is missing may be known with the next event.
    struct Cut {
        Direction direction;
        Timestamp time;
        Bytes bytes;
    };
    bool on_message(Direction direction, const TcpFramer::Framed& framed, Timestamp time,
                    bool may_be_cut = false);
    bool settle_cut(std::uint64_t missing);
    void on_query(Message query, Timestamp time);
    void on_response(Message response, Timestamp time, std::uint64_t missing);
    void emit_alone(Message message, Timestamp time, std::string_view reason, std::uint64_t missing);
    void emit_unanswered(PendingQuery query, std::string_view reason);
    void emit(PendingQuery query, Timestamp time, std::string_view reason, std::uint64_t missing);
    void expire(Timestamp now);
    void find_role(Direction direction, bool response);
    TcpFramer& framer(Direction direction) { return framers_[static_cast<std::size_t>(direction)]; }

    ParserHost& host_;
    ParserLimits limits_;
    QueryTable queries_;
    std::array<TcpFramer, 2> framers_;
    std::optional<Cut> cut_;
    bool understood_ = false;  ///< a message was: the protocol is not in doubt any more
    bool rejected_ = false;
    bool role_known_ = false;
};

}  // namespace sslsniff::dns
