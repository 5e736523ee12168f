#pragma once

#include "base/bytes.h"

namespace sslsniff {

/// Bytes that are needed to find two records in a row wherever they begin: two of the greatest size (RFC
/// 8446 section 5.2) and a header.
inline constexpr std::size_t kTlsRecordChain = 2 * (5 + 16384 + 256) + 5;

/// Whether a TLS record begins somewhere in `bytes` and another one right behind it. Random bytes look like
/// that once in some hundred million times.
bool has_tls_records(ByteView bytes);

/// Whether a datagram consists of DTLS records (RFC 6347 section 4.1), of which the last may be cut short. Of
/// random ones, every millionth looks like that.
bool is_dtls_records(ByteView datagram);

}  // namespace sslsniff
