#include "protocols/http/http_exchange.h"

namespace sslsniff {
namespace {

/// Authority of an absolute-form target without userinfo (RFC 3986 section 3.2); empty for other forms.
std::string_view authority_of(std::string_view target) {
    const auto scheme = target.find("://");
    if (target.empty() || target[0] == '/' || scheme == std::string_view::npos ||
        target.find('/') != scheme + 1) {
        return {};
    }
    std::string_view authority = target.substr(scheme + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    const auto at = authority.rfind('@');
    return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

/// Who the server is when the request does not say.
std::string server_of(const ConnectionInfo& connection) {
    if (!connection.tls.sni.empty()) {
        return connection.tls.sni;
    }
    const Endpoint& server =
        connection.role == Role::server ? connection.endpoints.local : connection.endpoints.remote;
    return server.address.family == IpAddress::Family::none ? std::string{} : to_string(server);
}

}  // namespace

void complete_url(HttpRequest& request, const ConnectionInfo& connection) {
    if (const auto authority = authority_of(request.target); !authority.empty()) {
        request.host = authority;
        request.url = request.target;
        return;
    }
    if (request.host.empty()) {
        request.host = request.headers.find("Host").value_or(ByteView{});
    }
    if (request.method == "CONNECT") {
        request.url = request.target;
        return;
    }
    const std::string host = request.host.empty() ? server_of(connection) : request.host;
    if (host.empty()) {
        request.url = request.target;
        return;
    }
    request.url = connection.carrier == Carrier::tls ? "https://" : "http://";
    request.url += host;
    if (request.target != "*") {
        request.url += request.target;
    }
}

}  // namespace sslsniff
