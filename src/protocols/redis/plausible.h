#pragma once

#include "base/bytes.h"
#include "protocols/protocol.h"

namespace sslsniff::redis {

/// Whether a request that is an array (`*N CRLF $L CRLF name`) may start here. `known`: the name must be one
/// of redis-server's own commands, not just a word.
Verdict plausible_request(ByteView bytes, bool known);
/// Whether an inline command starts here: a line of printable words. `known`: the first must be one of
/// redis-server's own commands; many protocols have lines of words.
Verdict plausible_inline(ByteView bytes, bool known);
/// Whether a reply may start here: a type byte and what must follow it on its line.
Verdict plausible_reply(ByteView bytes);

}  // namespace sslsniff::redis
