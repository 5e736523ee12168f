#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/body.h"
#include "model/exchange.h"
#include "model/field_spec.h"

namespace sslsniff {

/// Which stream a message belongs to.
struct MessageOrigin {
    std::string url;           ///< of the request that opened it, hostile
    std::uint32_t stream = 0;  ///< in HTTP/2; 0 otherwise
};

/// One message of a long-lived stream, shown as soon as it is complete: a WebSocket message, a server-sent
/// event, a gRPC message.
class StreamMessage final : public Exchange {
  public:
    enum class Side : std::uint8_t { request, response };  ///< from the client, from the server
    struct Attribute {
        std::string name;
        std::string value;
        bool in_summary = true;
    };

    /// `protocol`: "websocket", "sse", "grpc" or "connect".
    StreamMessage(std::string protocol, MessageOrigin origin, Side side, std::uint64_t number)
        : side_(side), number_(number), protocol_(std::move(protocol)), origin_(std::move(origin)) {}

    std::string_view protocol() const override { return protocol_; }
    Summary summary() const override;
    Facts facts() const override;
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override;

    std::string type;                   ///< "text", "ping"; a server-sent event's name; "message" in gRPC
    Body body;                          ///< content without framing and masking
    std::vector<Attribute> attributes;  ///< what else there is to say, e.g. a close code

  private:
    Side side_;
    std::uint64_t number_;  ///< of this side of the stream, from 1
    std::string protocol_;
    MessageOrigin origin_;
};

/// What they have for --where, whatever their protocol.
std::span<const FieldSpec> message_fields();

}  // namespace sslsniff
