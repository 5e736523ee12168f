#include "capture/kernel/ciphertext_binder.h"

#include <algorithm>
#include <bitset>
#include <cstring>

namespace sslsniff {

namespace {

constexpr std::size_t kHeader = 5;  // of a TLS record
constexpr char kHandshake = 0x16;
constexpr char kApplicationData = 0x17;
constexpr std::size_t kGreatestRecord = 16384 + 2048;  // RFC 5246 section 6.2.3
constexpr std::size_t kRandom = 6;                     // in the body of a hello
constexpr std::size_t kLeastDistinct = 7;
// SHA-256 of "HelloRetryRequest": such a ServerHello has no random (RFC 8446 section 4.1.3).
constexpr ByteView kRetryRandom("\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D", 10);

std::uint8_t byte(ByteView bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

bool is_header(ByteView bytes) {
    const std::size_t length = static_cast<std::size_t>(byte(bytes, 3)) << 8U | byte(bytes, 4);
    return (bytes[0] == kHandshake || bytes[0] == kApplicationData) && bytes[1] == 3 && byte(bytes, 2) <= 4 &&
           length <= kGreatestRecord;
}

/// What a program may send on several connections: text, padding, counters.
bool could_be_plaintext(ByteView body) {
    std::bitset<256> distinct;
    for (std::size_t i = 0; i < body.size(); i++) {
        distinct.set(byte(body, i));
    }
    const auto is_text = [](char c) { return (c >= 0x20 && c < 0x7f) || (c >= '\t' && c <= '\r'); };
    return distinct.count() < kLeastDistinct || std::ranges::all_of(body, is_text);
}

/// Of the handshake only hellos, for their random: certificates and tickets are the same on many connections.
bool is_hello(ByteView body) {
    const bool hello = body[0] == 1 || body[0] == 2;
    return hello && body[1] == 0 && body[4] == 3 && byte(body, 5) <= 3 &&
           body.substr(kRandom, kRetryRandom.size()) != kRetryRandom;
}

bool is_unforeseeable(char type, ByteView body) {
    return !could_be_plaintext(body) && (type == kApplicationData || is_hello(body));
}

}  // namespace

std::size_t CiphertextBinder::Hash::operator()(const Key& key) const {
    std::size_t value = 0;
    std::memcpy(&value, key.bytes.data() + key.bytes.size() - sizeof(value), sizeof(value));
    return value ^ (static_cast<std::size_t>(key.pid) << 1U) ^ static_cast<std::size_t>(key.direction);
}

CiphertextBinder::Key CiphertextBinder::key_of(std::uint32_t pid, Direction direction, ByteView body) {
    Key key{pid, direction, {}};
    std::copy_n(body.begin(), kCompared, key.bytes.begin());
    return key;
}

CiphertextBinder::Sighting& CiphertextBinder::sighting(const Key& key) {
    const auto [found, is_new] = records_.try_emplace(key);
    if (is_new) {
        order_.push_back(key);
        if (order_.size() > kCapacity) {
            records_.erase(order_.front());
            order_.pop_front();
        }
    }
    return found->second;
}

std::optional<CiphertextBinder::Match> CiphertextBinder::see_at_library(const Key& key,
                                                                        std::uint64_t generation) {
    Sighting& seen = sighting(key);
    seen.ambiguous = seen.ambiguous || (seen.generation != 0 && seen.generation != generation);
    seen.generation = generation;
    if (seen.ambiguous || !seen.socket) {
        return std::nullopt;
    }
    return Match{generation, *seen.socket};
}

std::optional<CiphertextBinder::Match> CiphertextBinder::see_at_socket(const Key& key,
                                                                       const Endpoints& socket) {
    Sighting& seen = sighting(key);
    seen.ambiguous = seen.ambiguous || (seen.socket && seen.socket->socket_cookie != socket.socket_cookie);
    seen.socket = socket;
    if (seen.ambiguous || seen.generation == 0) {
        return std::nullopt;
    }
    return Match{seen.generation, socket};
}

std::optional<CiphertextBinder::Match> CiphertextBinder::see_library_record(std::uint32_t pid,
                                                                            std::uint64_t generation,
                                                                            Direction direction,
                                                                            ByteView bytes) {
    if (bytes.size() >= kHeader + kCompared && is_header(bytes)) {
        const ByteView body = bytes.substr(kHeader, kCompared);
        return is_unforeseeable(bytes[0], body) ? see_at_library(key_of(pid, direction, body), generation)
                                                : std::nullopt;
    }
    // A body without its header: the socket's side knows of which type it is.
    if (bytes.size() < kCompared || could_be_plaintext(bytes.substr(0, kCompared))) {
        return std::nullopt;
    }
    return see_at_library(key_of(pid, direction, bytes), generation);
}

std::optional<CiphertextBinder::Match> CiphertextBinder::see_socket(std::uint32_t pid,
                                                                    const Endpoints& socket,
                                                                    Direction direction, ByteView bytes) {
    for (std::size_t at = 0; at + kHeader + kCompared <= bytes.size(); at++) {
        const ByteView record = bytes.substr(at);
        if (!is_header(record)) {
            continue;
        }
        const ByteView body = record.substr(kHeader, kCompared);
        if (!is_unforeseeable(record[0], body)) {
            continue;
        }
        if (auto match = see_at_socket(key_of(pid, direction, body), socket)) {
            return match;
        }
    }
    return std::nullopt;
}

}  // namespace sslsniff
