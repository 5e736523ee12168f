#include "capture/tls_records.h"

namespace sslsniff {
namespace {

constexpr std::size_t kHeader = 5;
constexpr std::size_t kGreatestFragment = 16384 + 256;

/// Length of the record whose header `octets` begin with, header included; 0: it is none.
std::size_t record_length(ByteView octets) {
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(octets[at]); };
    if (octets.size() < kHeader || octet(0) < 0x14 || octet(0) > 0x17 || octet(1) != 3 || octet(2) > 4) {
        return 0;
    }
    const std::size_t length = std::size_t{octet(3)} << 8U | octet(4);
    return length == 0 || length > kGreatestFragment ? 0 : kHeader + length;
}

}  // namespace

bool has_tls_records(ByteView octets) {
    for (std::size_t at = 0; at + kHeader <= octets.size(); ++at) {
        const std::size_t length = record_length(octets.substr(at));
        if (length != 0 && at + length < octets.size() && record_length(octets.substr(at + length)) != 0) {
            return true;
        }
    }
    return false;
}

}  // namespace sslsniff
