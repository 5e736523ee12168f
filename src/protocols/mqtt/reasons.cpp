#include "protocols/mqtt/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sslsniff::mqtt {
namespace {

using enum PacketType;

constexpr std::uint32_t bit(PacketType type) {
    return 1U << static_cast<unsigned>(type);
}
constexpr std::uint32_t kAcks = bit(puback) | bit(pubrec);
constexpr std::uint32_t kReleases = bit(pubrel) | bit(pubcomp);

struct Reason {
    std::uint8_t code;
    std::string_view name;
    std::uint32_t packets;  ///< that may have it
    Outcome outcome = Outcome::client_error;
};

/// MQTT 5.0 table 2-6 and, for UNSUBACK, section 3.11.3.
constexpr auto kReasons = std::to_array<Reason>({
    {0x00, "Success", bit(connack) | kAcks | kReleases | bit(unsuback) | bit(auth) | bit(suback),
     Outcome::ok},
    {0x00, "Normal disconnection", bit(disconnect), Outcome::ok},
    {0x01, "Granted QoS 1", bit(suback), Outcome::ok},
    {0x02, "Granted QoS 2", bit(suback), Outcome::ok},
    {0x04, "Disconnect with Will Message", bit(disconnect), Outcome::ok},
    {0x10, "No matching subscribers", kAcks, Outcome::ok},
    {0x11, "No subscription existed", bit(unsuback), Outcome::ok},
    {0x18, "Continue authentication", bit(auth), Outcome::ok},
    {0x19, "Re-authenticate", bit(auth), Outcome::ok},
    {0x80, "Unspecified error", bit(connack) | kAcks | bit(suback) | bit(unsuback) | bit(disconnect),
     Outcome::server_error},
    {0x81, "Malformed Packet", bit(connack) | bit(disconnect)},
    {0x82, "Protocol Error", bit(connack) | bit(disconnect)},
    {0x83, "Implementation specific error",
     bit(connack) | kAcks | bit(suback) | bit(unsuback) | bit(disconnect), Outcome::server_error},
    {0x84, "Unsupported Protocol Version", bit(connack)},
    {0x85, "Client Identifier not valid", bit(connack)},
    {0x86, "Bad User Name or Password", bit(connack)},
    {0x87, "Not authorized", bit(connack) | kAcks | bit(suback) | bit(unsuback) | bit(disconnect)},
    {0x88, "Server unavailable", bit(connack), Outcome::server_error},
    {0x89, "Server busy", bit(connack) | bit(disconnect), Outcome::server_error},
    {0x8A, "Banned", bit(connack)},
    {0x8B, "Server shutting down", bit(disconnect), Outcome::server_error},
    {0x8C, "Bad authentication method", bit(connack) | bit(disconnect)},
    {0x8D, "Keep Alive timeout", bit(disconnect)},
    {0x8E, "Session taken over", bit(disconnect)},
    {0x8F, "Topic Filter invalid", bit(suback) | bit(unsuback) | bit(disconnect)},
    {0x90, "Topic Name invalid", bit(connack) | kAcks | bit(disconnect)},
    {0x91, "Packet Identifier in use", kAcks | bit(suback) | bit(unsuback)},
    {0x92, "Packet Identifier not found", kReleases},
    {0x93, "Receive Maximum exceeded", bit(disconnect)},
    {0x94, "Topic Alias invalid", bit(disconnect)},
    {0x95, "Packet too large", bit(connack) | bit(disconnect)},
    {0x96, "Message rate too high", bit(disconnect)},
    {0x97, "Quota exceeded", bit(connack) | kAcks | bit(suback) | bit(disconnect)},
    {0x98, "Administrative action", bit(disconnect), Outcome::server_error},
    {0x99, "Payload format invalid", bit(connack) | kAcks | bit(disconnect)},
    {0x9A, "Retain not supported", bit(connack) | bit(disconnect)},
    {0x9B, "QoS not supported", bit(connack) | bit(disconnect)},
    {0x9C, "Use another server", bit(connack) | bit(disconnect), Outcome::redirected},
    {0x9D, "Server moved", bit(connack) | bit(disconnect), Outcome::redirected},
    {0x9E, "Shared Subscriptions not supported", bit(suback) | bit(disconnect)},
    {0x9F, "Connection rate exceeded", bit(connack) | bit(disconnect)},
    {0xA0, "Maximum connect time", bit(disconnect)},
    {0xA1, "Subscription Identifiers not supported", bit(suback) | bit(disconnect)},
    {0xA2, "Wildcard Subscriptions not supported", bit(suback) | bit(disconnect)},
});

/// MQTT 3.1.1 table 3.1.
constexpr auto kConnackCodes = std::to_array<Reason>({
    {0, "Connection Accepted", 0, Outcome::ok},
    {1, "Connection Refused, unacceptable protocol version", 0},
    {2, "Connection Refused, identifier rejected", 0},
    {3, "Connection Refused, Server unavailable", 0, Outcome::server_error},
    {4, "Connection Refused, bad user name or password", 0},
    {5, "Connection Refused, not authorized", 0},
});

const Reason* find(PacketType type, Version version, std::uint8_t code) {
    if (version == Version::v3 && type == connack) {
        const auto* const found = std::ranges::find(kConnackCodes, code, &Reason::code);
        return found != kConnackCodes.end() ? found : nullptr;
    }
    const auto* const found = std::ranges::find_if(kReasons, [&](const Reason& reason) {
        return reason.code == code && (reason.packets & bit(type)) != 0;
    });
    return found != kReasons.end() ? found : nullptr;
}

}  // namespace

std::string reason_name(PacketType type, Version version, std::uint8_t code) {
    if (type == suback && code == 0) {
        return "Granted QoS 0";
    }
    if (type == suback && code == 0x80 && version == Version::v3) {
        return "Failure";
    }
    const Reason* const reason = find(type, version, code);
    return reason != nullptr ? std::string(reason->name) : fmt::format("reason 0x{:02x}", code);
}

Outcome outcome_of(PacketType type, Version version, std::uint8_t code) {
    if (type == suback && code == 0x80 && version == Version::v3) {
        return Outcome::client_error;
    }
    if (const Reason* const reason = find(type, version, code)) {
        return reason->outcome;
    }
    return code >= 0x80 ? Outcome::client_error : Outcome::ok;
}

bool is_reason(PacketType type, std::uint8_t code) {
    return find(type, Version::v5, code) != nullptr ||
           (type == connack && find(type, Version::v3, code) != nullptr);
}

}  // namespace sslsniff::mqtt
