#include "protocols/cql/envelope.h"

#include <algorithm>
#include <array>

#include "base/endian.h"

namespace sslsniff::cql {
namespace {

using framed::Look;
using framed::Side;

constexpr std::uint8_t kResponse = 0x80;
/// native_transport_max_frame_size of servers is 256 MiB at most by default.
constexpr std::uint32_t kMostBytes = std::uint32_t{256} * 1024 * 1024;
constexpr std::uint8_t kAllFlags = 0x1F;

struct Name {
    std::uint32_t number;
    std::string_view name;
};
constexpr auto kErrors = std::to_array<Name>({
    {0x0000, "SERVER_ERROR"},      {0x000A, "PROTOCOL_ERROR"},    {0x0100, "AUTH_ERROR"},
    {0x1000, "UNAVAILABLE"},       {0x1001, "OVERLOADED"},        {0x1002, "IS_BOOTSTRAPPING"},
    {0x1003, "TRUNCATE_ERROR"},    {0x1100, "WRITE_TIMEOUT"},     {0x1200, "READ_TIMEOUT"},
    {0x1300, "READ_FAILURE"},      {0x1400, "FUNCTION_FAILURE"},  {0x1500, "WRITE_FAILURE"},
    {0x1600, "CDC_WRITE_FAILURE"}, {0x1700, "CAS_WRITE_UNKNOWN"}, {0x2000, "SYNTAX_ERROR"},
    {0x2100, "UNAUTHORIZED"},      {0x2200, "INVALID"},           {0x2300, "CONFIG_ERROR"},
    {0x2400, "ALREADY_EXISTS"},    {0x2500, "UNPREPARED"},
});
constexpr std::array<std::string_view, 12> kConsistencies{
    "ANY",          "ONE",         "TWO",    "THREE",        "QUORUM",    "ALL",
    "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE", ""};

bool is_version(std::uint8_t version) {
    return (version >= 3 && version <= 6) || version == 65 || version == 66;
}

/// A compressed body tells its size: in four bytes before LZ4, and at the beginning of Snappy, whose numbers
/// have seven bits in a byte.
bool may_be_compressed(std::uint32_t size, ByteView body) {
    constexpr std::uint64_t kMostExpansion = 255;
    const std::uint64_t lz4 = load_be<std::uint32_t>(body);
    std::uint64_t snappy = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const auto byte = static_cast<std::uint8_t>(body[i]);
        snappy |= std::uint64_t{byte & 0x7FU} << (7 * i);
        if (byte < 0x80) {
            break;
        }
    }
    const auto fits = [&](std::uint64_t whole) {
        return whole > 0 && whole <= size * kMostExpansion && whole + 16 + whole / 8 >= size;
    };
    return fits(lz4) || fits(snappy);
}

/// What the first four bytes of a body say, as far as they are the same in all versions.
bool begins_well(const EnvelopeHeader& header, ByteView body) {
    constexpr std::size_t kInt = 4;
    if ((header.flags & kCompressed) != 0 && body.size() >= kInt) {
        return may_be_compressed(header.size, body);
    }
    if ((header.flags & (kCompressed | kTracing | kCustomPayload | kWarning)) != 0 || body.size() < kInt) {
        return true;
    }
    const auto number = load_be<std::uint32_t>(body);
    const std::uint32_t first = number >> 16U;
    switch (header.opcode) {
        case Opcode::query:
        case Opcode::prepare:
            return number <= header.size - kInt;
        case Opcode::execute:
        case Opcode::authenticate:
        case Opcode::event:
            return first > 0 && first <= header.size - 2;
        case Opcode::startup:
            return first > 0 && first < 64;
        case Opcode::result:
            return number >= 1 && number <= 5;
        case Opcode::error:
            return !error_name(number).empty();
        case Opcode::batch:
            return first >> 8U <= 2;
        default:
            return true;
    }
}

bool may_have_size(const EnvelopeHeader& header) {
    switch (header.opcode) {
        case Opcode::options:
            return header.size == 0;
        case Opcode::ready:
            return header.size == 0 || (header.flags & (kTracing | kCustomPayload | kWarning)) != 0;
        case Opcode::query:
        case Opcode::prepare:
        case Opcode::result:
        case Opcode::auth_response:
        case Opcode::auth_challenge:
        case Opcode::auth_success:
        case Opcode::execute:
        case Opcode::startup:
        case Opcode::authenticate:
        case Opcode::event:
            return header.size >= 4 && header.size <= kMostBytes;
        case Opcode::error:
        case Opcode::batch:
            return header.size >= 6 && header.size <= kMostBytes;
        default:
            return header.size >= 2 && header.size <= kMostBytes;
    }
}

}  // namespace

std::string_view to_string(Opcode opcode) {
    constexpr std::array<std::string_view, 17> kNames{
        "ERROR",          "STARTUP",       "READY",       "AUTHENTICATE", "",         "OPTIONS", "SUPPORTED",
        "QUERY",          "RESULT",        "PREPARE",     "EXECUTE",      "REGISTER", "EVENT",   "BATCH",
        "AUTH_CHALLENGE", "AUTH_RESPONSE", "AUTH_SUCCESS"};
    const auto number = static_cast<std::size_t>(opcode);
    return number < kNames.size() ? kNames.at(number) : std::string_view{};
}

bool is_request(Opcode opcode) {
    switch (opcode) {
        case Opcode::startup:
        case Opcode::options:
        case Opcode::query:
        case Opcode::prepare:
        case Opcode::execute:
        case Opcode::registration:
        case Opcode::batch:
        case Opcode::auth_response:
            return true;
        default:
            return false;
    }
}

EnvelopeHeader read_envelope_header(ByteView bytes) {
    return {.version = static_cast<std::uint8_t>(static_cast<std::uint8_t>(bytes[0]) & ~kResponse),
            .flags = static_cast<std::uint8_t>(bytes[1]),
            .stream = static_cast<std::int16_t>(load_be<std::uint16_t>(bytes, 2)),
            .opcode = static_cast<Opcode>(bytes[4]),
            .size = load_be<std::uint32_t>(bytes, 5)};
}

Look look_at_envelope(Side side, ByteView bytes) {
    if (bytes.empty()) {
        return framed::need_more();
    }
    const auto first = static_cast<std::uint8_t>(bytes.front());
    const bool from_server = (first & kResponse) != 0;
    if (from_server != (side == Side::server) || !is_version(static_cast<std::uint8_t>(first & ~kResponse)) ||
        (bytes.size() > 1 && static_cast<std::uint8_t>(bytes[1]) > kAllFlags)) {
        return framed::malformed();
    }
    if (bytes.size() < kEnvelopeHeader) {
        return framed::need_more();
    }
    const EnvelopeHeader header = read_envelope_header(bytes);
    const bool is_event = header.opcode == Opcode::event;
    const bool good_stream = is_event ? header.stream == -1 : header.stream >= 0 || side == Side::server;
    const std::uint64_t size = kEnvelopeHeader + std::uint64_t{header.size};
    const ByteView body = bytes.substr(kEnvelopeHeader, header.size);
    const bool good = !to_string(header.opcode).empty() &&
                      is_request(header.opcode) == (side == Side::client) && good_stream &&
                      may_have_size(header) && begins_well(header, body);
    // A header alone is mostly zeros.
    return good ? framed::message_of(size, bytes.size() >= size && header.size > 0) : framed::malformed();
}

ByteView read_string(ByteReader& reader) {
    return reader.bytes(reader.be<std::uint16_t>());
}

ByteView read_long_string(ByteReader& reader) {
    return reader.bytes(reader.be<std::uint32_t>());
}

std::optional<ByteView> read_bytes(ByteReader& reader) {
    const auto size = static_cast<std::int32_t>(reader.be<std::uint32_t>());
    return size < 0 || !reader.good() ? std::nullopt
                                      : std::optional(reader.bytes(static_cast<std::uint32_t>(size)));
}

std::string_view consistency_name(std::uint16_t consistency) {
    return consistency < kConsistencies.size() ? kConsistencies.at(consistency) : std::string_view{};
}

std::string_view error_name(std::uint32_t code) {
    const auto* const found = std::ranges::find(kErrors, code, &Name::number);
    return found != kErrors.end() ? found->name : std::string_view{};
}

}  // namespace sslsniff::cql
