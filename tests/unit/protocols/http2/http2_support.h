#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/http2/http2_exchange.h"
#include "protocols/protocol.h"

namespace sslsniff::http2 {

/// Takes what a parser tells its connection.
class RecordingHost final : public ParserHost {
  public:
    struct Recorded {
        Timing timing;
        Integrity integrity;
        std::unique_ptr<Exchange> exchange;
        const Http2Exchange& stream() const { return dynamic_cast<const Http2Exchange&>(*exchange); }
    };

    RecordingHost() { info_.process = std::make_shared<ProcessInfo>(); }
    void emit(Timing timing, Integrity integrity, std::unique_ptr<Exchange> exchange) override {
        recorded.push_back({timing, std::move(integrity), std::move(exchange)});
    }
    void set_role(Role role) override { info_.role = role; }
    void set_tunnel(Tunnel tunnel) override {
        info_.tunnel = std::make_shared<const Tunnel>(std::move(tunnel));
    }
    void become(std::unique_ptr<ProtocolParser>, ByteView, ByteView) override {}
    void begin_tls(std::shared_ptr<const ParserSession>, ByteView, ByteView) override {}
    const ConnectionInfo& connection() const override { return info_; }
    ConnectionInfo& info() { return info_; }

    /// One line for each exchange, see describe().
    std::string text() const;

    std::vector<Recorded> recorded;

  private:
    ConnectionInfo info_;
};

/// "1 GET https://host/path -> 200 up 0 down 5 [reason]", with bodies and trailers.
std::string describe(const RecordingHost::Recorded& recorded);

struct Chunk {
    Direction direction;
    std::string bytes;
};
using Traffic = std::vector<Chunk>;  ///< in capture order

std::string frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload);

/// What nghttp2's client and server say to each other; seen from the client.
struct Conversation {
    struct Call {
        std::string method;
        std::string path;
        std::string request_body;
        unsigned status = 0;
        std::string response_body;
        bool trailers = false;
    };
    std::vector<Call> calls;
    Traffic traffic;
};
Conversation converse(unsigned seed, std::size_t calls);

/// Tells the parser that the connection began earlier.
void join(ProtocolParser& parser);

/// Feeds all of `traffic` and finishes.
void run(RecordingHost& host, ProtocolParser& parser, const Traffic& traffic);
/// The same with every chunk cut into pieces of at most `size` bytes.
Traffic cut(const Traffic& traffic, std::size_t size);

}  // namespace sslsniff::http2
