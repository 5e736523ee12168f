#include "tls/records.h"

namespace sslsniff {
namespace {

constexpr std::size_t kHeader = 5;
constexpr std::size_t kGreatestFragment = 16384 + 256;

/// Length of the record whose header `bytes` begin with, header included; 0: it is none.
std::size_t record_length(ByteView bytes) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (bytes.size() < kHeader || byte(0) < 0x14 || byte(0) > 0x17 || byte(1) != 3 || byte(2) > 4) {
        return 0;
    }
    const std::size_t length = std::size_t{byte(3)} << 8U | byte(4);
    return length == 0 || length > kGreatestFragment ? 0 : kHeader + length;
}

}  // namespace

bool has_tls_records(ByteView bytes) {
    for (std::size_t at = 0; at + kHeader <= bytes.size(); ++at) {
        const std::size_t length = record_length(bytes.substr(at));
        if (length != 0 && at + length < bytes.size() && record_length(bytes.substr(at + length)) != 0) {
            return true;
        }
    }
    return false;
}

}  // namespace sslsniff
