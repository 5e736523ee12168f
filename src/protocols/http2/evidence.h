#pragma once

#include <optional>

#include "base/bytes.h"
#include "protocols/http2/frame.h"

namespace sslsniff::http2 {

/// How unlikely it is, in bits, that octets which are no frame header look like this valid one. 0 for one
/// that says too little to begin or continue a chain of frames with.
unsigned header_evidence(const FrameHeader& header);

/// The same for the whole payload of a frame other than DATA; nothing when no correct peer sends it.
std::optional<unsigned> payload_evidence(const FrameHeader& header, ByteView payload);

/// False for headers that are mostly zeros, or rare: a chain may lead over them but not begin with them.
bool may_begin_chain(const FrameHeader& header);

/// A header block begins here and goes on in a CONTINUATION.
bool opens_block(const FrameHeader& header);

}  // namespace sslsniff::http2
