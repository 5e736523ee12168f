#pragma once

#include <string>

#include "model/connection.h"

namespace sslsniff {

/// What tells a socket from others: its cookie; where that is unknown (captures of others), who is connected
/// with whom, which later connections may be, too.
std::string socket_key(const Endpoints& endpoints);

}  // namespace sslsniff
