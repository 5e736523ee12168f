#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/endian.h"

/// Packets of MySQL's protocol, written from its documentation.
namespace sslsniff::test::my {

using namespace std::string_literals;

inline std::string le16(std::uint16_t value) {
    std::string out;
    append_le(out, value);
    return out;
}
inline std::string le32(std::uint32_t value) {
    std::string out;
    append_le(out, value);
    return out;
}
inline std::string packet(int number, std::string_view body) {
    std::string out = le32(static_cast<std::uint32_t>(body.size())).substr(0, 3);
    out += static_cast<char>(number);
    return out + std::string(body);
}
/// A text behind its length, less than 251 bytes.
inline std::string text(std::string_view bytes) {
    return static_cast<char>(bytes.size()) + std::string(bytes);
}

inline constexpr std::uint32_t kServer = 0x00FFFFFF & ~0x20U;  ///< without DEPRECATE_EOF and compression
inline std::string greeting(std::uint32_t capabilities = kServer, std::string_view version = "8.0.36") {
    return packet(0, "\x0a" + std::string(version) + '\0' + le32(8) + "abcdefgh" + '\0' +
                         le16(static_cast<std::uint16_t>(capabilities)) + "\x2d" + le16(2) +
                         le16(static_cast<std::uint16_t>(capabilities >> 16)) + "\x15" +
                         std::string(10, '\0') + "ijklmnopqrst" + '\0' + "mysql_native_password" + '\0');
}
inline constexpr std::uint32_t kClient = 0x000FA28D;
inline std::string ssl_request(int number = 1) {
    return packet(number, le32(kClient | 0x800) + le32(1 << 24) + "\x2d" + std::string(23, '\0'));
}
inline std::string login(std::uint32_t capabilities = kClient, int number = 1) {
    return packet(number, le32(capabilities) + le32(1 << 24) + "\x2d" + std::string(23, '\0') + "bob" + '\0' +
                              text("geheim--geheim--gehe") + "shop" + '\0' + "mysql_native_password" + '\0');
}
inline std::string ok(int number = 1, std::uint16_t status = 2, int rows = 0, int id = 0) {
    return packet(number, "\0"s + static_cast<char>(rows) + static_cast<char>(id) + le16(status) + le16(0));
}
inline std::string eof(int number, std::uint16_t status = 2) {
    return packet(number, "\xfe" + le16(0) + le16(status));
}
/// The one of CLIENT_DEPRECATE_EOF.
inline std::string ok_eof(int number, std::uint16_t status = 2) {
    return packet(number, "\xfe"s + '\0' + '\0' + le16(status) + le16(0));
}
inline std::string err(int number, std::uint16_t code, std::string_view state, std::string_view message) {
    return packet(number, "\xff" + le16(code) + "#" + std::string(state) + std::string(message));
}
inline std::string column(int number, std::string_view name, int type, bool extended = false) {
    return packet(number, text("def") + text("") + text("t") + text("t") + text(name) + text(name) +
                              (extended ? text("") : "") + "\x0c" + le16(45) + le32(11) +
                              static_cast<char>(type) + le16(0) + '\0' + le16(0));
}
inline std::string row(int number, std::initializer_list<std::optional<std::string_view>> values) {
    std::string body;
    for (const auto& value : values) {
        body += value ? text(*value) : "\xfb";
    }
    return packet(number, body);
}

inline std::string command(char code, std::string_view rest = {}) {
    return packet(0, code + std::string(rest));
}
inline std::string query(std::string_view statement) {
    return command('\x03', statement);
}
inline std::string prepare(std::string_view statement) {
    return command('\x16', statement);
}
inline std::string prepared(std::uint32_t id, std::uint16_t columns, std::uint16_t parameters) {
    return packet(1, "\0"s + le32(id) + le16(columns) + le16(parameters) + '\0' + le16(0));
}
/// With LONG and VAR_STRING as types, or without types.
inline std::string execute(std::uint32_t id, std::uint32_t number, std::string_view name, bool types = true) {
    return command('\x17', le32(id) + '\0' + le32(1) + '\0' +
                               (types ? "\1\3"s + '\0' + "\xfd"s + '\0' : "\0"s) + le32(number) + text(name));
}

}  // namespace sslsniff::test::my
