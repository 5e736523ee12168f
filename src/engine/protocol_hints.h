#pragma once

#include <vector>

#include "model/stream_context.h"
#include "protocols/decode_as.h"

namespace sslsniff {

/// What `protocols` makes of the first bytes of a connection; `rules` come first.
ProtocolGuess protocol_guess(std::vector<DecodeAs> rules);

/// As of MakeStreamContext, for all protocols.
std::unique_ptr<StreamContext> make_stream_context(std::string_view protocol, Direction client,
                                                   bool from_start);

}  // namespace sslsniff
