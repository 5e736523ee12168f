#include "body/protobuf_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "body/body_text.h"

namespace sslsniff {
namespace {

constexpr unsigned kMaxDepth = 16;
constexpr std::size_t kMaxDump = 256 * std::size_t{1024};
constexpr std::size_t kMaxHex = 64;

/// A base-128 varint of at most ten bytes (protobuf encoding, "Base 128 Varints").
std::optional<std::uint64_t> take_varint(ByteView& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= shift < 64 ? static_cast<std::uint64_t>(byte & 0x7FU) << shift : 0;
        if ((byte & 0x80U) == 0) {
            return value;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> take_fixed(ByteView& bytes, std::size_t size) {
    if (bytes.size() < size) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    bytes.remove_prefix(size);
    return value;
}

std::string hex(ByteView bytes) {
    std::string out;
    for (const char c : bytes.substr(0, kMaxHex)) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return bytes.size() > kMaxHex ? out + fmt::format("... ({} bytes)", bytes.size()) : out;
}

/// Appends the fields of `message`; false at the first thing that is none, with what came before in `out`.
bool dump(ByteView message, unsigned depth, std::string& out) {
    const std::string indent(2 * std::size_t{depth}, ' ');
    while (!message.empty() && out.size() < kMaxDump) {
        const std::optional<std::uint64_t> tag = take_varint(message);
        if (!tag || *tag >> 3U == 0 || *tag >> 32U != 0) {
            return false;
        }
        const std::string name = fmt::format("{}{}: ", indent, *tag >> 3U);
        std::optional<std::uint64_t> number;
        switch (*tag & 7U) {
            case 0:
                number = take_varint(message);
                break;
            case 1:
                number = take_fixed(message, 8);
                break;
            case 5:
                number = take_fixed(message, 4);
                break;
            case 2: {
                const std::optional<std::uint64_t> length = take_varint(message);
                if (!length || *length > message.size()) {
                    return false;
                }
                const ByteView value = message.substr(0, *length);
                message.remove_prefix(*length);
                std::string nested;
                if (looks_like_text(value)) {
                    out += fmt::format("{}\"{}\"\n", name, value);
                } else if (depth < kMaxDepth && dump(value, depth + 1, nested)) {
                    out += fmt::format("{}{{\n{}{}}}\n", name, nested, indent);
                } else {
                    out += fmt::format("{}{}\n", name, hex(value));
                }
                continue;
            }
            default:
                return false;  // groups are gone since proto2
        }
        if (!number) {
            return false;
        }
        out += fmt::format("{}{}\n", name, *number);
    }
    return true;
}

}  // namespace

std::string dump_protobuf(ByteView message) {
    std::string out;
    if (!dump(message, 0, out)) {
        out += "(what follows is no protobuf field)\n";
    }
    return out;
}

}  // namespace sslsniff
