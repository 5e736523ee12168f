#include <algorithm>
#include <array>
#include <cstdint>

#include "body/body_text.h"
#include "body/decoded_body.h"

// The first byte chooses content codings and type; the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static constexpr std::array<const char*, 8> kCodings = {"",     "gzip",     "deflate",       "br",
                                                            "zstd", "gzip, br", "deflate, gzip", "x"};
    static constexpr std::array<const char*, 4> kTypes = {"application/json", "multipart/x; boundary=b",
                                                          "application/x-www-form-urlencoded",
                                                          "text/plain; charset=shift_jis"};
    if (size == 0) {
        return 0;
    }
    sslsniff::Body body;
    body.content_encoding = kCodings[data[0] % kCodings.size()];
    body.content_type = kTypes[data[0] / kCodings.size() % kTypes.size()];
    body.captured.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    body.size = size - 1;
    if (sslsniff::decode_body(body).bytes.size() > std::max(size, sslsniff::DecodeLimits{}.max_output)) {
        __builtin_trap();
    }
    sslsniff::body_text(body);
    return 0;
}
