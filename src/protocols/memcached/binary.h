#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

/// memcached's binary protocol (https://github.com/memcached/memcached/blob/master/doc/protocol-binary.txt).
namespace sslsniff::memcached {

inline constexpr std::size_t kBinaryHeader = 24;  ///< bytes
inline constexpr char kRequestMagic = '\x80';
inline constexpr char kResponseMagic = '\x81';

struct BinaryHeader {
    std::uint8_t opcode = 0;
    std::uint16_t key_size = 0;
    std::uint8_t extras_size = 0;
    std::uint16_t status = 0;     ///< of a response; of a request a vbucket
    std::uint32_t body_size = 0;  ///< extras, key and value
    std::uint32_t opaque = 0;
    std::uint64_t cas = 0;

    std::uint32_t value_size() const { return body_size - key_size - extras_size; }
};
/// Of at least kBinaryHeader bytes.
BinaryHeader read_binary_header(ByteView bytes);

struct Opcode {
    std::uint8_t number;
    std::string_view name;      ///< as the text command, where there is one
    bool is_quiet = false;      ///< it is answered only when something is to be said
    std::uint8_t extras = 0;    ///< bytes that its requests have
    std::uint8_t optional = 0;  ///< the same, where there may be none
};
/// Null when there is none of that number.
const Opcode* find_opcode(std::uint8_t number);
inline constexpr std::uint8_t kStat = 0x10;
inline constexpr std::uint8_t kQuitQuietly = 0x17;
inline constexpr std::uint8_t kSaslAuth = 0x21;
inline constexpr std::uint8_t kSaslStep = 0x22;

/// "Key not found"; empty when there is none.
std::string_view status_name(std::uint16_t status);

}  // namespace sslsniff::memcached
