#include "protocols/dns/over_https.h"

#include <string>

#include "base/text.h"
#include "protocols/http/http_exchange.h"

namespace sslsniff::dns {
namespace {

constexpr std::string_view kMediaType = "application/dns-message";

/// RFC 4648 section 5 ("base64url") without padding; what follows the first other byte is left out.
Bytes from_base64url(ByteView text) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    Bytes out;
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) {
            break;
        }
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out += static_cast<char>(bits >> held & 0xFF);
        }
    }
    return out;
}

/// The value of the query's `dns` parameter; empty when there is none.
ByteView dns_parameter(ByteView target) {
    std::size_t at = target.find('?');
    while (at != ByteView::npos) {
        const ByteView rest = target.substr(at + 1);
        if (rest.starts_with("dns=")) {
            return rest.substr(4, rest.find_first_of("&#") - 4);
        }
        const std::size_t next = rest.find('&');
        at = next == ByteView::npos ? next : at + 1 + next;
    }
    return {};
}

/// The message in a body of its media type. Coded bodies are not decoded here: DoH does without.
std::optional<Message> message_of(const HttpMessage& message) {
    const ByteView type = message.body.content_type;
    if (!equals_ignore_case(trim(type.substr(0, type.find(';'))), kMediaType) ||
        !message.body.content_encoding.empty() || message.body.captured.empty()) {
        return std::nullopt;
    }
    return decode_message(message.body.captured);
}

std::optional<Message> query_of(const HttpRequest& request) {
    if (request.method == "POST") {
        return message_of(request);
    }
    const ByteView parameter = request.method == "GET" ? dns_parameter(request.target) : ByteView{};
    return parameter.empty() ? std::nullopt : std::optional(decode_message(from_base64url(parameter)));
}

}  // namespace

std::unique_ptr<DnsExchange> dns_over_https(const Exchange& exchange) {
    const auto* http = dynamic_cast<const HttpExchange*>(&exchange);
    if (http == nullptr) {
        return nullptr;
    }
    auto out = std::make_unique<DnsExchange>();
    out->over_https = true;
    if (http->response) {
        out->response = message_of(*http->response);
    }
    if (http->request) {
        out->query = query_of(*http->request);
    }
    // Other things have a parameter named "dns" too: without an answer it must be beyond doubt.
    const bool query_good = out->query && !out->query->questions.empty() && out->query->error.empty();
    if (!out->response && !query_good) {
        return nullptr;
    }
    if (!query_good && out->query && out->query->questions.empty()) {
        out->query.reset();
    }
    return out;
}

}  // namespace sslsniff::dns
