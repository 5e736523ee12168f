#include "base/endian.h"
#include "messages.h"
#include "support/event_script.h"

namespace sslsniff::test {
namespace {

std::string h2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    std::string out;
    append_be(out, static_cast<std::uint8_t>(payload.size() >> 16));
    append_be(out, static_cast<std::uint16_t>(payload.size()));
    append_be(out, type);
    append_be(out, flags);
    append_be(out, stream);
    return out.append(payload);
}

constexpr std::string_view kH2Request =
    "\x82\x87\x84\x41\x0b"
    "example.com";  // GET https / example.com
/// Inserts what the later one refers to.
constexpr std::string_view kFirst =
    "\x82\x87\x84\x41\x0b"
    "example.com\x40\x07x-token\x06secret";
constexpr std::string_view kLater = "\x82\x87\x84\xbf\xbe";
constexpr std::string_view kFirstAnswer = "\x88\x40\x06server\x05nginx";
constexpr std::string_view kLaterAnswer = "\x88\xbe";
constexpr std::string_view kH2Answer = "\x88";  // 200

void h2_exchange(EventScript& script, bool preface, std::uint32_t stream) {
    if (preface) {
        script.sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, ""))
            .received(h2_frame(4, 0, 0, ""));
    }
    script.sent(h2_frame(1, 5, stream, kH2Request));
    script.received(h2_frame(1, 4, stream, kH2Answer)).received(h2_frame(0, 1, stream, "hello h2"));
}

}  // namespace

void http2(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("curl").open().endpoints(Role::client, kClient, kServer).tls(tls("h2"));
    h2_exchange(script, true, 1);
    h2_exchange(script, false, 3);
    script.close();
    EventScript joined(sink, {100, 1, 0xA0, 2});
    joined.open(Carrier::tls, true).endpoints(Role::client, "10.0.0.5:51235", kServer).tls(tls("h2"));
    h2_exchange(joined, false, 5);
    joined.close();
}

/// Every file ends somewhere in an exchange; fields refer to the table that the first one filled.
void http2_rotated(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("curl").open().endpoints(Role::client, kClient, kServer).tls(tls("h2"));
    script.sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, "")).received(h2_frame(4, 0, 0, ""));
    for (std::uint32_t i = 0; i < 6; ++i) {
        const std::uint32_t stream = 1 + 2 * i;
        const std::string fields = h2_frame(1, 5, stream, i == 0 ? kFirst : kLater);
        script.sent(fields.substr(0, 11)).sent(fields.substr(11));
        script.received(h2_frame(1, 4, stream, i == 0 ? kFirstAnswer : kLaterAnswer));
        const std::string data = h2_frame(0, 1, stream, text(3000));
        for (std::size_t at = 0; at < data.size(); at += 500) {
            script.received(data.substr(at, 500));
        }
    }
    script.close();
}

/// Bytes lost inside a frame, and over the ends of frames.
void http2_gaps(EventConsumer& sink) {
    EventScript script(sink, {100, 1, 0xA0, 1});
    script.process("curl").open().endpoints(Role::client, kClient, kServer).tls(tls("h2"));
    script.sent("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, "")).received(h2_frame(4, 0, 0, ""));
    const std::string body = h2_frame(0, 1, 1, text(9000));
    script.sent(h2_frame(1, 5, 1, kFirst)).received(h2_frame(1, 4, 1, kFirstAnswer) + body.substr(0, 3000));
    script.gap(Direction::received, 4000).received(body.substr(7000));
    script.sent(h2_frame(1, 5, 3, kLater)).received(h2_frame(1, 4, 3, kLaterAnswer) + body.substr(0, 3000));
    script.gap(Direction::received, 20'000).received(text(500)).received(text(700));
    script.sent(h2_frame(1, 5, 5, kLater)).received(h2_frame(1, 4, 5, kH2Answer) + h2_frame(0, 1, 5, "x"));
    // What the server's later blocks refer to passed unseen.
    script.sent(h2_frame(1, 5, 7, kLater)).received(h2_frame(1, 5, 7, kLaterAnswer));
    script.close();
}

}  // namespace sslsniff::test
