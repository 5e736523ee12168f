#include "protocols/mysql/login.h"

#include <fmt/format.h>

#include <algorithm>

namespace sslsniff::mysql {
namespace {

constexpr std::size_t kLoginFixed = 32;  ///< capabilities, packet size, character set, filler
constexpr std::size_t kMostAttributes = 1024;

/// Connection attributes: names and values, all behind their length. Those of a password are none.
Bytes read_attributes(ByteReader& reader) {
    ByteReader all(take_text(reader));
    Bytes out;
    while (all.left() > 0 && out.size() < kMostAttributes) {
        const ByteView name = take_text(all);
        const ByteView value = take_text(all);
        if (all.good()) {
            out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, value);
        }
    }
    return out;
}

/// The answer to the server's challenge: nobody needs to see it.
void skip_authentication(ByteReader& reader, std::uint32_t capabilities) {
    if ((capabilities & kLengthCodedAuth) != 0) {
        take_text(reader);
    } else if ((capabilities & kSecureConnection) != 0) {
        reader.bytes(reader.u8());
    } else {
        reader.c_string();
    }
}

/// A text up to a zero byte, or the end of the packet.
ByteView text_or_rest(ByteReader& reader) {
    ByteReader ahead = reader;
    const ByteView text = ahead.c_string();
    if (ahead.good()) {
        reader = ahead;
        return text;
    }
    return reader.rest();
}

}  // namespace

std::optional<Greeting> read_greeting(ByteView body) {
    constexpr std::uint8_t kVersion = 10;
    constexpr std::size_t kFirstPart = 8;
    ByteReader reader(body);
    Greeting greeting;
    if (reader.u8() != kVersion) {
        return std::nullopt;
    }
    greeting.version = reader.c_string();
    greeting.connection_id = reader.le<std::uint32_t>();
    reader.bytes(kFirstPart + 1);
    greeting.capabilities = reader.le<std::uint16_t>();
    if (!reader.good() || reader.left() == 0) {
        return reader.good() ? std::optional(greeting) : std::nullopt;
    }
    reader.u8();  // character set
    greeting.status = reader.le<std::uint16_t>();
    greeting.capabilities |= std::uint32_t{reader.le<std::uint16_t>()} << 16U;
    const std::size_t challenge = reader.u8();
    reader.bytes(6);
    const auto extended = reader.le<std::uint32_t>();
    greeting.mariadb = (greeting.capabilities & kClientMysql) == 0 ? extended : 0;
    if ((greeting.capabilities & kSecureConnection) != 0) {
        reader.bytes(std::max<std::size_t>(13, challenge - std::min(challenge, kFirstPart)));
    }
    if ((greeting.capabilities & kPluginAuth) != 0 && reader.good()) {
        greeting.plugin = text_or_rest(reader);
    }
    return reader.good() ? std::optional(greeting) : std::nullopt;
}

std::optional<Login> read_login(ByteView body) {
    ByteReader reader(body);
    Login login;
    login.capabilities = reader.le<std::uint32_t>();
    reader.bytes(4 + 1 + 19);
    const auto extended = reader.le<std::uint32_t>();
    login.mariadb = (login.capabilities & kClientMysql) == 0 ? extended : 0;
    if (!reader.good() || (login.capabilities & kProtocol41) == 0) {
        return std::nullopt;
    }
    if (body.size() == kLoginFixed) {
        login.ssl_request = (login.capabilities & kSsl) != 0;
        return login.ssl_request ? std::optional(login) : std::nullopt;
    }
    login.user = reader.c_string();
    skip_authentication(reader, login.capabilities);
    if ((login.capabilities & kConnectWithDb) != 0) {
        login.database = text_or_rest(reader);
    }
    if ((login.capabilities & kPluginAuth) != 0 && reader.left() > 0) {
        login.plugin = text_or_rest(reader);
    }
    if ((login.capabilities & kConnectAttributes) != 0 && reader.left() > 0) {
        login.attributes = read_attributes(reader);
    }
    return login;
}

Login read_change_user(ByteView body, const Capabilities& capabilities) {
    ByteReader reader(body);
    Login login;
    login.user = reader.c_string();
    skip_authentication(reader, capabilities.common & ~kLengthCodedAuth);
    login.database = text_or_rest(reader);
    if (reader.left() >= 2) {
        reader.le<std::uint16_t>();  // character set
        if (reader.left() > 0) {
            login.plugin = text_or_rest(reader);
        }
        if (reader.left() > 0) {
            login.attributes = read_attributes(reader);
        }
    }
    return login;
}

void describe_login(const Login& login, sql::SqlExchange::Request& request) {
    sql::add_text(request.attributes, "user", login.user);
    sql::add_text(request.attributes, "database", login.database);
    sql::add_text(request.attributes, "authentication", login.plugin);
    sql::add_text(request.attributes, "settings", login.attributes);
    request.secrets_hidden = true;
    request.title += fmt::format(" {}{}{}", login.user, login.database.empty() ? "" : "@", login.database);
}

}  // namespace sslsniff::mysql
