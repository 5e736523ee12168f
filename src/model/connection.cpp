#include "model/connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

#include "base/memory.h"
#include "base/number.h"
#include "model/names.h"

namespace sslsniff {
namespace {

constexpr Names<Direction, 2> kDirections{{{Direction::sent, "sent"}, {Direction::received, "received"}}};
constexpr Names<Role, 3> kRoles{
    {{Role::unknown, "unknown"}, {Role::client, "client"}, {Role::server, "server"}}};
constexpr Names<Carrier, 2> kCarriers{{{Carrier::tls, "tls"}, {Carrier::cleartext, "cleartext"}}};
constexpr Names<Transport, 4> kTransports{{{Transport::unknown, "unknown"},
                                           {Transport::tcp, "tcp"},
                                           {Transport::udp, "udp"},
                                           {Transport::unix_socket, "unix"}}};
constexpr Names<Correlation, 6> kCorrelations{{{Correlation::none, "none"},
                                               {Correlation::nested, "nested"},
                                               {Correlation::cached, "cached"},
                                               {Correlation::ciphertext, "ciphertext"},
                                               {Correlation::fd, "fd"},
                                               {Correlation::socket, "socket"}}};

/// ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2)
bool is_v4_mapped(const IpAddress& address) {
    static constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return address.family == IpAddress::Family::v6 &&
           std::memcmp(address.bytes.data(), kPrefix.data(), kPrefix.size()) == 0;
}

}  // namespace

std::string_view to_string(Direction direction) {
    return name_of(kDirections, direction);
}
std::string_view to_string(Role role) {
    return name_of(kRoles, role);
}
std::optional<Role> parse_role(std::string_view text) {
    return value_of(kRoles, text);
}
std::string_view to_string(Carrier carrier) {
    return name_of(kCarriers, carrier);
}
std::optional<Carrier> parse_carrier(std::string_view text) {
    return value_of(kCarriers, text);
}
std::string_view to_string(Transport transport) {
    return name_of(kTransports, transport);
}
std::optional<Transport> parse_transport(std::string_view text) {
    return value_of(kTransports, text);
}
std::string_view to_string(Correlation correlation) {
    return name_of(kCorrelations, correlation);
}
std::optional<Correlation> parse_correlation(std::string_view text) {
    return value_of(kCorrelations, text);
}

std::string to_string(const IpAddress& address) {
    if (address.family == IpAddress::Family::none) {
        return {};
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4_mapped(address)) {
        inet_ntop(AF_INET, address.bytes.data() + 12, text.data(), text.size());
    } else {
        inet_ntop(address.family == IpAddress::Family::v4 ? AF_INET : AF_INET6, address.bytes.data(),
                  text.data(), text.size());
    }
    return text.data();
}

std::optional<IpAddress> parse_ip(std::string_view text) {
    const std::string copy(text);
    if (copy.find('\0') != std::string::npos) {
        return std::nullopt;  // inet_pton would stop there
    }
    IpAddress address;
    if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) {
        address.family = IpAddress::Family::v4;
        return address;
    }
    if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) {
        address.family = IpAddress::Family::v6;
        return address;
    }
    return std::nullopt;
}

std::string to_string(const Endpoint& endpoint) {
    if (endpoint.address.family == IpAddress::Family::none) {
        return "?";
    }
    const std::string address = to_string(endpoint.address);
    const bool brackets = address.find(':') != std::string::npos;
    return brackets ? fmt::format("[{}]:{}", address, endpoint.port)
                    : fmt::format("{}:{}", address, endpoint.port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    if (text == "?") {
        return Endpoint{};
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    const auto address = parse_ip(host);
    const auto number = parse_number<std::uint16_t>(port);
    return address && number ? std::optional(Endpoint{*address, *number}) : std::nullopt;
}

std::string connection_name(const ConnectionId& id) {
    return fmt::format("{}.{}", id.pid, id.generation);
}

std::size_t heap_bytes(const ConnectionInfo& info) {
    const std::size_t tunnel = info.tunnel ? allocated(sizeof(Tunnel)) + heap_bytes(info.tunnel->via) +
                                                 heap_bytes(info.tunnel->target)
                                           : 0;
    return heap_bytes(info.remote_name) + heap_bytes(info.tls) + tunnel;
}

std::size_t heap_bytes(const TlsInfo& tls) {
    std::size_t held = heap_bytes(tls.offered_alpn);
    for (const std::string* text : {&tls.library, &tls.version, &tls.cipher, &tls.sni, &tls.alpn,
                                    &tls.handshake_error, &tls.not_decoded}) {
        held += heap_bytes(*text);
    }
    for (const std::string& name : tls.offered_alpn) {
        held += heap_bytes(name);
    }
    return held;
}

}  // namespace sslsniff
