// What one of the two processes of a capture says to the other.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "separation/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sslsniff::ByteView message(reinterpret_cast<const char*>(data), size);
    if (const auto request = sslsniff::separation::decode_request(message)) {
        if (sslsniff::separation::encode(*request).size() != size) {
            std::abort();
        }
    }
    if (const auto reply = sslsniff::separation::decode_reply(message)) {
        if (sslsniff::separation::encode(*reply).size() != size) {
            std::abort();
        }
    }
    return 0;
}
