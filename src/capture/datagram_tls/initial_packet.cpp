#include "capture/datagram_tls/initial_packet.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "capture/datagram_tls/varint.h"

namespace sslsniff {
namespace {

constexpr std::size_t kVersionEnd = 5;  // first byte and version
constexpr std::size_t kMaxConnectionId = 20;
constexpr std::size_t kKey = 16;
constexpr std::size_t kIv = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kSecret = 32;    // SHA-256
constexpr std::size_t kSample = 16;    // RFC 9001 section 5.4.2
constexpr std::size_t kMaxNumber = 4;  // bytes of a packet number

unsigned byte(ByteView bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

const unsigned char* pointer(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* pointer(Bytes& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

/// What differs between the versions: RFC 9001 section 5.2, RFC 9369 section 3.3.
struct VersionKeys {
    std::array<unsigned char, 20> salt;
    const char* key;
    const char* iv;
    const char* header;
};
constexpr VersionKeys kKeys1{{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                              0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
                             "quic key",
                             "quic iv",
                             "quic hp"};
constexpr VersionKeys kKeys2{{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                              0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
                             "quicv2 key",
                             "quicv2 iv",
                             "quicv2 hp"};

/// The two bits of the type; version 2 has moved them by one (RFC 9369 section 3.2).
QuicPacketType type_of(unsigned first, std::uint32_t version) {
    const unsigned bits = first >> 4U & 3U;
    return static_cast<QuicPacketType>(version == kQuicVersion2 ? (bits + 3U) % 4U : bits);
}

/// HKDF (RFC 5869) with SHA-256; `info` alone is of the second step. Empty when it fails.
Bytes hkdf(int mode, ByteView key, ByteView salt, ByteView info, std::size_t size) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr),
                                                                &EVP_KDF_free);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                            &EVP_KDF_CTX_free);
    if (!context) {
        return {};
    }
    // The parameters are only read.
    std::string digest = "SHA256";
    Bytes key_copy(key);
    Bytes other_copy(mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY ? salt : info);
    const std::array parameters{
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_copy.data(), key_copy.size()),
        OSSL_PARAM_construct_octet_string(
            mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY ? OSSL_KDF_PARAM_SALT : OSSL_KDF_PARAM_INFO,
            other_copy.data(), other_copy.size()),
        OSSL_PARAM_construct_end()};
    Bytes out(size, '\0');
    return EVP_KDF_derive(context.get(), pointer(out), out.size(), parameters.data()) == 1 ? out : Bytes();
}

/// HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context.
Bytes expand_label(ByteView secret, std::string_view label, std::size_t size) {
    constexpr std::string_view kPrefix = "tls13 ";
    Bytes info{static_cast<char>(size >> 8U), static_cast<char>(size),
               static_cast<char>(kPrefix.size() + label.size())};
    info.append(kPrefix).append(label).push_back('\0');
    return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, {}, info, size);
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
CipherContext new_cipher_context() {
    return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

/// RFC 9001 section 5.4.3. Empty when it fails.
Bytes header_mask(ByteView key, ByteView sample) {
    const CipherContext context = new_cipher_context();
    Bytes mask(kSample, '\0');
    int size = 0;
    const bool done =
        context &&
        EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, pointer(key), nullptr) == 1 &&
        EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
        EVP_EncryptUpdate(context.get(), pointer(mask), &size, pointer(sample), static_cast<int>(kSample)) ==
            1;
    return done ? mask : Bytes();
}

/// `sealed` ends with the tag. nullopt when that does not fit.
std::optional<Bytes> unseal(ByteView key, ByteView nonce, ByteView header, ByteView sealed) {
    const CipherContext context = new_cipher_context();
    if (!context || sealed.size() < kTag || sealed.size() > std::numeric_limits<int>::max()) {
        return std::nullopt;
    }
    const ByteView text = sealed.substr(0, sealed.size() - kTag);
    Bytes tag(sealed.substr(text.size()));
    Bytes plain(text.size() + 1, '\0');  // never empty
    int size = 0;
    int rest = 0;
    const bool done =
        EVP_DecryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, pointer(key), pointer(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &size, pointer(header), static_cast<int>(header.size())) ==
            1 &&
        EVP_DecryptUpdate(context.get(), pointer(plain), &size, pointer(text),
                          static_cast<int>(text.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), pointer(plain) + size, &rest) == 1;
    if (!done) {
        return std::nullopt;
    }
    plain.resize(text.size());
    return plain;
}

}  // namespace

std::optional<QuicLongHeader> parse_quic_long_header(ByteView bytes) {
    constexpr unsigned kLongAndFixed = 0xC0;
    if (bytes.size() <= kVersionEnd || (byte(bytes, 0) & kLongAndFixed) != kLongAndFixed) {
        return std::nullopt;
    }
    QuicLongHeader header;
    header.version = static_cast<std::uint32_t>(byte(bytes, 1) << 24U | byte(bytes, 2) << 16U |
                                                byte(bytes, 3) << 8U | byte(bytes, 4));
    if (header.version != kQuicVersion1 && header.version != kQuicVersion2) {
        return std::nullopt;
    }
    header.type = type_of(byte(bytes, 0), header.version);
    ByteView rest = bytes.substr(kVersionEnd);
    for (ByteView* const id : {&header.destination_id, &header.source_id}) {
        const std::size_t size = rest.empty() ? kMaxConnectionId + 1 : byte(rest, 0);
        if (size > kMaxConnectionId || rest.size() < 1 + size) {
            return std::nullopt;
        }
        *id = rest.substr(1, size);
        rest.remove_prefix(1 + size);
    }
    if (header.type == QuicPacketType::retry) {
        header.packet = bytes;
        return rest.size() < kTag ? std::nullopt : std::optional(header);
    }
    if (header.type == QuicPacketType::initial) {  // a token
        const auto size = take_quic_varint(rest);
        if (!size || rest.size() < *size) {
            return std::nullopt;
        }
        rest.remove_prefix(static_cast<std::size_t>(*size));
    }
    const auto size = take_quic_varint(rest);
    if (!size || rest.size() < *size || *size < kMaxNumber + kSample) {
        return std::nullopt;
    }
    header.number_offset = bytes.size() - rest.size();
    header.packet = bytes.substr(0, header.number_offset + static_cast<std::size_t>(*size));
    return header;
}

std::optional<QuicInitialKeys> QuicInitialKeys::derive(std::uint32_t version, ByteView destination_id,
                                                       QuicSender sender) {
    const VersionKeys& names = version == kQuicVersion2 ? kKeys2 : kKeys1;
    const ByteView salt(reinterpret_cast<const char*>(names.salt.data()), names.salt.size());
    const Bytes initial = hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, destination_id, salt, {}, kSecret);
    const Bytes secret =
        expand_label(initial, sender == QuicSender::client ? "client in" : "server in", kSecret);
    QuicInitialKeys keys;
    keys.key_ = expand_label(secret, names.key, kKey);
    keys.iv_ = expand_label(secret, names.iv, kIv);
    keys.header_key_ = expand_label(secret, names.header, kKey);
    const bool failed = keys.key_.empty() || keys.iv_.empty() || keys.header_key_.empty();
    return failed ? std::nullopt : std::optional(std::move(keys));
}

std::optional<Bytes> QuicInitialKeys::open(const QuicLongHeader& header) const {
    const std::size_t sample = header.number_offset + kMaxNumber;
    if (header.number_offset == 0 || header.packet.size() < sample + kSample) {
        return std::nullopt;
    }
    const Bytes mask = header_mask(header_key_, header.packet.substr(sample, kSample));
    if (mask.empty()) {
        return std::nullopt;
    }
    const unsigned first = byte(header.packet, 0) ^ (byte(mask, 0) & 0x0FU);
    const std::size_t number_size = (first & 3U) + 1;
    Bytes plain_header(header.packet.substr(0, header.number_offset + number_size));
    plain_header[0] = static_cast<char>(first);
    Bytes nonce = iv_;
    for (std::size_t i = 0; i < number_size; ++i) {
        // The number of an Initial packet is small: what is left out of it is 0.
        char& number = plain_header[header.number_offset + i];
        number = static_cast<char>(byte(header.packet, header.number_offset + i) ^ byte(mask, 1 + i));
        char& in_nonce = nonce[kIv - number_size + i];
        in_nonce = static_cast<char>(in_nonce ^ number);
    }
    return unseal(key_, nonce, plain_header, header.packet.substr(plain_header.size()));
}

}  // namespace sslsniff
