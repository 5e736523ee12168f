#include "protocols/hpack/representation.h"

namespace sslsniff::hpack {
namespace {

std::uint8_t first(ByteView bytes) {
    return static_cast<std::uint8_t>(bytes.front());
}

/// Cuts off an integer with a prefix of `bits`.
std::optional<std::size_t> take_integer(ByteView& rest, unsigned bits) {
    if (rest.empty()) {
        return std::nullopt;
    }
    const auto mask = static_cast<std::uint8_t>((1U << bits) - 1);
    std::uint64_t value = first(rest) & mask;
    rest.remove_prefix(1);
    if (value < mask) {
        return value;
    }
    for (unsigned shift = 0; shift <= 28 && !rest.empty(); shift += 7) {
        const std::uint8_t byte = first(rest);
        rest.remove_prefix(1);
        value += static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0) {
            return value <= UINT32_MAX ? std::optional<std::size_t>(value) : std::nullopt;
        }
    }
    return std::nullopt;
}

/// Section 5.2.
bool skip_string(ByteView& rest) {
    const std::optional<std::size_t> length = take_integer(rest, 7);
    if (!length || *length > rest.size()) {
        return false;
    }
    rest.remove_prefix(*length);
    return true;
}

}  // namespace

std::optional<Representation> take_representation(ByteView& block) {
    using Kind = Representation::Kind;
    const std::uint8_t byte = first(block);
    Representation result;
    unsigned bits = 4;
    if ((byte & 0x80U) != 0) {
        bits = 7;
    } else if ((byte & 0x40U) != 0) {
        result.kind = Kind::insertion;
        bits = 6;
    } else if ((byte & 0x20U) != 0) {
        result.kind = Kind::capacity;
        bits = 5;
    } else {
        result.kind = Kind::literal;
    }
    ByteView rest = block;
    const std::optional<std::size_t> number = take_integer(rest, bits);
    if (!number) {
        return std::nullopt;
    }
    result.number = *number;
    const ByteView behind = rest;
    if (result.kind == Kind::insertion || result.kind == Kind::literal) {
        const bool named = *number != 0 || skip_string(rest);
        if (!named || !skip_string(rest)) {
            return std::nullopt;
        }
    }
    result.bytes = block.substr(0, block.size() - rest.size());
    result.strings = behind.substr(0, behind.size() - rest.size());
    block = rest;
    return result;
}

bool is_capacity(ByteView block) {
    return !block.empty() && (first(block) & 0xE0U) == 0x20U;
}

void append_integer(Bytes& out, std::uint8_t pattern, unsigned bits, std::size_t value) {
    const std::size_t mask = (std::size_t{1} << bits) - 1;
    if (value < mask) {
        out += static_cast<char>(pattern | value);
        return;
    }
    out += static_cast<char>(pattern | mask);
    for (value -= mask; value >= 0x80; value >>= 7U) {
        out += static_cast<char>(0x80U | (value & 0x7FU));
    }
    out += static_cast<char>(value);
}

void append_capacity(Bytes& out, std::size_t bytes) {
    append_integer(out, 0x20, 5, bytes);
}

}  // namespace sslsniff::hpack
