#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "protocols/http2/frame.h"

namespace sslsniff::http2 {

/// What the bytes may be besides frames: the noise that evidence is measured against.
enum class Noise : std::uint8_t {
    payload,  ///< what frames carry: any byte is as likely as another
    binary,   ///< another binary protocol: zeros and small numbers everywhere, lengths in front
};

/// How unlikely it is, in bits, that bytes which are no frame header look like this valid one. 0 for one
/// that says too little to begin or continue a chain of frames with.
unsigned header_evidence(const FrameHeader& header, Noise noise);

/// The same for the whole payload of a frame other than DATA; nothing when no correct peer sends it.
std::optional<unsigned> payload_evidence(const FrameHeader& header, ByteView payload, Noise noise);

/// False for headers that are mostly zeros, or rare: a chain may lead over them but not begin with them.
bool may_begin_chain(const FrameHeader& header);

/// Of the setting that begins here.
unsigned setting_id(ByteView setting);
bool is_known_setting(unsigned id);

/// A header block begins here and goes on in a CONTINUATION.
bool opens_block(const FrameHeader& header);

}  // namespace sslsniff::http2
