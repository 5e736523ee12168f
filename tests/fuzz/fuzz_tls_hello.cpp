#include <cstddef>
#include <cstdint>

#include "tls/hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sslsniff::ByteView bytes(reinterpret_cast<const char*>(data), size);
    sslsniff::parse_tls_hello(bytes, true);
    sslsniff::parse_tls_hello(bytes, false);
    return 0;
}
