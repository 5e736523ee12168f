#include "messages.h"

#include <cstdio>

namespace sslsniff::test {

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: example.com\r\n\r\n";
}

std::string answer(std::string_view body, std::string_view type, std::string_view more) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" +
           std::string(body);
}

std::string chunked(std::string_view body) {
    std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += 1000) {
        const std::string_view part = body.substr(at, 1000);
        char size[16];
        std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        out.append(size).append(part).append("\r\n");
    }
    return out + "0\r\n\r\n";
}

std::string text(std::size_t size) {
    std::string out;
    for (std::size_t i = 0; out.size() < size; ++i) {
        out += "line " + std::to_string(i) + " of a long body\n";
    }
    out.resize(size);
    return out;
}

TlsInfo tls(std::string_view alpn, std::string_view sni) {
    TlsInfo info;
    info.version = "TLSv1.3";
    info.cipher = "TLS_AES_256_GCM_SHA384";
    info.sni = sni;
    info.alpn = alpn;
    return info;
}

}  // namespace sslsniff::test
