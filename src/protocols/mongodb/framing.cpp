#include "protocols/mongodb/framing.h"

#include <algorithm>

#include "base/endian.h"
#include "protocols/mongodb/bson.h"
#include "protocols/mongodb/message.h"

namespace sslsniff::mongodb {
namespace {

/// maxMessageSizeBytes of servers; what is compressed may be a little more.
constexpr std::uint32_t kMostBytes = 48'000'000 + 1024 * 1024;
constexpr std::uint32_t kKnownFlags = kChecksumPresent | kMoreToCome | kExhaustAllowed;

bool says(framed::Side side, std::int32_t opcode) {
    switch (opcode) {
        case kMsg:
        case kCompressed:
            return true;
        case kReply:
            return side == framed::Side::server;
        default:
            return side == framed::Side::client && !opcode_name(opcode).empty();
    }
}

/// The first section of an OP_MSG fits into it, and has no flags that nobody knows.
bool begins_well(ByteView bytes, std::uint32_t size) {
    constexpr std::size_t kFirstSection = kHeader + 4 + 1;
    if (bytes.size() < kFirstSection + 4) {
        return bytes.size() < size;
    }
    const auto section = bson_size(bytes.substr(kFirstSection));
    // The lower 16 flags must be understood, the upper ones need not be.
    return (load_le<std::uint32_t>(bytes, kHeader) & 0xFFFF & ~kKnownFlags) == 0 &&
           static_cast<std::uint8_t>(bytes[kFirstSection - 1]) <= 1 && section &&
           *section + kFirstSection <= size;
}

}  // namespace

framed::Look MongodbFraming::look(framed::Side side, ByteView bytes) const {
    constexpr std::size_t kSizeField = 4;
    constexpr std::uint32_t kLeast = kHeader + 4;
    if (bytes.size() >= kSizeField) {
        const auto size = load_le<std::uint32_t>(bytes);
        if (size < kLeast || size > kMostBytes) {
            return framed::malformed();
        }
    }
    if (bytes.size() < kHeader) {
        return framed::need_more();
    }
    const Header header = read_header(bytes);
    const bool answers = header.response_to != 0;
    if (!says(side, header.opcode) || answers != (side == framed::Side::server)) {
        return framed::malformed();
    }
    if (header.opcode == kMsg && !begins_well(bytes, header.size)) {
        return framed::malformed();
    }
    return framed::message_of(header.size, true);
}

std::size_t MongodbFraming::max_header() const {
    return kHeader;
}

}  // namespace sslsniff::mongodb
