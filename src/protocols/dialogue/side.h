#pragma once

#include <cstdint>

namespace sslsniff::dialogue {

/// Who sends a message: some forms mean another thing in the other direction.
enum class Side : std::uint8_t { client, server };

constexpr Side opposite(Side side) {
    return side == Side::client ? Side::server : Side::client;
}

}  // namespace sslsniff::dialogue
