#pragma once

#include <string>
#include <string_view>

#include "model/connection.h"
#include "model/event.h"

namespace sslsniff::test {

inline constexpr std::string_view kClient = "10.0.0.5:51234";
inline constexpr std::string_view kServer = "93.184.216.34:443";

/// HTTP/1 messages.
std::string get(std::string_view path);
std::string answer(std::string_view body, std::string_view type = "text/plain", std::string_view more = "");
std::string chunked(std::string_view body);

/// Lines, `size` bytes.
std::string text(std::size_t size);

/// As a client with OpenSSL would know it.
TlsInfo tls(std::string_view alpn, std::string_view sni = "example.com");

/// Scenarios of connections that become TLS.
void handover(EventConsumer& sink);

/// Scenarios of HTTP/2.
void http2(EventConsumer& sink);
void http2_rotated(EventConsumer& sink);
void http2_gaps(EventConsumer& sink);

}  // namespace sslsniff::test
