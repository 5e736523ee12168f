#include "protocols/http2/header_section.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace sslsniff::http2 {
namespace {

constexpr std::string_view kVersion = "HTTP/2";

bool is_pseudo(const hpack::Field& field) {
    return field.name_known && field.name.starts_with(':');
}

/// Pseudo-header fields come first: of those known and unknown at the beginning of a section.
std::string pseudo(const hpack::Block& block, std::string_view name) {
    bool may_be_unknown = block.damaged;
    for (const hpack::Field& field : block.fields) {
        if (field.name_known && field.name == name) {
            return field.value_known ? field.value : std::string(kUnknownText);
        }
        if (!field.name_known) {
            may_be_unknown = true;
        } else if (!is_pseudo(field)) {
            break;
        }
    }
    return may_be_unknown ? std::string(kUnknownText) : std::string();
}

std::string url_of(const HttpRequest& request, const std::string& scheme, const ConnectionInfo& connection) {
    if (request.method == "CONNECT" && scheme.empty()) {
        return request.target;
    }
    std::string url = scheme.empty() || scheme == kUnknownText
                          ? std::string(connection.carrier == Carrier::tls ? "https" : "http")
                          : scheme;
    url += "://";
    url += request.host.empty() ? connection.tls.sni : request.host;
    if (request.target != "*") {
        url += request.target.starts_with('/') ? "" : "/";
        url += request.target;
    }
    return url;
}

}  // namespace

SectionKind kind_of(const hpack::Block& block) {
    const auto has = [&](std::initializer_list<std::string_view> names) {
        return std::ranges::any_of(block.fields, [&](const hpack::Field& field) {
            return is_pseudo(field) && std::ranges::find(names, field.name) != names.end();
        });
    };
    if (has({":method", ":path", ":scheme", ":authority", ":protocol"})) {
        return SectionKind::request;
    }
    if (has({":status"})) {
        return SectionKind::response;
    }
    return !block.fields.empty() && block.fields.front().name_known ? SectionKind::trailers
                                                                    : SectionKind::unknown;
}

std::optional<std::uint16_t> status_of(const hpack::Block& block) {
    const std::string text = pseudo(block, ":status");
    std::uint16_t status = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
    return error == std::errc() && end == text.data() + text.size() && status < 1000 ? std::optional(status)
                                                                                     : std::nullopt;
}

HttpHeaders read_fields(const hpack::Block& block) {
    HttpHeaders headers;
    for (const hpack::Field& field : block.fields) {
        if (!is_pseudo(field)) {
            headers.add(field.name_known ? ByteView(field.name) : kUnknownText,
                        field.value_known ? ByteView(field.value) : kUnknownText);
        }
    }
    return headers;
}

void read_request(const hpack::Block& block, const ConnectionInfo& connection, Http2Exchange& exchange) {
    HttpRequest& request = exchange.request.emplace();
    request.version = kVersion;
    request.method = pseudo(block, ":method");
    request.target = pseudo(block, ":path");
    request.host = pseudo(block, ":authority");
    const std::string scheme = pseudo(block, ":scheme");
    request.headers = read_fields(block);
    request.headers_truncated = block.truncated;
    if (request.host.empty()) {
        request.host = request.headers.find("host").value_or(ByteView());
    }
    const std::string protocol = pseudo(block, ":protocol");
    if (request.method == "CONNECT" && protocol != kUnknownText) {
        request.protocol = protocol;
        if (protocol.empty()) {
            request.target = request.host;
        }
    }
    request.url = url_of(request, request.method == "CONNECT" && protocol.empty() ? "" : scheme, connection);
    request.describe_body();
}

HttpResponse read_response(const hpack::Block& block) {
    HttpResponse response;
    response.version = kVersion;
    response.status = status_of(block).value_or(0);
    response.headers = read_fields(block);
    response.headers_truncated = block.truncated;
    response.describe_body();
    return response;
}

}  // namespace sslsniff::http2
