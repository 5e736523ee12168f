#pragma once

#include <lz4.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/endian.h"

/// What CQL peers say.
namespace sslsniff::test::cassandra {

template <std::unsigned_integral T>
std::string number(T value) {
    std::string out;
    append_be(out, value);
    return out;
}
inline std::string u16(unsigned value) {
    return number(static_cast<std::uint16_t>(value));
}
inline std::string u32(std::uint32_t value) {
    return number(value);
}
inline std::string text(std::string_view value) {
    return u16(static_cast<unsigned>(value.size())) + std::string(value);
}
inline std::string long_text(std::string_view value) {
    return u32(static_cast<std::uint32_t>(value.size())) + std::string(value);
}

inline std::string envelope(unsigned version, unsigned flags, unsigned stream, unsigned opcode,
                            const std::string& body) {
    return std::string{static_cast<char>(version), static_cast<char>(flags)} + u16(stream) +
           static_cast<char>(opcode) + u32(static_cast<std::uint32_t>(body.size())) + body;
}
inline std::string ask(unsigned version, unsigned stream, unsigned opcode, const std::string& body = {}) {
    return envelope(version, 0, stream, opcode, body);
}
inline std::string say(unsigned version, unsigned stream, unsigned opcode, const std::string& body = {}) {
    return envelope(version | 0x80U, 0, stream, opcode, body);
}

inline std::string flags_of(unsigned version, unsigned flags) {
    return version == 5 ? u32(flags) : std::string(1, static_cast<char>(flags));
}
inline std::string query(unsigned version, unsigned stream, std::string_view statement,
                         const std::vector<std::string>& values = {}) {
    std::string body = long_text(statement) + u16(4) + flags_of(version, values.empty() ? 0 : 1);
    if (!values.empty()) {
        body += u16(static_cast<unsigned>(values.size()));
        for (const std::string& value : values) {
            body += long_text(value);
        }
    }
    return ask(version, stream, 7, body);
}
inline std::string execute(unsigned version, unsigned stream, std::string_view id,
                           const std::vector<std::string>& values) {
    std::string body = text(id) + (version == 5 ? text("meta") : "") + u16(1) + flags_of(version, 0x03) +
                       u16(static_cast<unsigned>(values.size()));
    for (const std::string& value : values) {
        body += long_text(value);
    }
    return ask(version, stream, 10, body);
}
/// Of two columns, id int and name varchar, in shop.users.
inline std::string columns() {
    return text("shop") + text("users") + text("id") + u16(9) + text("name") + u16(13);
}
inline std::string row(std::uint32_t id, std::string_view name) {
    return long_text(u32(id)) + long_text(name);
}
inline std::string rows(const std::vector<std::string>& all, bool with_metadata = true) {
    std::string body = u32(2) + u32(with_metadata ? 1 : 4) + u32(2) + (with_metadata ? columns() : "") +
                       u32(static_cast<std::uint32_t>(all.size()));
    for (const std::string& one : all) {
        body += one;
    }
    return body;
}
inline std::string prepared(unsigned version, std::string_view id) {
    return u32(4) + text(id) + (version == 5 ? text("meta") : "") + u32(1) + u32(2) +
           (version >= 4 ? u32(1) + u16(0) : "") + columns() + u32(1) + u32(2) + columns();
}

inline std::uint32_t crc24(const std::string& bytes) {
    std::uint32_t crc = 0x875060;
    for (const char c : bytes) {
        crc ^= std::uint32_t{static_cast<unsigned char>(c)} << 16U;
        for (int i = 0; i < 8; ++i) {
            crc <<= 1U;
            crc ^= (crc & 0x1000000U) != 0 ? 0x1974F0BU : 0;
        }
    }
    return crc;
}
inline std::string little(std::uint64_t value, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += static_cast<char>(value >> (8 * i));
    }
    return out;
}
inline std::string segment(const std::string& payload, bool self_contained = true, bool compressed = false) {
    std::string passed = payload;
    std::string header;
    if (compressed) {
        passed.resize(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(payload.size()))));
        const int size = LZ4_compress_default(payload.data(), passed.data(), static_cast<int>(payload.size()),
                                              static_cast<int>(passed.size()));
        passed.resize(static_cast<std::size_t>(size));
        header = little(
            passed.size() | std::uint64_t{payload.size()} << 17U | std::uint64_t{self_contained} << 34U, 5);
    } else {
        header = little(payload.size() | std::uint64_t{self_contained} << 17U, 3);
    }
    const std::string checked = "\xFA\x2D\x55\xCA" + passed;
    const auto crc = crc32(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(checked.data()),
                           static_cast<uInt>(checked.size()));
    return header + little(crc24(header), 3) + passed + little(crc, 4);
}

}  // namespace sslsniff::test::cassandra
