#include "protocols/websocket/websocket_stream.h"

#include <utility>

#include "protocols/http/http_exchange.h"
#include "protocols/http/http_upgrade.h"
#include "protocols/websocket/extensions.h"
#include "protocols/websocket/frame_reader.h"

namespace sslsniff {
namespace {

using Side = HttpApplication::Side;
using websocket::FrameReader;

/// Both directions.
class Readers {
  public:
    Readers(ParserHost& host, MessageOrigin origin, std::size_t max_body, const HttpResponse& response)
        : compression_(websocket::read_extensions(
              response.headers.find("Sec-WebSocket-Extensions").value_or(ByteView()))),
          client_(host, origin, Side::request, max_body, takeover(&websocket::Compression::client)),
          server_(host, std::move(origin), Side::response, max_body,
                  takeover(&websocket::Compression::server)) {}

    FrameReader& of(Side side) { return side == Side::request ? client_ : server_; }
    std::size_t held() const { return client_.held() + server_.held(); }
    std::uint64_t shed() { return (client_.shed() ? 1U : 0U) + (server_.shed() ? 1U : 0U); }

  private:
    std::optional<bool> takeover(websocket::Compression::Side websocket::Compression::* side) const {
        return compression_ ? std::optional(((*compression_).*side).context_takeover) : std::nullopt;
    }

    std::optional<websocket::Compression> compression_;
    FrameReader client_;
    FrameReader server_;
};

class WebSocketStream final : public HttpApplication {
  public:
    explicit WebSocketStream(std::unique_ptr<Readers> readers) : readers_(std::move(readers)) {}

    void on_bytes(Side side, ByteView bytes, Timestamp time) override {
        readers_->of(side).feed(bytes, time);
    }
    void on_missing(Side side, std::uint64_t bytes) override { readers_->of(side).gap(bytes); }
    void on_end(Side side, const Body& /*body*/, Timestamp time) override { readers_->of(side).finish(time); }
    std::size_t held() const override { return sizeof(*this) + readers_->held(); }
    bool shed() override { return readers_->shed() != 0; }

  private:
    std::unique_ptr<Readers> readers_;
};

class WebSocketConnection final : public ProtocolParser {
  public:
    WebSocketConnection(ParserHost& host, std::unique_ptr<Readers> readers)
        : host_(host), readers_(std::move(readers)) {}

    Status feed(Direction direction, ByteView bytes, Timestamp time) override {
        of(direction).feed(bytes, time);
        return Status::ok;
    }
    void gap(Direction direction, std::uint64_t bytes, Timestamp /*time*/) override {
        of(direction).gap(bytes);
    }
    void end_of_stream(Direction /*direction*/, Timestamp /*time*/) override {}
    void finish(Timestamp time) override {
        readers_->of(Side::request).finish(time);
        readers_->of(Side::response).finish(time);
    }
    std::size_t held() const override { return sizeof(*this) + readers_->held(); }
    std::uint64_t give_up(std::size_t /*bytes*/) override { return readers_->shed(); }

  private:
    FrameReader& of(Direction direction) {
        const bool client = host_.connection().role != Role::server;
        return readers_->of(client == (direction == Direction::sent) ? Side::request : Side::response);
    }

    ParserHost& host_;
    std::unique_ptr<Readers> readers_;
};

}  // namespace

std::unique_ptr<HttpApplication> create_websocket_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                         ParserHost& host, const ParserLimits& limits) {
    if (!exchange.request || exchange.request->protocol != "websocket" || !exchange.response ||
        exchange.response->status / 100 != 2) {
        return nullptr;
    }
    return std::make_unique<WebSocketStream>(
        std::make_unique<Readers>(host, std::move(origin), limits.max_body, *exchange.response));
}

std::unique_ptr<ProtocolParser> create_websocket_upgraded(ParserHost& host, const ParserLimits& limits,
                                                          const HttpSwitch& turn) {
    MessageOrigin origin{.url = turn.request.url, .stream = 0};
    return std::make_unique<WebSocketConnection>(
        host, std::make_unique<Readers>(host, std::move(origin), limits.max_body, turn.response));
}

}  // namespace sslsniff
