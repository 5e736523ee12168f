#include "tls/records.h"

#include <algorithm>

namespace sslsniff {
namespace {

constexpr std::size_t kHeader = 5;
constexpr std::size_t kDtlsHeader = 13;
constexpr std::size_t kGreatestFragment = 16384 + 256;

unsigned char byte_at(ByteView bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

/// Length of a record with its header, of whose `header` bytes the last two tell; 0: no record is that long.
std::size_t whole_length(ByteView bytes, std::size_t header) {
    const std::size_t length = std::size_t{byte_at(bytes, header - 2)} << 8U | byte_at(bytes, header - 1);
    return length == 0 || length > kGreatestFragment ? 0 : header + length;
}

/// Length of the record whose header `bytes` begin with, header included; 0: it is none.
std::size_t record_length(ByteView bytes) {
    const bool is_record = bytes.size() >= kHeader && byte_at(bytes, 0) >= 0x14 &&
                           byte_at(bytes, 0) <= 0x17 && byte_at(bytes, 1) == 3 && byte_at(bytes, 2) <= 4;
    return is_record ? whole_length(bytes, kHeader) : 0;
}

/// The same of DTLS. Types go up to 25 (RFC 9146: connection ids).
std::size_t dtls_record_length(ByteView bytes) {
    const bool is_record = bytes.size() >= kDtlsHeader && byte_at(bytes, 0) >= 0x14 &&
                           byte_at(bytes, 0) <= 0x19 && byte_at(bytes, 1) == 0xfe &&
                           byte_at(bytes, 2) >= 0xfc;
    return is_record ? whole_length(bytes, kDtlsHeader) : 0;
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

bool is_dtls_records(ByteView datagram) {
    bool any = false;
    while (!datagram.empty()) {
        const std::size_t length = dtls_record_length(datagram);
        if (length == 0) {
            return any && datagram.size() < kDtlsHeader;  // cut by the capture
        }
        any = true;
        datagram.remove_prefix(std::min(length, datagram.size()));
    }
    return any;
}

}  // namespace sslsniff
