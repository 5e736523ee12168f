#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/endian.h"

/// Messages of PostgreSQL's protocol, written from its documentation.
namespace sslsniff::test::pg {

using namespace std::string_literals;

inline std::string be16(std::uint16_t value) {
    std::string out;
    append_be(out, value);
    return out;
}
inline std::string be32(std::uint32_t value) {
    std::string out;
    append_be(out, value);
    return out;
}
inline std::string z(std::string_view text) {
    return std::string(text) + '\0';
}
inline std::string message(char type, std::string_view body = {}) {
    return type + be32(static_cast<std::uint32_t>(body.size() + 4)) + std::string(body);
}
inline std::string packet(std::uint32_t code, std::string_view body = {}) {
    return be32(static_cast<std::uint32_t>(body.size() + 8)) + be32(code) + std::string(body);
}
inline std::string startup(std::string_view user, std::string_view database) {
    return packet(0x30000, z("user") + z(user) + z("database") + z(database) + z(""));
}
inline std::string ssl_request() {
    return packet(80'877'103);
}

// Of the client.
inline std::string query(std::string_view text) {
    return message('Q', z(text));
}
inline std::string parse(std::string_view name, std::string_view text,
                         std::initializer_list<std::uint32_t> types = {}) {
    std::string body = z(name) + z(text) + be16(static_cast<std::uint16_t>(types.size()));
    for (const std::uint32_t type : types) {
        body += be32(type);
    }
    return message('P', body);
}
using Values = std::initializer_list<std::optional<std::string_view>>;
inline std::string values(Values all) {
    std::string out = be16(static_cast<std::uint16_t>(all.size()));
    for (const auto& value : all) {
        out +=
            value ? be32(static_cast<std::uint32_t>(value->size())) + std::string(*value) : be32(0xFFFFFFFF);
    }
    return out;
}
/// All parameters and all columns in one format: 0 text, 1 binary.
inline std::string bind(std::string_view portal, std::string_view statement, Values all,
                        std::uint16_t format = 0, std::uint16_t columns = 0) {
    return message('B',
                   z(portal) + z(statement) + be16(1) + be16(format) + values(all) + be16(1) + be16(columns));
}
inline std::string describe(char what, std::string_view name) {
    return message('D', what + z(name));
}
inline std::string execute(std::string_view portal = "", std::uint32_t rows = 0) {
    return message('E', z(portal) + be32(rows));
}
inline std::string close(char what, std::string_view name) {
    return message('C', what + z(name));
}
inline std::string sync() {
    return message('S');
}
inline std::string flush() {
    return message('H');
}

// Of the server.
inline std::string ready(char state = 'I') {
    return message('Z', std::string(1, state));
}
inline std::string complete(std::string_view tag) {
    return message('C', z(tag));
}
inline std::string row(Values all) {
    return message('D', values(all));
}
struct Column {
    std::string_view name;
    std::uint32_t type;
    std::uint16_t format = 0;
};
inline std::string columns(std::initializer_list<Column> all) {
    std::string body = be16(static_cast<std::uint16_t>(all.size()));
    for (const Column& column : all) {
        body += z(column.name) + be32(0) + be16(0) + be32(column.type) + be16(4) + be32(0xFFFFFFFF) +
                be16(column.format);
    }
    return message('T', body);
}
inline std::string error(std::string_view code, std::string_view text) {
    return message(
        'E', z("SERROR") + z("VERROR") + z("C" + std::string(code)) + z("M" + std::string(text)) + z(""));
}
inline std::string notice(std::string_view text) {
    return message('N', z("SNOTICE") + z("C00000") + z("M" + std::string(text)) + z(""));
}
inline std::string authentication(std::uint32_t code, std::string_view rest = {}) {
    return message('R', be32(code) + std::string(rest));
}
inline std::string setting(std::string_view name, std::string_view value) {
    return message('S', z(name) + z(value));
}
inline std::string parameter_types(std::initializer_list<std::uint32_t> types) {
    std::string body = be16(static_cast<std::uint16_t>(types.size()));
    for (const std::uint32_t type : types) {
        body += be32(type);
    }
    return message('t', body);
}
inline std::string parsed() {
    return message('1');
}
inline std::string bound() {
    return message('2');
}

}  // namespace sslsniff::test::pg
