#include "output/pcapng/synthetic_tls.h"

#include <array>

#include "base/endian.h"

namespace sslsniff {
namespace {

// RFC 5246
constexpr std::uint8_t kChangeCipherSpec = 20;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kApplicationData = 23;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kServerHelloDone = 14;
constexpr std::uint8_t kClientKeyExchange = 16;
constexpr std::uint16_t kTls10 = 0x0301;
constexpr std::uint16_t kTls12 = 0x0303;
constexpr std::uint16_t kNullSha256 = 0x003B;
constexpr std::uint16_t kServerName = 0;
constexpr std::uint16_t kAlpn = 16;

constexpr ByteView kRandom = "sslsniff-synthetic-handshake";
static_assert(kRandom.size() == 28);
constexpr std::size_t kMacSize = 32;
constexpr std::size_t kMaxName = 255;

Bytes with_length16(ByteView content) {
    Bytes out;
    append_be(out, static_cast<std::uint16_t>(content.size()));
    return out.append(content);
}

Bytes with_length8(ByteView content) {
    Bytes out;
    append_be(out, static_cast<std::uint8_t>(content.size()));
    return out.append(content);
}

Bytes extension(std::uint16_t type, ByteView content) {
    Bytes out;
    append_be(out, type);
    return out.append(with_length16(content));
}

Bytes record(std::uint8_t type, std::uint16_t version, ByteView content) {
    Bytes out;
    append_be(out, type);
    append_be(out, version);
    return out.append(with_length16(content));
}

Bytes message(std::uint8_t type, ByteView content) {
    Bytes out;
    append_be(out, static_cast<std::uint32_t>(static_cast<std::uint32_t>(type) << 24 | content.size()));
    return out.append(content);
}

Bytes version_and_random(Timestamp time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    Bytes out;
    append_be(out, kTls12);
    append_be(out, static_cast<std::uint32_t>(seconds));
    return out.append(kRandom);
}

/// RFC 7301 section 3.1: a list of one protocol.
Bytes alpn_extension(std::string_view alpn) {
    return alpn.empty() ? Bytes() : extension(kAlpn, with_length16(with_length8(alpn)));
}

/// RFC 6066 section 3: a list of one host_name.
Bytes server_name_extension(std::string_view name) {
    return name.empty() ? Bytes()
                        : extension(kServerName, with_length16(Bytes(1, '\0').append(with_length16(name))));
}

Bytes change_cipher_spec() {
    return record(kChangeCipherSpec, kTls12, "\x01");
}

}  // namespace

SyntheticHandshake make_synthetic_handshake(Timestamp time, std::string_view server_name,
                                            std::string_view alpn) {
    server_name = server_name.size() > kMaxName ? std::string_view() : server_name;
    alpn = alpn.size() > kMaxName ? std::string_view() : alpn;

    Bytes client = version_and_random(time);
    append_be<std::uint8_t>(client, 0);  // session id
    append_be<std::uint16_t>(client, 2);
    append_be(client, kNullSha256);
    append_be<std::uint16_t>(client, 0x0100);  // one compression method: null
    client.append(with_length16(server_name_extension(server_name) + alpn_extension(alpn)));

    Bytes server = version_and_random(time);
    append_be<std::uint8_t>(server, 0);
    append_be(server, kNullSha256);
    append_be<std::uint8_t>(server, 0);
    server.append(with_length16(alpn_extension(alpn)));

    return {
        .client_hello = record(kHandshake, kTls10, message(kClientHello, client)),
        .server_hello =
            record(kHandshake, kTls12, message(kServerHello, server) + message(kServerHelloDone, {})),
        // A full handshake has a key exchange; without one Wireshark notes a resumed session.
        .client_finish = record(kHandshake, kTls12, message(kClientKeyExchange, ByteView("\0\0", 2))) +
                         change_cipher_spec(),
        .server_finish = change_cipher_spec(),
    };
}

Bytes application_data_header(std::size_t plaintext) {
    Bytes out;
    append_be(out, kApplicationData);
    append_be(out, kTls12);
    append_be(out, static_cast<std::uint16_t>(plaintext + kMacSize));
    return out;
}

ByteView application_data_trailer() {
    static constexpr std::array<char, kMacSize> kMac{};
    return {kMac.data(), kMac.size()};
}

}  // namespace sslsniff
