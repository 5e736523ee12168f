#pragma once

#include <cstdint>
#include <optional>

#include "model/connection.h"
#include "protocols/hpack/decoder.h"
#include "protocols/http2/http2_exchange.h"

namespace sslsniff::http2 {

/// Which message a header section belongs to, as its pseudo-header fields say (RFC 9113 section 8.3).
enum class SectionKind : std::uint8_t {
    request,
    response,
    trailers,  ///< no pseudo-header field
    unknown    ///< the fields that would say are not known
};
SectionKind kind_of(const hpack::Block& block);

/// The :status; nothing when it is not known.
std::optional<std::uint16_t> status_of(const hpack::Block& block);

/// Fills the request of `exchange`. Pseudo-header fields that may be among the unknown ones get kUnknownText.
void read_request(const hpack::Block& block, const ConnectionInfo& connection, Http2Exchange& exchange);
/// A response; its status is 0 when it is not known.
HttpResponse read_response(const hpack::Block& block);
/// The fields that are no pseudo-header fields.
HttpHeaders read_fields(const hpack::Block& block);

}  // namespace sslsniff::http2
