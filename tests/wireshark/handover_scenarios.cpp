// Connections that turn from cleartext into TLS.
#include <utility>

#include "messages.h"
#include "support/event_script.h"

namespace sslsniff::test {
namespace {

constexpr std::string_view kPeer = "10.0.0.5:51234";

/// The cleartext and the TLS of one socket.
struct Parts {
    Parts(EventConsumer& sink, std::uint64_t cookie, std::string_view server, Role role = Role::client)
        : clear(sink, {100, 1, 0xC0, 2 * cookie}, begin(cookie)),
          tls(sink, {100, 1, 0xA0, 2 * cookie + 1}, begin(cookie) + std::chrono::milliseconds(100)),
          cookie_(cookie),
          server_(server),
          role_(role) {
        clear.process("program").open(Carrier::cleartext);
        locate(clear);
    }
    EventScript& begin_tls(const TlsInfo& info) {
        clear.close(CloseReason::tls_began);
        tls.open();
        locate(tls);
        return tls.tls(info);
    }
    void locate(EventScript& script) const {
        const bool is_client = role_ == Role::client;
        script.endpoints(role_, is_client ? kPeer : server_, is_client ? server_ : kPeer, Transport::tcp,
                         cookie_, 9);
    }
    static Timestamp begin(std::uint64_t cookie) {
        return EventScript::kStart + std::chrono::seconds(cookie);
    }

    EventScript clear;
    EventScript tls;

  private:
    std::uint64_t cookie_;
    std::string_view server_;
    Role role_;
};

template <std::size_t size>
std::string bytes(const char (&text)[size]) {
    return {text, size - 1};
}

std::string mysql_packet(int number, const std::string& payload) {
    std::string packet{static_cast<char>(payload.size()), 0, 0, static_cast<char>(number)};
    return packet + payload;
}

void postgresql(EventConsumer& sink) {
    Parts parts(sink, 1, "10.0.0.9:5432");
    parts.clear.sent(bytes("\0\0\0\x08\x04\xd2\x16\x2f")).received("S");
    parts.begin_tls(tls("", ""))
        .sent(bytes("\0\0\0\x17\0\x03\0\0user\0postgres\0\0"))
        .received(bytes("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"))
        .sent(bytes("Q\0\0\0\x0dselect 1\0"))
        .received(bytes("C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I"))
        .close();
}

void mysql(EventConsumer& sink) {
    Parts parts(sink, 2, "10.0.0.9:3306");
    const std::string salt(8, 's');
    parts.clear.received(mysql_packet(0, bytes("\x0a"
                                               "8.0.30\0\x01\0\0\0") +
                                             salt + bytes("\0\x00\x8a\x21\x02\0\x08\0\x15") +
                                             std::string(10, '\0') + std::string(12, 't') +
                                             bytes("\0mysql_native_password\0")));
    const std::string flags = bytes("\x00\x8a\x08\0\0\0\0\x01\x21") + std::string(23, '\0');
    parts.clear.sent(mysql_packet(1, flags));
    parts.begin_tls(tls("", ""))
        .sent(mysql_packet(2, flags + bytes("someone\0\0mysql_native_password\0")))
        .received(mysql_packet(3, bytes("\0\0\0\x02\0\0\0")))
        .sent(mysql_packet(0, bytes("\x03select 2")))
        .received(mysql_packet(1, bytes("\0\0\0\x02\0\0\0")))
        .close();
}

void smtp(EventConsumer& sink) {
    Parts parts(sink, 3, "10.0.0.9:25", Role::server);
    parts.clear.sent("220 mail.example ESMTP\r\n").received("EHLO me\r\n");
    parts.clear.sent("250-mail.example\r\n250 STARTTLS\r\n").received("STARTTLS\r\n").sent("220 go\r\n");
    parts.begin_tls(tls("", "mail.example"))
        .received("EHLO again\r\n")
        .sent("250 mail.example\r\n")
        .received("MAIL FROM:<a@example.com>\r\n")
        .sent("250 ok\r\n")
        .close();
}

void proxied(EventConsumer& sink) {
    Parts parts(sink, 4, "10.0.0.9:3128");
    parts.clear.sent("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        .received("HTTP/1.1 200 Connected\r\n\r\n");
    parts.begin_tls(tls("http/1.1")).sent(get("/inside")).received(answer("inside")).close();
}

/// Both ends of it are captured, the server's TLS first.
void both_ends_of_mail(EventConsumer& sink) {
    Parts client(sink, 5, "10.0.0.8:587");
    Parts server(sink, 6, "10.0.0.8:587", Role::server);
    server.clear.sent("220 both\r\n");
    client.clear.received("220 both\r\n").sent("STARTTLS\r\n");
    server.clear.received("STARTTLS\r\n").sent("220 go\r\n");
    client.clear.received("220 go\r\n");
    client.clear.close(CloseReason::tls_began);
    server.begin_tls(tls("", "both.example"));
    server.tls.received("EHLO both\r\n");
    client.tls.open();
    client.locate(client.tls);
    client.tls.tls(tls("", "both.example")).sent("EHLO both\r\n").close();
    server.tls.close();
}

}  // namespace

void handover(EventConsumer& sink) {
    postgresql(sink);
    mysql(sink);
    smtp(sink);
    proxied(sink);
    both_ends_of_mail(sink);
}

}  // namespace sslsniff::test
