// Datagrams of both ends of a connection: each begins with a byte for the direction and two for its length.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "capture/datagram_tls/quic_handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    sslsniff::ByteView rest(reinterpret_cast<const char*>(data), size);
    sslsniff::QuicHandshake handshake;
    sslsniff::QuicCryptoStream stream;
    stream.add_frames(rest);
    while (rest.size() >= 3) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
        const auto direction =
            (byte(0) & 1U) != 0 ? sslsniff::Direction::sent : sslsniff::Direction::received;
        const std::size_t length = std::size_t{byte(1)} << 8U | byte(2);
        rest.remove_prefix(3);
        handshake.see(direction, rest.substr(0, length));
        rest.remove_prefix(std::min(length, rest.size()));
    }
    return 0;
}
