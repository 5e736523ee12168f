#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/process.h"
#include "model/time.h"

namespace sslsniff {

/// One connection as the traced process sees it.
struct ConnectionId {
    std::uint32_t pid = 0;
    std::uint64_t start_time = 0;  ///< of the process, see ProcessKey
    std::uint64_t handle = 0;      ///< address of the SSL object, or socket cookie for cleartext
    std::uint64_t generation = 0;  ///< unique within one capture: tells apart reuses of one handle
    auto operator<=>(const ConnectionId&) const = default;
    ProcessKey process() const { return {pid, start_time}; }
};

/// Relative to the traced process: what it wrote, what it read.
enum class Direction : std::uint8_t { sent, received };
constexpr Direction opposite(Direction d) {
    return d == Direction::sent ? Direction::received : Direction::sent;
}
std::string_view to_string(Direction direction);

enum class Role : std::uint8_t { unknown, client, server };
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

/// What carries the plaintext.
enum class Carrier : std::uint8_t { tls, cleartext };
std::string_view to_string(Carrier carrier);
std::optional<Carrier> parse_carrier(std::string_view text);

enum class Transport : std::uint8_t { unknown, tcp, udp, unix_socket };
std::string_view to_string(Transport transport);
std::optional<Transport> parse_transport(std::string_view text);

/// How the socket of a TLS connection was found. `nested`: a socket call inside the TLS call, on this very
/// call; `cached`: the same, remembered from an earlier call; `ciphertext`: equal ciphertext on both sides of
/// a memory BIO; `fd`: from the descriptor set on the object; `socket`: cleartext, it is the socket itself;
/// `none`: not found.
enum class Correlation : std::uint8_t { none, nested, cached, ciphertext, fd, socket };
std::string_view to_string(Correlation correlation);
std::optional<Correlation> parse_correlation(std::string_view text);

struct IpAddress {
    enum class Family : std::uint8_t { none, v4, v6 };
    Family family = Family::none;
    std::array<std::uint8_t, 16> bytes{};  ///< network order; IPv4 uses the first four
    bool operator==(const IpAddress&) const = default;
};
/// "10.0.0.1" or RFC 5952 form "2001:db8::1"; IPv4-mapped IPv6 as IPv4; "" for none.
std::string to_string(const IpAddress& address);
std::optional<IpAddress> parse_ip(std::string_view text);

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;  ///< host order
    bool operator==(const Endpoint&) const = default;
};
/// "10.0.0.1:443" or "[2001:db8::1]:443"; "?" for an unknown one.
std::string to_string(const Endpoint& endpoint);
std::optional<Endpoint> parse_endpoint(std::string_view text);

struct Endpoints {
    Transport transport = Transport::unknown;
    Endpoint local;
    Endpoint remote;
    std::uint64_t socket_cookie = 0;         ///< 0 when unknown
    std::uint32_t netns = 0;                 ///< inode of the network namespace; 0 when unknown
    std::optional<Duration> connect_time{};  ///< from SYN to ESTABLISHED, when the process connected it
    /// TCP's sequence numbers of the bytes at position 0, by Direction: of cleartext, whose bytes are TCP's.
    std::optional<std::array<std::uint32_t, 2>> sequence{};
    bool operator==(const Endpoints&) const = default;
};

/// What is known of the TLS session. Empty strings are unknown.
struct TlsInfo {
    std::string library;                    ///< "OpenSSL 3.0.17"
    std::string version;                    ///< "TLSv1.3"
    std::string cipher;                     ///< IANA name, or 0xNNNN
    std::string sni;                        ///< server_name (RFC 6066 section 3), hostile
    std::string alpn;                       ///< negotiated protocol (RFC 7301), hostile
    std::vector<std::string> offered_alpn;  ///< ClientHello's list
    std::optional<Duration> handshake;      ///< from the first handshake call to the end of the last
    bool handshake_failed = false;
    /// Why it failed ("alert sent: unknown_ca"), or "not finished" of one that neither failed nor came to its
    /// end.
    std::string handshake_error;
    std::string not_decoded;  ///< why the plaintext cannot be shown; empty when it can
    bool operator==(const TlsInfo&) const = default;
};

/// What was said of the way to the other end before the protocol inside began: HTTP's CONNECT, SOCKS, the
/// PROXY protocol. Claims of a peer: hostile.
struct Tunnel {
    std::string via;     ///< "CONNECT", "SOCKS4", "SOCKS5" or "PROXY"
    Endpoint client;     ///< PROXY: whom the proxy speaks for; no family when it does not say
    std::string target;  ///< "HOST:PORT" that the client asked for, or came to; empty: unknown
    bool operator==(const Tunnel&) const = default;
};

/// The same connection as another captured process sees it, on this host.
struct OtherEnd {
    ConnectionId connection;
    std::shared_ptr<const ProcessInfo> process;  ///< never null
    bool operator==(const OtherEnd&) const = default;
};

/// Everything known of a connection so far. Grows while the connection lives.
struct ConnectionInfo {
    ConnectionId id;
    std::shared_ptr<const ProcessInfo> process;  ///< never null
    Carrier carrier = Carrier::tls;
    Role role = Role::unknown;
    Endpoints endpoints;
    Correlation correlation = Correlation::none;
    TlsInfo tls;
    Timestamp opened;        ///< first event of the connection
    bool midstream = false;  ///< it was open before the capture began
    /// What its socket carried before, for sockets that turn from cleartext into TLS, or back.
    std::optional<ConnectionId> continues;
    std::optional<OtherEnd> other_end;  ///< when both ends were captured at the same time
    /// Null when there is none; shared with what the socket carries later.
    std::shared_ptr<const Tunnel> tunnel;
    std::string
        remote_name;  ///< what the process knows the remote end by (DNS, SNI); hostile; empty: unknown
    bool operator==(const ConnectionInfo&) const = default;
};
/// Bytes of memory that `info` holds outside of itself. Its process is shared, and not counted.
std::size_t heap_bytes(const ConnectionInfo& info);
std::size_t heap_bytes(const TlsInfo& tls);

/// Short stable name used in outputs: "PID.GENERATION".
std::string connection_name(const ConnectionId& id);

}  // namespace sslsniff
