#pragma once

#include <cstdint>
#include <optional>

#include "protocols/mysql/packet.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::mysql {

/// What both sides have agreed upon. Until the login was seen nothing is known, and what depends on it is
/// told by the packets' forms alone.
struct Capabilities {
    bool known = false;
    std::uint32_t common = 0;   ///< of both sides
    std::uint32_t mariadb = 0;  ///< MariaDB's extended ones, of both sides

    /// Nothing: not known.
    std::optional<bool> has(std::uint32_t flag) const {
        return known ? std::optional((common & flag) != 0) : std::nullopt;
    }
};

/// The server's first packet (Protocol::HandshakeV10).
struct Greeting {
    ByteView version;
    std::uint32_t connection_id = 0;
    std::uint32_t capabilities = 0;
    std::uint32_t mariadb = 0;  ///< extended capabilities
    std::uint16_t status = 0;
    ByteView plugin;
};
/// Nothing when it is none; it must be whole.
std::optional<Greeting> read_greeting(ByteView body);

/// The client's first packet: an SSLRequest, which ends behind the filler, or the login
/// (Protocol::HandshakeResponse41).
struct Login {
    bool ssl_request = false;
    std::uint32_t capabilities = 0;
    std::uint32_t mariadb = 0;
    ByteView user;
    ByteView database;
    ByteView plugin;
    Bytes attributes;  ///< "_client_name=libmariadb ..."
};
std::optional<Login> read_login(ByteView body);

/// COM_CHANGE_USER, without its first byte.
Login read_change_user(ByteView body, const Capabilities& capabilities);

/// What a login asks for, as attributes and title.
void describe_login(const Login& login, sql::SqlExchange::Request& request);

}  // namespace sslsniff::mysql
